import { z } from 'zod'
import type { DrainConnection } from './connect.ts'
import type { Prepared } from './prepare.ts'
import { short } from './rows.ts'
import { storable } from './storable.ts'

export type PreparedStart = Extract<Prepared, { kind: 'start' }>

/**
 * Which session a request belongs to. Always within one user: what a client says is only ever compared with what the
 * same user's clients said before.
 *
 * 1. The client names its conversation: that is the session.
 * 2. It does not, and the request follows a stored response, or brings the result of a tool call: the session of that
 *    response, or of the answer that issued the call.
 * 3. It carries a conversation on: the user's latest session that begins the same way.
 * 4. It opens a conversation: a new session; unless the latest one that begins the same way has failed, because then a
 *    client asks again.
 * 5. There is no conversation in it: a session of its own.
 */
export interface SessionKey {
  readonly key: string
  readonly groupedBy: 'client_id' | 'content_prefix' | 'request'
}

/** What the drain knows of an interception: of one in the batch more and more, as it works through it. */
export interface Known {
  readonly id: string
  readonly userId: string
  readonly organizationId: string
  readonly agentId: string | null
  readonly route: string
  readonly capture: string
  readonly providerName: string
  readonly model: string
  readonly sessionKey: string
  sessionId: string
  threadId: string
  ended: boolean
}

export interface Beginning {
  readonly sessionKey: string
  readonly failed: boolean
}

/** What was found of earlier requests; added to as a batch goes on. */
export interface Lineage {
  /** By user and tool call id. */
  readonly toolCalls: Map<string, Pick<Known, 'sessionKey' | 'sessionId' | 'threadId'>>
  /** By user, provider and id of the response. */
  readonly responses: Map<string, Pick<Known, 'sessionKey' | 'sessionId' | 'threadId'>>
  /** By user and beginning. */
  readonly beginnings: Map<string, Beginning>
}

export const pair = (userId: string, name: string): string => `${userId} ${name}`

export function sessionKeyOf(start: PreparedStart, lineage: Lineage): SessionKey {
  const { head, reading } = start
  if (head.clientSessionId !== null) {
    return { key: `id:${storable(head.clientSessionId, 256)}`, groupedBy: 'client_id' }
  }
  const followed = followedBy(start, lineage)
  if (followed !== null) return { key: followed.sessionKey, groupedBy: groupedAs(followed.sessionKey) }
  const issuer = issuerOf(start, lineage)
  if (reading.beginning === null) {
    // What carries a stored response on does not hold how the conversation began.
    const key = issuer === null || issuer.sessionKey.startsWith('id:') ? `request:${head.id}` : issuer.sessionKey
    return { key, groupedBy: groupedAs(key) }
  }
  const known = lineage.beginnings.get(pair(head.userId, reading.beginning))
  const joined =
    issuer?.sessionKey.startsWith('prefix:') === true
      ? issuer.sessionKey
      : known !== undefined && (reading.continues || known.failed)
        ? known.sessionKey
        : `prefix:${reading.beginning}:${head.id}`
  lineage.beginnings.set(pair(head.userId, reading.beginning), { sessionKey: joined, failed: false })
  return { key: joined, groupedBy: 'content_prefix' }
}

const groupedAs = (key: string): SessionKey['groupedBy'] =>
  key.startsWith('id:') ? 'client_id' : key.startsWith('prefix:') ? 'content_prefix' : 'request'

/** A conversation without a name whose request failed may be opened again by the same client. */
export function noteOutcome(known: Known, outcome: string, lineage: Lineage): void {
  const beginning = /^prefix:([^:]*):/.exec(known.sessionKey)?.[1]
  if (beginning === undefined) return
  const name = pair(known.userId, beginning)
  if (lineage.beginnings.get(name)?.sessionKey !== known.sessionKey) return
  lineage.beginnings.set(name, { sessionKey: known.sessionKey, failed: outcome !== 'ok' })
}

/** The response of the same user that this request says it follows. */
function followedBy({ head, reading }: PreparedStart, lineage: Lineage) {
  const id = short(reading.follows)
  return id === null ? null : (lineage.responses.get(responseName(head.userId, head.providerName, id)) ?? null)
}

export const responseName = (userId: string, providerName: string, id: string): string =>
  pair(userId, pair(providerName, id))

/**
 * The answer that this request goes on from: the response that it follows, or the one whose tool call it brings a result
 * of; of the last such result, as it is the latest.
 */
export function issuerOf(
  start: PreparedStart,
  lineage: Lineage,
): Pick<Known, 'sessionKey' | 'sessionId' | 'threadId'> | null {
  const { head, reading } = start
  const followed = followedBy(start, lineage)
  if (followed !== null) return followed
  for (const item of reading.items.toReversed()) {
    if (item.kind !== 'tool_result' || item.toolCallId === null) continue
    const call = lineage.toolCalls.get(pair(head.userId, short(item.toolCallId) ?? ''))
    if (call !== undefined) return call
  }
  return null
}

