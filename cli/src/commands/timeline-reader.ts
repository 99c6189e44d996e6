import { type Client, endpoints, type TimelineEvent } from '@reeve/sdk'

/**
 * Reads a growing timeline again and again and yields each event once. Requests of one session overlap, so that new
 * events can stand before the last one read: each pass begins at the page that holds the oldest request that had not
 * ended, and what the pass before had there is not given again.
 */
export function timelineReader(client: Client, id: string, why: { reason?: string }, signal: AbortSignal) {
  let begin: string | null = null
  let seen: ReadonlySet<string> = new Set()

  return async function* news(): AsyncGenerator<TimelineEvent> {
    const here = new Set<string>()
    const open = new Map<string, string | null>()
    let cursor = begin
    while (true) {
      const after: { after?: string } = cursor === null ? {} : { after: cursor }
      const query = { limit: 500, ...after, ...why }
      const page = await client.call(endpoints.getSessionTimeline, { params: { id }, query, signal })
      for (const event of page.events) {
        here.add(event.id)
        if (event.kind === 'end') open.delete(event.interception_id)
        else if (!open.has(event.interception_id)) open.set(event.interception_id, cursor)
        if (!seen.has(event.id)) yield event
      }
      if (page.next === null) break
      cursor = page.next
    }
    const [oldest] = open.values()
    begin = open.size === 0 ? cursor : (oldest ?? null)
    seen = here
  }
}
