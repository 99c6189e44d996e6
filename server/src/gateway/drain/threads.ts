import { turnRoutes } from '@reeve/bridge'
import { z } from 'zod'
import type { DrainConnection } from './connect.ts'
import { issuerOf, type Known, type Lineage, pair, type PreparedStart } from './sessions.ts'

/**
 * A thread is one prompt and the loop of requests that it caused. It is named by the interception that began it.
 *
 * 1. A request that brings what an earlier one of the session brought is that one sent again: its thread.
 * 2. A request with a prompt, of a person or of an agent for its sub-agent, begins a thread. What a client asks on its
 *    own account (a title, a count of tokens) does not.
 * 3. A request that follows a stored response, or brings the result of a tool call, belongs to the thread of that response,
 *    or of the answer that issued the call.
 * 4. Any other belongs to the latest thread of the same session and agent, and begins one where there is none.
 */
export interface Placement {
  readonly threadId: string
  readonly retryOf: string | null
}

export interface Threads {
  /** By session and agent. */
  readonly latest: Map<string, string>
  /** By session and turn. */
  readonly turns: Map<string, { readonly id: string; readonly threadId: string }>
}

export function placeInThread(start: PreparedStart, known: Known, lineage: Lineage, threads: Threads): Placement {
  const { head, reading } = start
  const lane = pair(known.sessionId, head.agentId ?? '')
  const latest = threads.latest.get(lane)
  if (!turnRoutes.includes(head.route)) return { threadId: latest ?? head.id, retryOf: null }
  const turn = reading.turn === null ? null : pair(known.sessionId, reading.turn)
  const earlier = turn === null ? undefined : threads.turns.get(turn)
  const threadId = earlier?.threadId ?? threadOf(start, known, lineage, latest)
  if (!reading.side) threads.latest.set(lane, threadId)
  if (turn !== null && earlier === undefined) threads.turns.set(turn, { id: head.id, threadId })
  return { threadId, retryOf: earlier?.id ?? null }
}

function threadOf(start: PreparedStart, known: Known, lineage: Lineage, latest: string | undefined): string {
  const { head, reading } = start
  if (reading.side) return latest ?? head.id
  const prompted = reading.items.some(
    ({ kind, origin }) => kind === 'prompt' && (origin === 'human' || origin === 'agent'),
  )
  if (prompted) return head.id
  const issuer = issuerOf(start, lineage)
  if (issuer !== null && issuer.sessionId === known.sessionId) return issuer.threadId
  return latest ?? head.id
}

const LatestRow = z.object({ session_id: z.string(), agent: z.string(), thread_id: z.string() })
const TurnRow = z.object({ session_id: z.string(), turn: z.string(), id: z.string(), thread_id: z.string() })

export async function findThreads(
  connection: DrainConnection,
  starts: ReadonlyMap<PreparedStart, Known>,
  since: string,
): Promise<Threads> {
  const threads: Threads = { latest: new Map(), turns: new Map() }
  if (starts.size === 0) return threads
  const lanes = new Map<string, [string, string]>()
  const turns = new Map<string, [string, string]>()
  for (const [{ head, reading }, { sessionId }] of starts) {
    lanes.set(pair(sessionId, head.agentId ?? ''), [sessionId, head.agentId ?? ''])
    if (reading.turn !== null) turns.set(pair(sessionId, reading.turn), [sessionId, reading.turn])
  }
  const latest = await connection.run('findLatestThreads', [...columns(lanes), since])
  for (const row of z.array(LatestRow).parse(latest.rows)) {
    threads.latest.set(pair(row.session_id, row.agent), row.thread_id)
  }
  if (turns.size === 0) return threads
  const found = await connection.run('findTurns', [...columns(turns), since])
  for (const row of z.array(TurnRow).parse(found.rows)) {
    threads.turns.set(pair(row.session_id, row.turn), { id: row.id, threadId: row.thread_id })
  }
  return threads
}

const columns = (pairs: ReadonlyMap<string, readonly [string, string]>): [string[], string[]] => [
  [...pairs.values()].map(([first]) => first),
  [...pairs.values()].map(([, second]) => second),
]
