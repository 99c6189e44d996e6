import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { toError } from '@reeve/base'
import type { AgentApiMessage, TaskLogEvent } from '@reeve/sdk'
import { type Scope, signedIn } from '../http/implement.ts'
import { agentApiOf, entryOf, readWords } from './conversation.ts'
import { statusOf } from './lifecycle.ts'
import { factsOf, stateOf } from './present.ts'
import { findSnapshot, findTask, type TaskRow } from './queries.ts'
import { taskFor, type TaskRef } from './reachable.ts'
import type { TaskRoom } from './task-room.ts'

/**
 * What is said in a task, as it is said. While it does not run, what was kept is given, and as soon as it runs again its
 * agent is listened to; an entry comes again where it has changed. It ends when the task is deleted.
 */

const lookMs = 1_000
/** More than a conversation has; an agent that says more is not listened to. */
const entriesMax = 10_000

export async function followTask(
  room: TaskRoom,
  scope: Scope,
  ref: TaskRef,
  { after = -1 }: { readonly after?: number | undefined },
): Promise<AsyncGenerator<TaskLogEvent>> {
  const actor = signedIn(scope)
  const row = await taskFor(room, actor, ref, 'task:read')
  await readWords(room, scope, actor, row)
  return followed(room, row, after, scope.signal)
}

async function* followed(
  room: TaskRoom,
  first: TaskRow,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<TaskLogEvent> {
  const { db, clock } = room
  const given = createGiven(after)
  const ear = openEar(room, signal)
  let row: TaskRow | undefined = first
  try {
    while (!signal.aborted && row !== undefined && row.deleted_at === null) {
      const status = statusOf(factsOf(row))
      const isActive = status === 'active'
      ear.turnTo(isActive ? row : null)
      yield* given.status({ kind: 'status', status, current_state: stateOf(row) })
      if (!isActive) yield* given.snapshot(row.snapshot_at, () => findSnapshot(db.sql, first.id))
      for await (const message of ear.heardWithin(lookMs)) yield* given.entry(message)
      row = await findTask(db.sql, first.id, clock.now())
    }
  } finally {
    ear.turnTo(null)
  }
}

/** What whoever follows knows already. */
function createGiven(after: number) {
  const entries = new Map<number, string>()
  let lastStatus = ''
  let lastSnapshot: number | null = null

  function* entry(message: AgentApiMessage): Generator<TaskLogEvent> {
    const hash = createHash('sha1').update(message.content).digest('base64')
    const isNew = message.id > after && entries.get(message.id) !== hash
    if (!isNew || (entries.size >= entriesMax && !entries.has(message.id))) return
    entries.set(message.id, hash)
    yield { kind: 'entry', entry: entryOf(message) }
  }

  return {
    entry,
    *status(event: TaskLogEvent): Generator<TaskLogEvent> {
      const text = JSON.stringify(event)
      if (text !== lastStatus) yield event
      lastStatus = text
    },
    /** What was kept of an entry may be a part of it: whoever was given the whole keeps that. */
    async *snapshot(at: Date | null, read: () => Promise<readonly AgentApiMessage[]>): AsyncGenerator<TaskLogEvent> {
      if (at === null || at.getTime() === lastSnapshot) return
      lastSnapshot = at.getTime()
      const messages = await read()
      const last = messages.at(-1)
      const news = messages.filter((one) => one === last || !entries.has(one.id)).flatMap((one) => [...entry(one)])
      if (news.length > 0) yield { kind: 'snapshot', snapshot_at: at.toISOString() }
      yield* news
    },
  }
}

interface Ear {
  /** To the agent of this task, or to nobody. One that is gone is listened to again by turning to it again. */
  turnTo(row: TaskRow | null): void
  /** Ends after so long, also where nothing was said. */
  heardWithin(ms: number): AsyncGenerator<AgentApiMessage>
}

function openEar(room: TaskRoom, signal: AbortSignal): Ear {
  /** By id: of an entry that grows faster than it is read only the latest is worth saying. */
  const waiting = new Map<number, AgentApiMessage>()
  let news = Promise.withResolvers<'news'>()
  let listening: { readonly agentId: string | null; readonly ending: AbortController } | null = null

  async function listen(row: TaskRow, ending: AbortController): Promise<void> {
    try {
      for await (const event of agentApiOf(room, row).events(AbortSignal.any([signal, ending.signal]))) {
        if (event.kind !== 'message') continue
        if (waiting.size < entriesMax) waiting.set(event.message.id, event.message)
        news.resolve('news')
      }
    } catch (thrown) {
      room.log.debug({ err: toError(thrown), task: row.id }, 'an agent is not heard')
    } finally {
      if (listening?.ending === ending) listening = null
    }
  }

  return {
    turnTo(row) {
      if (listening !== null && listening.agentId === row?.agent_id) return
      listening?.ending.abort()
      listening = null
      if (row === null) return
      listening = { agentId: row.agent_id, ending: new AbortController() }
      void listen(row, listening.ending)
    },
    async *heardWithin(ms) {
      const isOver = wait(ms, 'over' as const, { signal, ref: false }).catch(() => 'over' as const)
      do {
        // Before what waits is taken, so that what comes meanwhile is heard of.
        news = Promise.withResolvers()
        for (const [id, message] of waiting) {
          waiting.delete(id)
          yield message
        }
      } while ((await Promise.race([news.promise, isOver])) === 'news')
    },
  }
}
