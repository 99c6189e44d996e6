import { Fault, Secret, type Uuid, uuidv7 } from '@reeve/base'
import type { Scope } from '../../http/implement.ts'
import type { Identity } from '../identity.ts'
import { findOrganizations } from '../organizations/queries.ts'
import { anyUserExists, ensureDeployment, lockOwners, replaceSetupToken, setupTokenIsValid } from '../queries.ts'
import { sha256 } from '../tokens/token.ts'
import { alphabets, newTypedCode, normalCode } from '../sign-in/typed-code.ts'
import { addUser } from './users.ts'

/**
 * How a new deployment gets its first owner: setup is open while there is no user at all. Each start of the server makes
 * a setup link that works once, for 15 minutes, and replaces the one before; the first owner closes setup for good.
 */
const linkMs = 15 * 60_000
/** 80 bits. */
const setupTokenChars = 16

export interface Deployment {
  readonly id: Uuid
  /** Null when setup is done. */
  readonly setupToken: Secret | null
}

export async function openDeployment({ db, clock }: Pick<Identity, 'db' | 'clock'>): Promise<Deployment> {
  return db.transaction(async (tx) => {
    const now = clock.now()
    await lockOwners(tx)
    const id = await ensureDeployment(tx, { deploymentId: uuidv7(now), organizationId: uuidv7(now), now })
    if (await anyUserExists(tx)) {
      await replaceSetupToken(tx, null)
      return { id, setupToken: null }
    }
    const token = newTypedCode(alphabets.lettersAndDigits, setupTokenChars)
    const expires_at = new Date(now.getTime() + linkMs)
    await replaceSetupToken(tx, { token_sha256: sha256(token), created_at: now, expires_at })
    return { id, setupToken: new Secret(token) }
  })
}

export const isSetUp = ({ db }: Pick<Identity, 'db'>): Promise<boolean> => anyUserExists(db.sql)

export interface FirstUser {
  readonly email: string
  readonly username: string
  readonly name?: string | undefined
  readonly password: string
  readonly setup_token?: string | undefined
}

/** Of two requests at once the second finds setup closed: both take the same lock before they look. */
export async function createFirstUser(identity: Identity, scope: Scope, given: FirstUser) {
  const { db, clock, passwords, localOnly } = identity
  if (await anyUserExists(db.sql)) throw closed()
  const hash = await passwords.hash(given.password)
  return db.transaction(async (tx) => {
    const now = clock.now()
    await lockOwners(tx)
    if (await anyUserExists(tx)) throw closed()
    const mayPass =
      given.setup_token === undefined
        ? localOnly
        : await setupTokenIsValid(tx, sha256(normalCode(given.setup_token)), now)
    if (!mayPass) {
      throw new Fault('forbidden', 'the setup link is wrong or no longer valid', {
        fix: 'use the link that the server printed at its start; starting it again makes a new one',
      })
    }
    const [organization] = await findOrganizations(tx, 'all')
    if (organization === undefined) throw new Fault('internal', 'there is no default organization')
    const facts = {
      ...given,
      loginType: 'password',
      hash,
      roles: ['owner'],
      organizationIds: [organization.id],
    } as const
    const user = await addUser(tx, facts, now, scope)
    await replaceSetupToken(tx, null)
    return { user_id: user.id, organization_id: organization.id }
  })
}

const closed = () => new Fault('conflict', 'the first owner exists already', { fix: 'sign in instead' })
