import type { Clock, Log } from '@reeve/base'
import type { createAccessTokens } from '../external-auth/access-token.ts'
import type { ExternalAuth } from '../external-auth/external-auth.ts'
import type { ServedProgram } from '@reeve/sdk'
import type { Database } from '../db/database.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { AgentNotices } from './notices.ts'

/** What the functions of this room stand on. */
export interface AgentRoom {
  readonly db: Database
  readonly notices: Pick<AgentNotices, 'on'>
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  /** Where agents and people reach the deployment. */
  readonly accessUrl: string
  /** `*.apps.example.com`, under which apps and ports have origins of their own; null where they have none. */
  readonly wildcard: string | null
  readonly externalAuth: Pick<ExternalAuth, 'db' | 'providers'>
  /** Of linked accounts, renewed where it is time. */
  readonly accessTokenFor: ReturnType<typeof createAccessTokens>
  /** What workspaces fetch to run boundaries; null where this checkout has none. */
  readonly boundary: ServedProgram | null
  readonly clock: Clock
  readonly log: Log
}
