import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import type { AgentExternalAuth } from '@reeve/sdk'
import { appendAudit } from '../audit/journal.ts'
import { tokenHandedOut } from '../external-auth/events.ts'
import { type Provider, providerNamed } from '../external-auth/provider.ts'
import { findLink } from '../external-auth/queries.ts'
import { matchesPattern } from '../external-auth/repository-pattern.ts'
import type { Scope } from '../http/implement.ts'
import { gitKeyOf, openPrivateKey } from '../identity/git-keys/git-keys.ts'
import type { AgentRoom } from './agent-room.ts'
import { planOf } from './manifest.ts'
import type { AgentRow } from './queries.ts'
import { speaking } from './speaking.ts'

/** What the owner of a workspace is elsewhere, for Git and the tools in it. */

interface Wanted {
  readonly id?: string | undefined
  readonly match?: string | undefined
  readonly listen?: 'true' | 'false' | undefined
}

const listenMs = 60_000
const lookAgainMs = 1_000

export async function externalAuthOf(room: AgentRoom, scope: Scope, wanted: Wanted): Promise<AgentExternalAuth> {
  const agent = await trusted(room, scope)
  const provider = providerFor(room, wanted)
  const linked = await linkOf(room, scope, { userId: agent.owner_id, provider, waits: wanted.listen === 'true' })
  const { id: provider_id, type } = provider
  const url = `${room.accessUrl}/external-auth/${encodeURIComponent(provider_id)}`
  if (!linked) return { access_token: '', username: '', password: '', type, provider_id, url }
  const { token } = await room.accessTokenFor(agent.owner_id, provider_id)
  await room.db.transaction((tx) =>
    appendAudit(tx, { scope, at: room.clock.now(), ...tokenHandedOut(agent.owner_id, provider_id) }),
  )
  const access_token = token.reveal()
  return { access_token, ...gitWords(type, access_token), type, provider_id, url: '' }
}

/** The template may have said that its agent gets nothing of its owner. */
async function trusted(room: AgentRoom, scope: Scope): Promise<AgentRow> {
  const agent = await speaking(room, scope)
  if (planOf(room, agent).apiKeyScope !== 'no_user_data') return agent
  throw new Fault('forbidden', 'the template of this workspace keeps the accounts of its owner out of it')
}

function providerFor({ externalAuth: { providers } }: AgentRoom, { id, match }: Wanted): Provider {
  if (id !== undefined) return providerNamed(providers, id)
  if (match === undefined) {
    throw new Fault('invalid', 'say which token', { problems: [{ field: 'match', detail: 'or id has to be there' }] })
  }
  const found = providers.find(({ regex }) => matchesPattern(regex, match))
  if (found === undefined) throw new Fault('not_found', 'no provider of linked accounts is for this address')
  return found
}

async function linkOf(
  { clock, externalAuth }: AgentRoom,
  { signal }: Scope,
  { userId, provider, waits }: { readonly userId: string; readonly provider: Provider; readonly waits: boolean },
): Promise<boolean> {
  const deadline = clock.monotonicMs() + (waits ? listenMs : 0)
  for (;;) {
    const row = await findLink(externalAuth.db.sql, userId, provider.id)
    if (row !== undefined) return true
    if (clock.monotonicMs() >= deadline || signal.aborted) return false
    await wait(lookAgainMs, undefined, { signal }).catch(() => {})
  }
}

/** What each kind of host wants Git to say: a name of its own making, and the token as the password. */
function gitWords(type: string, token: string): { username: string; password: string } {
  const username = usernames[type]
  return username === undefined ? { username: token, password: '' } : { username, password: token }
}

const usernames: Readonly<Record<string, string>> = {
  github: 'x-access-token',
  gitlab: 'oauth2',
  gitea: 'oauth2',
  'bitbucket-cloud': 'x-token-auth',
  'bitbucket-server': 'x-token-auth',
}

export async function gitSshKeyOf(room: AgentRoom, scope: Scope): Promise<{ public_key: string; private_key: string }> {
  const agent = await trusted(room, scope)
  const row = await gitKeyOf(room, agent.owner_id)
  return { public_key: row.public_key, private_key: openPrivateKey(room.keyring, row).reveal() }
}
