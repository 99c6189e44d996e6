import type { RunningServer } from './server.ts'

/** Rows of the API as they come; tests state what they expect of them. */
// oxlint-disable-next-line no-explicit-any
export type Row = any

/** Waits until the drain has written what `ready` asks for. The record trails the traffic by the drain's lag. */
export async function eventually<T>(
  look: () => Promise<T>,
  ready: (seen: T) => boolean,
  withinMs = 150_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (ready(seen)) return seen
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms; last seen ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Every interception that the API shows, newest first, page by page. */
export async function allInterceptions(server: RunningServer): Promise<Row[]> {
  const rows: Row[] = []
  let after = ''
  for (;;) {
    const page = await server.api('GET', `/api/v2/aibridge/interceptions?limit=1000${after}`)
    if (page.status !== 200) throw new Error(`interceptions: ${page.status} ${JSON.stringify(page.json)}`)
    rows.push(...page.json.results)
    if (page.json.results.length < 1000) return rows
    after = `&after_id=${page.json.results.at(-1).id}`
  }
}

/** The interceptions once there are `count` and none of them is open. */
export function settledInterceptions(server: RunningServer, count: number): Promise<Row[]> {
  return eventually(
    () => allInterceptions(server),
    (rows) => rows.length >= count && rows.every((row) => row.outcome !== 'live'),
  )
}

export async function timeline(server: RunningServer, sessionId: string): Promise<Row[]> {
  const page = await server.api('GET', `/api/v2/aibridge/sessions/${sessionId}/timeline?limit=2000`)
  if (page.status !== 200) throw new Error(`timeline: ${page.status} ${JSON.stringify(page.json)}`)
  return page.json.events
}

/** The session that a client names so, once all its requests are on record and have ended. */
export function settledSession(server: RunningServer, clientSessionId: string, requests: number): Promise<Row> {
  return eventually(
    async () => {
      const { json } = await server.api('GET', `/api/v2/aibridge/sessions?q=session_id:${clientSessionId}`)
      return json.sessions?.[0]
    },
    (session) => session !== undefined && session.status !== 'live' && session.requests === requests,
  )
}
