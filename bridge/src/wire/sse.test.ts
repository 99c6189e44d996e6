import { sseParser } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { streamText } from '../testing/stream-text.ts'
import { sseSplitter } from './sse.ts'

const read = (...pieces: readonly Buffer[]) => {
  const split = sseSplitter()
  return pieces.flatMap((piece) => split(piece))
}
const data = (...pieces: readonly string[]) =>
  read(...pieces.map((piece) => Buffer.from(piece))).map((event) => event.data)

test('an event ends at a blank line, whatever ends the lines, and data lines are joined', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = `\uFEFFevent: a${end}id: 7${end}retry: 10${end}: comment${end}data: 1${end}data:2${end}${end}data${end}${end}`
    expect(read(Buffer.from(text))).toEqual([
      { event: 'a', data: '1\n2', id: '7', retry: '10' },
      { event: '', data: '', id: null, retry: null },
    ])
  }
})

test('cutting the bytes anywhere changes nothing, also inside a character', () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(300)), (text, cuts) => {
      const bytes = Buffer.from(text)
      const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length)])].sort((a, b) => a - b)
      const pieces = at.map((from, i) => bytes.subarray(from, at[i + 1] ?? bytes.length))
      expect(read(...pieces)).toEqual(read(bytes))
    }),
  )
})

test('the events are those that the parser for text finds', () => {
  fc.assert(
    fc.property(streamText, (text) => {
      const expected = sseParser()(text).map((event) => event.data)
      expect(data(text)).toEqual(expected)
    }),
  )
})

test('an event without an end is given up at the bound, after what came before it', () => {
  const split = sseSplitter(1000)
  expect(split(Buffer.from(`data: 1\n\ndata: ${'x'.repeat(2000)}`))).toHaveLength(1)
  expect(() => split(Buffer.from('y'))).toThrow(RangeError)
  expect(() => sseSplitter(1000)(Buffer.alloc(1001, 'x'))).toThrow(RangeError)
  const many = sseSplitter(1000)
  expect(() => {
    for (let i = 0; i < 200; i++) many(Buffer.from('data: xxxx\n'))
  }).toThrow(RangeError)
})