const ToolCallRow = z.object({
  user_id: z.string(),
  tool_call_id: z.string(),
  session_id: z.string(),
  thread_id: z.string(),
  session_key: z.string(),
})
const ResponseRow = z.object({
  user_id: z.string(),
  provider_name: z.string(),
  response_id: z.string(),
  session_id: z.string(),
  thread_id: z.string(),
  session_key: z.string(),
})
const BeginningRow = z.object({
  user_id: z.string(),
  beginning: z.string(),
  session_key: z.string(),
  last_outcome: z.string(),
})

export async function findLineage(
  connection: DrainConnection,
  starts: readonly PreparedStart[],
  since: string,
): Promise<Lineage> {
  const results = new Map<string, [string, string]>()
  const beginnings = new Map<string, [string, string]>()
  const followed = new Map<string, readonly [string, string, string]>()
  for (const { head, reading } of starts) {
    for (const item of reading.items) {
      const callId = item.kind === 'tool_result' ? short(item.toolCallId) : null
      if (callId !== null) results.set(pair(head.userId, callId), [head.userId, callId])
    }
    const responseId = short(reading.follows)
    if (responseId !== null) {
      const { userId, providerName } = head
      followed.set(responseName(userId, providerName, responseId), [userId, providerName, responseId])
    }
    const { beginning } = reading
    if (head.clientSessionId === null && beginning !== null) {
      beginnings.set(pair(head.userId, beginning), [head.userId, beginning])
    }
  }
  const lineage: Lineage = { toolCalls: new Map(), responses: new Map(), beginnings: new Map() }
  if (followed.size > 0) {
    const wanted = [...followed.values()]
    const { rows } = await connection.run('findResponses', [
      ...[0, 1, 2].map((column) => wanted.map((names) => names[column])),
      since,
    ])
    for (const row of z.array(ResponseRow).parse(rows)) {
      lineage.responses.set(responseName(row.user_id, row.provider_name, row.response_id), {
        sessionId: row.session_id,
        threadId: row.thread_id,
        sessionKey: row.session_key,
      })
    }
  }
  if (results.size > 0) {
    const { rows } = await connection.run('findToolCalls', [...columns(results), since])
    for (const row of z.array(ToolCallRow).parse(rows)) {
      lineage.toolCalls.set(pair(row.user_id, row.tool_call_id), {
        sessionId: row.session_id,
        threadId: row.thread_id,
        sessionKey: row.session_key,
      })
    }
  }
  if (beginnings.size > 0) {
    const { rows } = await connection.run('findBeginnings', columns(beginnings))
    for (const row of z.array(BeginningRow).parse(rows)) {
      const failed = row.last_outcome !== 'ok' && row.last_outcome !== 'live'
      lineage.beginnings.set(pair(row.user_id, row.beginning), { sessionKey: row.session_key, failed })
    }
  }
  return lineage
}

const columns = (pairs: ReadonlyMap<string, readonly [string, string]>): [string[], string[]] => [
  [...pairs.values()].map(([first]) => first),
  [...pairs.values()].map(([, second]) => second),
]

const SessionRow = z.object({ id: z.string(), user_id: z.string(), session_key: z.string() })

/** Makes the sessions that are not there yet. Resolves with the id of each, by user and key. */
export async function ensureSessions(
  connection: DrainConnection,
  wanted: ReadonlyMap<PreparedStart, SessionKey>,
): Promise<ReadonlyMap<string, string>> {
  const first = new Map<string, [PreparedStart, SessionKey]>()
  for (const [start, key] of wanted) {
    const name = pair(start.head.userId, key.key)
    if (!first.has(name)) first.set(name, [start, key])
  }
  const made = [...first.values()].map(([{ head }, { key, groupedBy }]) => ({
    id: head.id,
    organization_id: head.organizationId,
    user_id: head.userId,
    session_key: key,
    grouped_by: groupedBy,
    client: storable(head.client, 64),
    client_version: short(head.clientVersion),
    client_session_id: short(head.clientSessionId),
    started_at: head.startedAt,
  }))
  const names: [string[], string[]] = [made.map((row) => row.user_id), made.map((row) => row.session_key)]
  const known = await connection.run('findSessions', names)
  if (known.rows.length < made.length) {
    const there = new Set(
      z
        .array(SessionRow)
        .parse(known.rows)
        .map((row) => pair(row.user_id, row.session_key)),
    )
    const missing = made.filter((row) => !there.has(pair(row.user_id, row.session_key)))
    await connection.run('insertSessions', [JSON.stringify(missing)])
  }
  // Another replica may have made the same session meanwhile: what counts is what is there now.
  const { rows } = known.rows.length < made.length ? await connection.run('findSessions', names) : known
  return new Map(
    z
      .array(SessionRow)
      .parse(rows)
      .map((row) => [pair(row.user_id, row.session_key), row.id]),
  )
}
