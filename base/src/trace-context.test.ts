import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attemptSpanId, readTraceParent, readTraceState, traceHeaders } from './trace-context.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

test('a caller is taken at its word when it says it as the standard has it', () => {
  expect(readTraceParent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true })
  expect(readTraceParent(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false)
  // Level 2 has a second flag, and a version to come may have more fields.
  expect(readTraceParent(`00-${traceId}-${spanId}-03`)?.sampled).toBe(true)
  expect(readTraceParent(`cc-${traceId}-${spanId}-01-what-is-to-come`)).toEqual({ traceId, spanId, sampled: true })
})

test.each([
  ['nothing', undefined],
  ['no id', '00'],
  ['an id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['the version that is none', `ff-${traceId}-${spanId}-01`],
  ['more than version 00 has', `00-${traceId}-${spanId}-01-more`],
  ['two of them', `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  ['a header without end', `cc-${traceId}-${spanId}-01-${'x'.repeat(10_000)}`],
  ['a line break', `00-${traceId}-${spanId}-01\n`.replace('-01', '-01\nx')],
])('%s as traceparent begins a trace here', (_, header) => {
  expect(readTraceParent(header)).toBeNull()
})

test('a tracestate is passed on whole or not at all', () => {
  expect(readTraceState('rojo=00f067, congo=t61rcWkgMzE')).toBe('rojo=00f067,congo=t61rcWkgMzE')
  expect(readTraceState('fw529a3039@dt=FfAAAA,,a=b')).toBe('fw529a3039@dt=FfAAAA,a=b')
  const many = Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')
  for (const bad of [undefined, '', ' , ', 'x', 'A=b', 'a=b\r\nx: y', 'a=ä', 'a=b=c', many, `a=${'v'.repeat(600)}`]) {
    expect(readTraceState(bad)).toBeNull()
  }
})

test('no header makes the reading fail, or gives more than the standard allows', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 600 }), (header) => {
      expect(readTraceState(header)?.length ?? 0).toBeLessThanOrEqual(512)
      expect(readTraceParent(header)?.traceId.length ?? 32).toBe(32)
    }),
  )
})

test('what is passed on names the attempt, and each attempt has a span of its own', () => {
  const context = { traceId, spanId, parentSpanId: null, state: 'a=b', sampled: true }
  const first = attemptSpanId(spanId, 0)
  expect(traceHeaders(context, first)).toEqual(['traceparent', `00-${traceId}-${first}-01`, 'tracestate', 'a=b'])
  expect(readTraceParent(traceHeaders({ ...context, state: null, sampled: false }, first)[1])).toEqual({
    traceId,
    spanId: first,
    sampled: false,
  })
  expect(new Set([spanId, first, attemptSpanId(spanId, 1), attemptSpanId(spanId, 2)]).size).toBe(4)
  expect(attemptSpanId('f'.repeat(16), 0)).toBe('0000000000000001')
})
