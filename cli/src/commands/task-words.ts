import { Fault } from '@reeve/base'
import {
  type Client,
  endpoints,
  follow,
  type TaskDetails,
  type TaskLogEntry,
  type TaskLogEvent,
  taskPhase,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { longInstant } from '../instants.ts'
import { pathOf } from './tasks.ts'

/** What a task was told and what its agent says. */

export async function readWords(
  context: Context,
  client: Client,
  found: TaskDetails,
  after?: number,
): Promise<readonly TaskLogEntry[]> {
  const query = after === undefined ? {} : { after }
  const { signal } = context.io
  const read = await client.call(endpoints.listTaskLogs, { params: pathOf(found), query, signal })
  if (read.snapshot === true && read.snapshot_at !== undefined) tellSnapshot(context, read.snapshot_at)
  return read.logs
}

const tellSnapshot = (context: Context, at: string) =>
  context.note(`as it was kept when it was paused: ${longInstant(at, context.timeZone)}`)

/** Over pauses and resumptions, until the task is deleted. */
export async function* followWords(
  context: Context,
  client: Client,
  found: TaskDetails,
  after = -1,
): AsyncGenerator<TaskLogEntry> {
  const { signal } = context.io
  const params = pathOf(found)
  const entries = wholeEntries(after)
  const connect = () => client.events(endpoints.followTaskLogs, { params, query: entries.query(), signal })
  let stood = false
  try {
    for await (const told of follow(connect, { signal })) {
      if (told.kind === 'connected') stood = true
      if (told.kind !== 'event') continue
      const { event } = told
      if (event.kind === 'snapshot') tellSnapshot(context, event.snapshot_at)
      if (event.kind === 'status') context.note(`> ${taskPhase(event)}`)
      yield* entries.take(event)
    }
  } catch (thrown) {
    if (!stood || !(thrown instanceof Fault) || thrown.code !== 'not_found') throw thrown
    context.note('the task is deleted')
  }
}

/**
 * The last entry of the agent grows while it speaks. It is given when another begins or the agent no longer works, so
 * that each is given once and whole.
 */
function wholeEntries(after: number) {
  let given = after
  let growing: TaskLogEntry | null = null
  const end = function* (): Generator<TaskLogEntry> {
    if (growing === null) return
    given = growing.id
    yield growing
    growing = null
  }
  return {
    /** From where a new connection goes on. */
    query: () => (given < 0 ? {} : { after: given }),
    *take(event: TaskLogEvent): Generator<TaskLogEntry> {
      if (event.kind === 'status' && taskPhase(event) !== 'working') yield* end()
      if (event.kind !== 'entry' || event.entry.id <= given) return
      if (growing !== null && growing.id !== event.entry.id) yield* end()
      growing = event.entry
      if (growing.type === 'input') yield* end()
    },
  }
}
