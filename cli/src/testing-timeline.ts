import type { BoundaryEvent, TimelineBuild, TimelineDecision } from '@reeve/sdk'
import { denialId } from './testing-boundaries.ts'
import { at, events, hostile, interception, requestId, session, sessionId, userId, who } from './testing-sessions.ts'
import type { Handler, Name } from './testing.ts'

/** What a server answers about the recorded session, and what a boundary decided around its events. */

const boundaryId = userId

const denied: BoundaryEvent = {
  id: boundaryId,
  session_id: boundaryId,
  seq: 15,
  kind: 'net',
  time: at,
  owner: who,
  workspace: null,
  decision: 'deny',
  would: 'deny',
  rule: hostile,
  reason: 'no-matching-rule',
  denial: denialId,
  policy: { name: 'team-web', version: 14 },
  tier: 1,
  process: { pid: 4121, exe: hostile, argv: [hostile], tree: ['claude', hostile] },
  net: {
    protocol: 'h2',
    method: 'POST',
    url: `https://pastebin.com/api${hostile}`,
    host: 'pastebin.com',
    port: 443,
    address: null,
    inspected: true,
    status: 403,
    bytes_up: 900,
    bytes_down: 0,
    duration_ms: 4,
  },
  dns: null,
  file: null,
  exec: null,
  facts: null,
}

const row = (seq: number, after: string | null, facts: Partial<TimelineDecision>): TimelineDecision => ({
  id: `${boundaryId}.${seq}`,
  after,
  boundary_session_id: boundaryId,
  first_seq: seq,
  last_seq: seq,
  time: at,
  offset_ms: seq * 100,
  verdict: 'allowed',
  count: 1,
  names: [],
  attribution: 'none',
  tool_calls: [],
  event: null,
  ...facts,
})

const call = `${requestId}.4`

export const timelineDecisions: readonly TimelineDecision[] = [
  row(1, null, { names: ['start.example', hostile], count: 2 }),
  row(3, call, { last_seq: 14, count: 12, names: ['registry.example', 'github.example'], attribution: 'sure', tool_calls: [call] }), // prettier-ignore
  row(15, call, {
    verdict: 'denied',
    names: ['pastebin.com'],
    attribution: 'one_of',
    tool_calls: [call],
    event: denied,
  }),
  row(16, call, { verdict: 'observed', last_seq: 900, count: 700 }),
]

export const timelineBuilds: readonly TimelineBuild[] = [
  {
    id: sessionId,
    after: null,
    time: at,
    offset_ms: -4_000,
    ended_at: at,
    workspace_id: sessionId,
    workspace_name: `billing${hostile}`,
    number: 1,
    transition: 'start',
    reason: 'task_resume',
    status: 'running',
    task_id: null,
  },
]

const { threads: _, ...sessionFacts } = session
const change = { session_id: sessionId, last_active_at: session.last_active_at, status: 'done' }

export function sessionAnswers(empty: boolean): Partial<Record<Name, Handler>> {
  const some = <T>(items: readonly T[]): readonly T[] => (empty ? [] : items)
  const count = empty ? 0 : 1
  return {
    listInterceptions: () => ({ count, count_is_exact: true, results: some([interception]) }),
    getInterception: () => ({ interception, events: some(events) }),
    getInterceptionBody: () => Buffer.from([0, 27, 255, 10]),
    listSessions: () => ({ count, count_is_exact: true, sessions: some([session]) }),
    getSession: () => ({
      ...sessionFacts,
      thread_count: 0,
      threads: [],
      page_started_at: null,
      page_ended_at: null,
      actions_are_whole: true,
    }),
    getSessionTimeline: () => ({
      events: some(events),
      next: null,
      decisions: some(timelineDecisions),
      builds: some(timelineBuilds),
    }),
    watchSession: () => [change],
    watchSessions: () => [change],
  }
}
