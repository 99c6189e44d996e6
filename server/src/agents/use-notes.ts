import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import type { Database } from '../db/database.ts'
import { noteUse } from '../workspaces/time-queries.ts'

/** That somebody uses a workspace, which then goes on: told once a minute, however much is done in it. */
export type UseNotes = (workspaceId: Uuid) => void

const everyMs = 60_000
const rememberedMax = 10_000

export function useNotes({
  db,
  clock,
  log,
}: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
}): UseNotes {
  const noted = new Map<Uuid, number>()
  return (id) => {
    const now = clock.monotonicMs()
    if (now - (noted.get(id) ?? -Infinity) < everyMs) return
    if (noted.size >= rememberedMax) noted.clear()
    noted.set(id, now)
    noteUse(db.sql, id, clock.now()).catch((thrown: unknown) =>
      log.warn({ err: toError(thrown), workspace: id }, 'that a workspace is used was not noted'),
    )
  }
}
