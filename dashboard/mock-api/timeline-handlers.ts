import type { BoundaryEvent, TimelineBuild, TimelineDecision, TimelineEvent } from '@reeve/sdk'
import { boundariesOf, verdictOf } from './boundary-handlers.ts'
import { type Asked, findSession, type Handlers, pageAfter } from './handlers.ts'
import { workspacesOf } from './workspace-handlers.ts'

/** The timeline of a session, with what the boundary around it decided while commands ran. */
export const timelineHandlers: Handlers = {
  getSessionTimeline: ({ params, query }, asked) => {
    const { events } = findSession(asked, params.id)
    const page = pageAfter(events, query.after, query.limit ?? 500)
    const last = page.at(-1)
    const next = last === undefined || last === events.at(-1) ? null : last.id
    return { events: page, next, decisions: decisionsOf(asked, page), builds: buildsOf(asked, page, events) }
  },
}

/** Which calls ran what is told by their ids: of the story with helpers, and of the one that nobody should trust. */
function decisionsOf(asked: Asked, page: readonly TimelineEvent[]): TimelineDecision[] {
  const test = page.find(({ kind, tool_call_id: id }) => kind === 'tool_call' && id === 'tool-4')
  const hostile = page.find(({ kind, tool_call_id: id }) => kind === 'tool_call' && id === 'h0')
  return [
    ...(test === undefined ? [] : duringTest(asked, test)),
    ...(hostile === undefined ? [] : strange(asked, hostile)),
  ]
}

function duringTest(asked: Asked, call: TimelineEvent): TimelineDecision[] {
  const of = boundariesOf(asked).sessions[0]?.id
  const events = boundariesOf(asked).events.filter(({ session_id }) => session_id === of)
  const allowed = events.filter((event) => verdictOf(event) === 'allowed').toSorted((a, b) => a.seq - b.seq)
  const denied = events.filter((event) => verdictOf(event) === 'denied' && event.net?.host === 'telemetry.example.com')
  const observed = boundariesOf(asked).events.find((event) => verdictOf(event) === 'observed')
  const [first, second] = [allowed.slice(0, 12), allowed.slice(12, 14)]
  return [
    ...row(call, 800, first, 'sure'),
    ...row(call, 900, denied.slice(0, 1), 'sure'),
    ...row(call, 950, second, 'one_of'),
    ...row(call, 990, observed === undefined ? [] : [observed], 'none'),
  ]
}

const strange = (asked: Asked, call: TimelineEvent): TimelineDecision[] =>
  row(
    call,
    10,
    boundariesOf(asked).events.filter(({ net }) => net?.host.includes('evil') === true),
    'one_of',
  )

function row(
  call: TimelineEvent,
  laterMs: number,
  events: readonly BoundaryEvent[],
  attribution: TimelineDecision['attribution'],
): TimelineDecision[] {
  const [first, last] = [events[0], events.at(-1)]
  if (first === undefined || last === undefined) return []
  const names = events.map(({ net, file, exec }) => net?.host ?? file?.path ?? exec?.path ?? '')
  return [
    {
      id: `${first.session_id}.${first.seq}`,
      after: call.id,
      boundary_session_id: first.session_id,
      first_seq: first.seq,
      last_seq: last.seq,
      time: new Date(Date.parse(call.time) + laterMs).toISOString(),
      offset_ms: call.offset_ms + laterMs,
      verdict: verdictOf(first),
      count: events.length,
      names: [...new Set(names)].slice(0, 5),
      attribution,
      tool_calls: attribution === 'none' ? [] : [call.id],
      event: events.length === 1 ? first : null,
    },
  ]
}

/** Of the story with helpers: the start before it, and the pause behind it. */
function buildsOf(asked: Asked, page: readonly TimelineEvent[], all: readonly TimelineEvent[]): TimelineBuild[] {
  const workspace = workspacesOf(asked)[0]?.workspace
  const [first, last] = [all[0], all.at(-1)]
  const isTold = all.some(({ tool_call_id: id }) => id === 'tool-4')
  if (workspace === undefined || first === undefined || last === undefined || !isTold) return []
  const build = (number: number, near: TimelineEvent, ms: number): TimelineBuild => {
    const time = Date.parse(near.time) + ms
    return {
      id: `${workspace.id.slice(0, -2)}f${number}`,
      after: ms < 0 ? null : near.id,
      time: new Date(time).toISOString(),
      offset_ms: near.offset_ms + ms,
      ended_at: new Date(time + 3_000).toISOString(),
      workspace_id: workspace.id,
      workspace_name: workspace.name,
      number,
      transition: ms < 0 ? 'start' : 'stop',
      reason: ms < 0 ? 'task_resume' : 'task_auto_pause',
      status: ms < 0 ? 'running' : 'stopped',
      task_id: null,
    }
  }
  return [
    ...(page[0] === first ? [build(3, first, -9_000)] : []),
    ...(page.at(-1) === last ? [build(4, last, 1_800_000)] : []),
  ]
}
