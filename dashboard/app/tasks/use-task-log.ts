import { type TaskDetails, type TaskLogEntry, type TaskLogEvent } from '@reeve/sdk'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { followTaskLog, taskLog } from '../api/tasks.ts'
import { useWatch, type WatchState } from '../api/use-watch.ts'

export interface TaskLog {
  readonly entries: readonly TaskLogEntry[] | undefined
  /** Since when it is what was kept; null where it is what the agent says itself. */
  readonly snapshotAt: string | null
  readonly error: Error | null
  readonly watch: WatchState
}

/**
 * What was said, as far as it had got when it was opened, and from there on as it is said. The last entry of the agent
 * grows while it speaks, so the stream begins with it again.
 */
export function useTaskLog({ id, status, snapshot_at: keptAt }: TaskDetails): TaskLog {
  const queries = useQueryClient()
  const { data: read, error } = useQuery(taskLog(id))
  const [told, setTold] = useState<ReadonlyMap<number, TaskLogEntry>>(new Map())
  const last = Math.max(read?.logs.at(-1)?.id ?? 0, ...told.keys())
  const watch = useWatch(
    id,
    read !== undefined || error !== null,
    (signal) => followTaskLog(id, last < 1 ? null : last - 1, signal),
    (event: TaskLogEvent | null) => {
      if (event?.kind === 'entry') setTold((before) => new Map(before).set(event.entry.id, event.entry))
      else if (event !== null) {
        void queries.invalidateQueries({ queryKey: ['tasks', 'one', id], exact: true })
      }
    },
  )
  const entries = new Map([...(read?.logs ?? []).map((entry) => [entry.id, entry] as const), ...told])
  const isKnown = read !== undefined || told.size > 0
  return {
    entries: isKnown ? [...entries.values()].sort((a, b) => a.id - b.id) : undefined,
    snapshotAt: status === 'active' ? null : keptAt,
    error: isKnown ? null : error,
    watch,
  }
}
