import type { TimelineEvent } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { buildRows, foldText, inputHeadline, isFailure, prettyInput } from './rows.ts'

const event = (id: string, more: Partial<TimelineEvent>): TimelineEvent => ({
  content_withheld: false,
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
