import type { Clock, Log, Uuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import type { Database } from '../db/database.ts'
import type { JobNotices } from '../jobs/notices.ts'
import type { Keyring } from '../keyring/keyring.ts'

/** What the functions of this room stand on. */
export interface Room {
  readonly db: Database
  readonly notices: JobNotices
  readonly keyring: Pick<Keyring, 'seal' | 'open'>
  /** The organization of this name or id, in which the actor may do what is needed; throws where there is none. */
  readonly organizationOf: (actor: Actor, ref: string, needs: Grantable) => Promise<{ readonly id: Uuid }>
  readonly clock: Clock
  readonly log: Log
}
