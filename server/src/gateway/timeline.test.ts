import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerSeqFrom } from './drain/rows.ts'
import { endSeq } from './present.ts'
import { type Happening, type Mark, orderEvents } from './timeline.ts'

const happening = (
  id: string,
  startedAtMs: number,
  endedAtMs: number | null,
  retryOf: string | null = null,
): Happening => ({
  id,
  startedAtMs,
  endedAtMs,
  retryOf,
})
const call = (interceptionId: string, toolCallId: string): Mark => ({
  interceptionId,
  seq: answerSeqFrom,
  kind: 'tool_call',
  toolCallId,
})
const result = (interceptionId: string, toolCallId: string): Mark => ({
  interceptionId,
  seq: 1,
  kind: 'tool_result',
  toolCallId,
})
const names = (happenings: Happening[], marks: Mark[]) =>
  orderEvents(happenings, marks).map(({ interceptionId, seq }) => `${interceptionId}.${seq}`)

test('a result never comes before its call, whatever the clocks say', () => {
  // The second replica's clock is ten seconds behind.
  expect(
    names([happening('a', 20_000, 21_000), happening('b', 11_000, 12_000)], [call('a', 't'), result('b', 't')]),
  ).toEqual(['a.0', `a.${answerSeqFrom}`, `a.${endSeq}`, 'b.0', 'b.1', `b.${endSeq}`])
})

test('requests that run at the same time interleave by time', () => {
  const order = names([happening('a', 0, 100), happening('b', 10, 50), happening('c', 60, null)], [])
  expect(order).toEqual(['a.0', 'b.0', `b.${endSeq}`, 'c.0', `a.${endSeq}`])
})

test('what a repeated request brought is shown once, unless the first one is gone', () => {
  const marks: Mark[] = ['a', 'b'].map((interceptionId) => ({
    interceptionId,
    seq: 1,
    kind: 'prompt',
    toolCallId: null,
  }))
  expect(names([happening('a', 0, 1), happening('b', 2, 3, 'a')], marks)).toEqual([
    'a.0',
    'a.1',
    `a.${endSeq}`,
    'b.0',
    `b.${endSeq}`,
  ])
  expect(names([happening('b', 2, 3, 'a')], marks)).toEqual(['b.0', 'b.1', `b.${endSeq}`])
})

test('an answer stands behind its own request in a circle of calls and results', () => {
  const happenings = [happening('b', 0, 1), happening('d', 0, 1)]
  const marks = [call('b', 't2'), call('d', 't1'), result('b', 't1'), result('d', 't2')]
  const order = names(happenings, marks)
  for (const id of ['b', 'd']) expect(order.indexOf(`${id}.${endSeq}`)).toBeGreaterThan(order.indexOf(`${id}.0`))
})

test('every event is there once and after its cause, also when the ids are made up to go in circles', () => {
  const ids = ['a', 'b', 'c', 'd']
  const anyHappening = fc.record({ start: fc.nat(20), length: fc.nat(20), open: fc.boolean() })
  const anyMark = fc.record({
    at: fc.constantFrom(...ids),
    tool: fc.constantFrom('t1', 't2', 't3'),
    isCall: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(anyHappening, { minLength: 4, maxLength: 4 }),
      fc.array(anyMark, { maxLength: 8 }),
      (drawn, marked) => {
        const happenings = drawn.map(({ start, length, open }, i) =>
          happening(ids[i]!, start, open ? null : start + length),
        )
        const marks = marked.map(({ at, tool, isCall }, i): Mark => ({
          interceptionId: at,
          seq: (isCall ? answerSeqFrom : 1) + i,
          kind: isCall ? 'tool_call' : 'tool_result',
          toolCallId: tool,
        }))
        const order = names(happenings, marks)
        expect(new Set(order).size).toBe(order.length)
        for (const { id, endedAtMs } of happenings) {
          expect(order).toContain(`${id}.0`)
          if (endedAtMs !== null) expect(order.indexOf(`${id}.${endSeq}`)).toBeGreaterThan(order.indexOf(`${id}.0`))
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
