import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sseParser } from './sse.ts'

const read = (...pieces: string[]) => {
  const feed = sseParser()
  return pieces.flatMap((piece) => feed(piece))
}

test('an event ends at a blank line, whatever ends the lines', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    expect(read(`event: a${end}data: 1${end}data:2${end}${end}data${end}${end}`)).toEqual([
      { event: 'a', data: '1\n2' },
      { event: 'message', data: '' },
    ])
  }
})

test('comments, unknown fields, ids and a byte order mark are passed over', () => {
  expect(read('\uFEFF: hello\n\nid: 7\nretry: 10\nfoo: bar\n\ndata:  two spaces\n\n')).toEqual([
    { event: 'message', data: ' two spaces' },
  ])
})

test('an event that the end of the stream cuts off is dropped', () => {
  expect(read('data: whole\n\ndata: half\n')).toEqual([{ event: 'message', data: 'whole' }])
})

test('cutting the stream anywhere changes nothing', () => {
  const text = fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '\n\n', 'data: x', 'data', 'event: e', ': c', 'é', '\u2028'), {
      maxLength: 40,
    })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.nat(200)), (whole, cuts) => {
      const at = [...new Set(cuts.filter((cut) => cut < whole.length))].sort((a, b) => a - b)
      const pieces = [0, ...at].map((from, i) => whole.slice(from, at[i] ?? whole.length))
      expect(read(...pieces)).toEqual(read(whole))
    }),
  )
})

test('an event without an end is given up instead of kept', () => {
  const feed = sseParser()
  const line = `data: ${'x'.repeat(1024 * 1024)}\n`
  expect(() => {
    for (let i = 0; i < 8; i++) feed(line)
  }).toThrow(RangeError)
})
