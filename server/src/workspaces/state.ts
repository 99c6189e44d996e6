import { type Log, toError, type Uuid } from '@reeve/base'
import type { Clock } from '@reeve/base'
import type { Database } from '../db/database.ts'
import type { JobRow } from '../jobs/queries.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import { isHeldBy, keepState } from './build-queries.ts'

/** The state of Terraform, which is the only one who knows what a workspace is made of: sealed wherever it is kept. */

const contextOfState = (buildId: Uuid): string => contextOf('workspace_states', 'sealed_state', buildId)

export const sealState = (keyring: Pick<Keyring, 'seal'>, buildId: Uuid, state: Uint8Array): string =>
  keyring.seal(Buffer.from(state).toString('utf8'), contextOfState(buildId))

export const openState = (
  keyring: Pick<Keyring, 'open'>,
  { build_id: buildId, sealed_state: sealed }: { readonly build_id: Uuid; readonly sealed_state: string },
): Buffer => Buffer.from(keyring.open(sealed, contextOfState(buildId)).reveal())

export interface StateKeeper {
  /** Keeps it soon: of several that wait, the latest. */
  keep(state: Uint8Array): void
  /** Resolves when nothing waits any more. */
  settled(): Promise<void>
}

interface Keeping {
  readonly db: Database
  readonly keyring: Pick<Keyring, 'seal'>
  readonly buildId: Uuid
  readonly job: Pick<JobRow, 'id' | 'worker_id'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Keeps the state as it grows, so that a server that dies in the middle of a build leaves behind what was made so far. A
 * state that cannot be kept is not tried again: the next one has all that it had, and the last one is kept with the end
 * of the build.
 */
export function keepStates({ db, keyring, buildId, job, clock, log }: Keeping): StateKeeper {
  let next: Uint8Array | null = null
  let writing: Promise<void> | null = null

  async function write(): Promise<void> {
    while (next !== null) {
      const sealed = sealState(keyring, buildId, next)
      next = null
      try {
        await db.transaction(async (tx) => {
          if (await isHeldBy(tx, job.id, job.worker_id)) await keepState(tx, buildId, sealed, clock.now())
        })
      } catch (thrown) {
        log.warn({ err: toError(thrown), build: buildId }, 'the state of a build that goes on is not kept yet')
      }
    }
  }

  return {
    keep(state) {
      next = state
      writing ??= write().finally(() => (writing = null))
    },
    settled: async () => writing ?? undefined,
  }
}
