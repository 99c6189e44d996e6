import { type Clock, Fault, type Secret, toError, type Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import type { AccessToken } from '../external-auth/access-token.ts'
import { type Provider, providerNamed } from '../external-auth/provider.ts'
import type { Validation } from '../external-auth/provider-client.ts'
import { gitKeyOf, openPrivateKey } from '../identity/git-keys/git-keys.ts'
import { openUserSecrets } from '../identity/user-secrets/user-secrets.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { OwnerWord } from '../provisioning/downloaded-modules.ts'
import type { Found } from '../templates/found.ts'

/** What a build is given of the owner of its workspace: what its template asks for, and no more. */
export interface OwnerCredentials {
  /** By the id of the provider. */
  readonly externalAuth: ReadonlyMap<string, Secret>
  /** `env:NAME` and `file:PATH`. */
  readonly secrets: ReadonlyMap<string, Secret>
  readonly sshPublicKey: string
  readonly sshPrivateKey: Secret | null
  /** What the identity provider's own services take. */
  readonly oidcAccessToken: Secret | null
}

/** The accounts that people have linked. */
export interface LinkedAccounts {
  readonly providers: readonly Provider[]
  readonly accessTokenFor: (userId: Uuid, providerId: string) => Promise<AccessToken>
  readonly validate: (provider: Provider, token: Secret) => Promise<Validation>
  /** Null for somebody who does not sign in by the identity provider, or whom it does not say anything about now. */
  readonly oidcAccessTokenOf: (userId: Uuid) => Promise<Secret | null>
  /** Where people link one. */
  readonly accessUrl: string
}

interface Wanted {
  readonly ownerId: Uuid
  readonly isStart: boolean
  readonly needs: Found['externalAuth']
  /** Whether a file of the template, or of its modules, has this word in it: what none names is not in the state either. */
  readonly names: (word: OwnerWord) => boolean
}

interface Room {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  readonly clock: Clock
  readonly accounts: LinkedAccounts
}

export async function credentialsOf(room: Room, wanted: Wanted): Promise<OwnerCredentials> {
  const externalAuth = await tokensOf(room.accounts, wanted)
  const secrets = wanted.names('coder_secret')
    ? await openUserSecrets(room.db.sql, room.keyring, wanted.ownerId)
    : new Map<string, Secret>()
  const oidcAccessToken = wanted.names('oidc_access_token')
    ? await room.accounts.oidcAccessTokenOf(wanted.ownerId)
    : null
  const given = { externalAuth, secrets, oidcAccessToken }
  if (!wanted.names('ssh_private_key') && !wanted.names('ssh_public_key')) {
    return { ...given, sshPublicKey: '', sshPrivateKey: null }
  }
  const key = await gitKeyOf(room, wanted.ownerId)
  const sshPrivateKey = wanted.names('ssh_private_key') ? openPrivateKey(room.keyring, key) : null
  return { ...given, sshPublicKey: key.public_key, sshPrivateKey }
}

async function tokensOf(accounts: LinkedAccounts, wanted: Wanted): Promise<Map<string, Secret>> {
  const given = new Map<string, Secret>()
  for (const { id, optional } of wanted.needs) {
    const token = await tokenOf(accounts, wanted.ownerId, id).catch((thrown: unknown) => {
      // What goes away goes without an account, and what can do without it starts without it.
      if (!wanted.isStart || optional) return null
      throw missing(accounts, id, toError(thrown).message)
    })
    if (token !== null) given.set(id, token)
  }
  return given
}

async function tokenOf(accounts: LinkedAccounts, userId: Uuid, providerId: string): Promise<Secret> {
  const provider = providerNamed(accounts.providers, providerId)
  const { token } = await accounts.accessTokenFor(userId, provider.id)
  const checked = await accounts.validate(provider, token)
  if (checked.state === 'invalid') throw new Fault('conflict', `${provider.displayName} does not accept it any more`)
  return token
}

function missing({ providers, accessUrl }: LinkedAccounts, id: string, why: string): Fault {
  const provider = providers.find((each) => each.id.toLowerCase() === id.toLowerCase())
  if (provider === undefined) {
    return new Fault('conflict', `the template needs an account at ${id}, which this deployment has no provider for`)
  }
  const link = `${accessUrl}/external-auth/${encodeURIComponent(provider.id)}`
  return new Fault(
    'conflict',
    `the template needs the owner’s account at ${provider.displayName}: ${why}. Link it at ${link} and start again.`,
  )
}
