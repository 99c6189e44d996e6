import { recordingLog } from '@reeve/base'
import { expect, test } from 'vitest'
import { logEvents } from './event-log.ts'

const about = {
  interceptionId: '01900000-0000-7000-8000-000000000001',
  providerName: 'anthropic',
  route: 'messages',
  client: 'Claude Code',
  model: 'the words of a client',
  requestBytes: 9,
} as const
const end = { kind: 'finished', ...about, durationMs: 12.4, firstByteMs: 1, gatewayMs: 1, responseBytes: 3 } as const

test('a request that failed is a line with its ids, one that did not is one for those who ask for details', () => {
  const log = recordingLog()
  const note = logEvents(log)
  note({ kind: 'started', ...about, traceId: 'a'.repeat(32), streaming: true, credentialKind: 'byok' })
  note({ ...end, traceId: null, outcome: 'ok', statusCode: 200 })
  note({ ...end, traceId: 'a'.repeat(32), outcome: 'timeout', statusCode: 504 })
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'debug interception started',
    'debug interception ended',
    'info interception failed',
  ])
  expect(log.lines[1]?.facts).not.toHaveProperty('traceId')
  expect(log.lines[2]?.facts).toEqual({
    interceptionId: about.interceptionId,
    traceId: 'a'.repeat(32),
    provider: 'anthropic',
    route: 'messages',
    client: 'Claude Code',
    outcome: 'timeout',
    statusCode: 504,
    durationMs: 12,
  })
  expect(JSON.stringify(log.lines)).not.toContain('words of a client')
})

test('a key that is refused is a warning, one over its limit is not', () => {
  const log = recordingLog()
  logEvents(log)({ kind: 'key_rests', providerName: 'p', reason: 'refused' })
  logEvents(log)({ kind: 'key_rests', providerName: 'p', reason: 'busy' })
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'debug'])
})

test('a breaker that opens is a warning, and its closing is told', () => {
  const log = recordingLog()
  logEvents(log)({ kind: 'breaker', providerName: 'p', from: 'closed', state: 'open' })
  logEvents(log)({ kind: 'breaker', providerName: 'p', from: 'half_open', state: 'closed' })
  expect(log.lines.map(({ level, facts }) => [level, facts])).toEqual([
    ['warn', { provider: 'p', from: 'closed', to: 'open' }],
    ['info', { provider: 'p', from: 'half_open', to: 'closed' }],
  ])
})
