import {
  type Client,
  endpoints,
  type Session,
  type TimelineBuild,
  type TimelineDecision,
  type TimelineEvent,
} from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { instantColumn, shortIdColumn, toneOf, whoColumn } from '../output/fields.ts'
import {
  besideEvents,
  isBuild,
  isDecision,
  timelineBuild,
  timelineDecision,
  type TimelineRow,
} from '../output/timeline-beside.ts'
import { sessionHeader, timelineEvent, absent } from '../output/timeline.ts'
import { type FilterInput, filterQuery } from './filter.ts'
import { paged, type PagingInput } from './paging.ts'
import { reasonQuery, type ReasonInput } from './reason.ts'
import { resolveId } from './resolve-id.ts'

const columns: readonly Column<Session>[] = [
  shortIdColumn<Session>(),
  instantColumn('active', (row) => row.last_active_at, 2),
  whoColumn<Session>(),
  { name: 'client', value: (row) => row.client, priority: 3 },
  { name: 'model', value: (row) => row.models.join(' '), priority: 4 },
  { name: 'status', value: (row) => row.status, priority: 1, tone: (row) => toneOf(row.status) },
  { name: 'requests', value: (row) => row.requests, priority: 4 },
  { name: 'tools', value: (row) => row.tool_calls, priority: 3 },
  { name: 'input', value: (row) => row.token_usage_summary.input_tokens, priority: 5 },
  { name: 'output', value: (row) => row.token_usage_summary.output_tokens, priority: 5 },
  {
    name: 'prompt',
    value: (row) => row.first_prompt,
    show: (row) => row.first_prompt ?? absent(row),
    priority: 1,
    elastic: true,
  },
  { name: 'cache_read', value: (row) => row.token_usage_summary.cache_read_input_tokens, priority: 6 },
  { name: 'cache_write', value: (row) => row.token_usage_summary.cache_write_input_tokens, priority: 6 },
  { name: 'reasoning', value: (row) => row.token_usage_summary.reasoning_tokens, priority: 7 },
  { name: 'agents', value: (row) => row.agents, priority: 6 },
  instantColumn('started', (row) => row.started_at, 6),
  instantColumn('ended', (row) => row.ended_at, 6),
  { name: 'provider', value: (row) => row.providers.join(' '), priority: 6 },
  { name: 'client_version', value: (row) => row.client_version, priority: 6 },
  { name: 'client_session_id', value: (row) => row.client_session_id, priority: 7 },
]

export async function listSessions(context: Context, input: FilterInput & PagingInput & ReasonInput): Promise<Answer> {
  const client = await context.client()
  const filter = filterQuery(context, input, { since: 'started_after', until: 'started_before' })
  const rows = paged<Session>(context, input, async (limit, last) => {
    const after = last === undefined ? {} : { after_session_id: last.id }
    const query = { ...filter, ...reasonQuery(input), limit, ...after }
    const page = await client.call(endpoints.listSessions, { query, signal: context.io.signal })
    return { rows: page.sessions, count: page.count }
  })
  return table(rows, columns, (row) => row.id, 'no sessions found')
}

const eventColumns: readonly Column<TimelineEvent>[] = [
  instantColumn('time', (row) => row.time, 0),
  { name: 'offset_ms', value: (row) => row.offset_ms, priority: 5 },
  { name: 'lane', value: (row) => row.lane, priority: 0 },
  { name: 'kind', value: (row) => row.kind, priority: 0 },
  { name: 'origin', value: (row) => row.origin, priority: 3 },
  { name: 'tool', value: (row) => row.tool_name, priority: 1 },
  { name: 'tool_call', value: (row) => row.tool_call_id, priority: 5 },
  { name: 'error', value: (row) => row.is_error, priority: 5 },
  { name: 'outcome', value: (row) => row.outcome, priority: 2, tone: (row) => toneOf(row.outcome ?? '') },
  { name: 'input', value: (row) => row.token_usage?.input_tokens ?? null, priority: 4 },
  { name: 'cache_read', value: (row) => row.token_usage?.cache_read_input_tokens ?? null, priority: 6 },
  { name: 'cache_write', value: (row) => row.token_usage?.cache_write_input_tokens ?? null, priority: 6 },
  { name: 'output', value: (row) => row.token_usage?.output_tokens ?? null, priority: 4 },
  { name: 'text', value: (row) => row.text, priority: 0, elastic: true },
  { name: 'agent', value: (row) => row.agent_id, priority: 6 },
  { name: 'request', value: (row) => row.interception_id, priority: 6 },
  { name: 'id', value: (row) => row.id, priority: 6 },
]

