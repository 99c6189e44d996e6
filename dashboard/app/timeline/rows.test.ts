import type { TimelineBuild, TimelineDecision, TimelineEvent } from '@reeve/sdk'
import { expect, test } from 'vitest'
import {
  buildFeed,
  buildRows,
  foldText,
  inputHeadline,
  isFailure,
  laneOf,
  lanesOf,
  offsetOf,
  prettyInput,
  rowMatches,
} from './rows.ts'

const event = (id: string, more: Partial<TimelineEvent>): TimelineEvent => ({
  content_withheld: false,
  content_removed_at: null,
  id,
  interception_id: '0197f3a2-0000-7000-8000-000000000000',
  thread_id: '0197f3a2-0000-7000-8000-000000000000',
  agent_id: null,
  kind: 'text',
  lane: 'model',
  time: '2026-11-20T00:00:00Z',
  offset_ms: 0,
  origin: 'model',
  text: '',
  text_bytes: 0,
  truncated: false,
  not_captured: false,
  tool_name: null,
  tool_call_id: null,
  is_error: false,
  denied_by: null,
  model: null,
  outcome: null,
  stop_reason: null,
  token_usage: null,
  duration_ms: null,
  ...more,
})
const call = (id: string, callId: string) => event(id, { kind: 'tool_call', tool_call_id: callId })
const result = (id: string, callId: string, more = {}) =>
  event(id, { kind: 'tool_result', tool_call_id: callId, ...more })

test('a result stands under its call, also when calls were made side by side', () => {
  const rows = buildRows([call('1', 'a'), call('2', 'b'), event('3', {}), result('4', 'a'), result('5', 'b')])
  expect(rows.map((row) => [row.id, row.result?.id ?? null])).toEqual([
    ['1', '4'],
    ['2', '5'],
    ['3', null],
  ])
})

test('a result before its call, without one, or for a second time stands for itself', () => {
  const rows = buildRows([result('1', 'a'), call('2', 'a'), result('3', 'a'), result('4', 'a'), result('5', 'zz')])
  expect(rows.map((row) => [row.id, row.result?.id ?? null])).toEqual([
    ['1', null],
    ['2', '3'],
    ['4', null],
    ['5', null],
  ])
})

const decision = (seq: number, after: string | null, more: Partial<TimelineDecision> = {}): TimelineDecision => ({
  id: `b.${seq}`,
  after,
  boundary_session_id: 'b',
  first_seq: seq,
  last_seq: seq,
  time: '2026-11-20T00:00:00Z',
  offset_ms: 0,
  verdict: 'allowed',
  count: 1,
  names: ['registry.example'],
  attribution: 'none',
  tool_calls: [],
  event: null,
  ...more,
})

test('decisions stand behind the events that they name, also where a result is shown under its call', () => {
  const events = [call('1', 'a'), event('2', {}), result('3', 'a'), event('4', {})]
  const rows = buildFeed({
    events,
    decisions: [decision(0, null), decision(1, '1'), decision(2, '3'), decision(9, 'not read yet')],
    builds: [],
  })
  expect(rows.map(({ id }) => id)).toEqual(['b.0', '1', 'b.1', '2', 'b.2', '4'])
  expect(rows[1]).toMatchObject({ result: { id: '3' } })
  expect(lanesOf(rows)).toContain('boundary')
  expect(lanesOf(buildFeed({ events, decisions: [], builds: [] }))).not.toContain('boundary')
})

const build = (number: number, after: string | null, more: Partial<TimelineBuild> = {}): TimelineBuild => ({
  id: `build ${number}`,
  after,
  time: '2026-11-20T00:00:00Z',
  offset_ms: 0,
  ended_at: null,
  workspace_id: 'w',
  workspace_name: 'billing',
  number,
  transition: 'start',
  reason: 'task_resume',
  status: 'running',
  task_id: null,
  ...more,
})

test('builds stand behind the events that they name, by time among the decisions there', () => {
  const told = {
    events: [event('1', {}), event('2', {})],
    decisions: [decision(1, '1', { offset_ms: 10 }), decision(2, '1', { offset_ms: 30 })],
    builds: [build(1, null, { offset_ms: -4_000 }), build(2, '1', { offset_ms: 20 }), build(3, '2')],
  }
  const rows = buildFeed(told)
  expect(rows.map(({ id }) => id)).toEqual(['build 1', '1', 'b.1', 'build 2', 'b.2', '2', 'build 3'])
  expect(rows.map(laneOf).filter((lane) => lane === 'system')).toHaveLength(3)
  expect(offsetOf(rows[0]!)).toBe(0)
  expect(rows.map((row) => rowMatches(row, 'Billing')).filter(Boolean)).toHaveLength(3)
  expect(buildFeed({ ...told, builds: [build(1, null, { status: 'failed' })] }).map(isFailure)[0]).toBe(true)
})

test('what was denied is a failure, what was allowed none, and both are found by their hosts', () => {
  const rows = buildFeed({
    events: [],
    decisions: [decision(0, null), decision(1, null, { verdict: 'denied', names: ['evil.example'] })],
    builds: [],
  })
  expect(rows.map(isFailure)).toEqual([false, true])
  expect(rows.map((row) => rowMatches(row, 'EVIL'))).toEqual([false, true])
})

test('a failed result makes its call a failure', () => {
  expect(buildRows([call('1', 'a'), result('2', 'a', { is_error: true })]).map(isFailure)).toEqual([true])
})

test('folding keeps head and tail and counts what is between', () => {
  const text = Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n')
  expect(foldText(text, 4, 2)).toEqual({
    head: 'line 0\nline 1\nline 2\nline 3',
    tail: 'line 28\nline 29',
    hiddenLines: 24,
  })
  expect(foldText('short', 4, 2)).toBeNull()
  expect(foldText('word '.repeat(1000), 4, 2)?.head.length).toBe(800)
})

test('a tool’s input reads as its first text on one line and as JSON when it is open', () => {
  expect(inputHeadline('{"timeout":3,"command":"npm test"}')).toBe('npm test')
  expect(prettyInput('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(prettyInput('{"a":')).toBe('{"a":')
})