/** Events as rows; `document` is what `-o json` makes of them, `header` what a person reads above them. */
export function timelineAnswer<Row extends TimelineEvent>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  full: boolean,
  document: (events: readonly Row[]) => unknown,
  header: (screen: Parameters<typeof sessionHeader>[1]) => string,
): Answer<Row> {
  return {
    ...table<Row>(rows, eventColumns, (row) => row.id, 'no events'),
    document,
    page: async function* (events, screen) {
      yield header(screen)
      for await (const event of events) yield timelineEvent(event, screen, full)
    },
  }
}

export async function showSession(
  context: Context,
  input: { readonly id: string; readonly full: boolean } & ReasonInput,
): Promise<Answer<TimelineRow>> {
  const client = await context.client()
  const id = await resolveSession(context, client, input.id)
  const query = reasonQuery(input)
  const session = await client.call(endpoints.getSession, { params: { id }, query, signal: context.io.signal })
  const rows = timeline(context, client, id, query)
  return {
    ...table<TimelineRow>(rows, besideEvents(eventColumns), (row) => row.id, 'no events'),
    document: (all) => ({
      session,
      events: all.filter((row) => !isDecision(row) && !isBuild(row)),
      decisions: all.filter(isDecision),
      builds: all.filter(isBuild),
    }),
    page: async function* (all, screen) {
      const tools = new Map<string, string | null>()
      yield sessionHeader(session, screen)
      for await (const row of all) {
        if (isDecision(row)) yield timelineDecision(row, screen, (of) => tools.get(of) ?? null)
        else if (isBuild(row)) yield timelineBuild(row, screen)
        else {
          if (row.kind === 'tool_call') tools.set(row.id, row.tool_name)
          yield timelineEvent(row, screen, input.full)
        }
      }
    },
  }
}

/** What stands beside the events comes right behind the one that it names, which may be one of a later page. */
async function* timeline(
  context: Context,
  client: Client,
  id: string,
  reason: { reason?: string },
): AsyncGenerator<TimelineRow> {
  const waiting = new Map<string | null, (TimelineBuild | TimelineDecision)[]>()
  const behind = (event: string | null): readonly TimelineRow[] => {
    const found = waiting.get(event) ?? []
    waiting.delete(event)
    return found
  }
  let after: string | null = null
  do {
    const cursor: { after?: string } = after === null ? {} : { after }
    const query = { limit: 2000, ...cursor, ...reason }
    const page = await client.call(endpoints.getSessionTimeline, { params: { id }, query, signal: context.io.signal })
    for (const [event, rows] of Map.groupBy([...page.builds, ...page.decisions], (row) => row.after))
      waiting.set(event, rows)
    yield* behind(null)
    for (const event of page.events) {
      yield event
      yield* behind(event.id)
    }
    after = page.next
  } while (after !== null)
}

export function resolveSession(context: Context, client: Client, given: string): Promise<string> {
  return resolveId('session', given, async (limit, last) => {
    const query = { content: 'false' as const, limit, ...(last === undefined ? {} : { after_session_id: last }) }
    const page = await client.call(endpoints.listSessions, { query, signal: context.io.signal })
    return page.sessions.map((session) => session.id)
  })
}
