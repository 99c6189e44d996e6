import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frameReader, replyFrame } from './frames.ts'

/** As the helper writes it. */
function frame(call: number, texts: readonly Buffer[], { flags = 0, directory = -100, count = texts.length } = {}) {
  const head = Buffer.alloc(36)
  head.writeBigUInt64LE(7n, 4)
  head.writeUInt32LE(42, 12)
  head.writeUInt32LE(call, 16)
  head.writeInt32LE(directory, 20)
  head.writeInt32LE(-100, 24)
  head.writeUInt32LE(flags, 28)
  head.writeUInt32LE(count, 32)
  const bodies = texts.map((text) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return Buffer.concat([length, text])
  })
  const whole = Buffer.concat([head, ...bodies])
  whole.writeUInt32LE(whole.length - 4, 0)
  return whole
}
const exec = (...words: string[]) => frame(1, words.map((word) => Buffer.from(word))) // prettier-ignore

test('frames are read however the stream is cut', () => {
  const all = Buffer.concat([exec('/bin/ls', 'ls', '-l'), frame(2, [Buffer.from('a')]), exec('/bin/x', '')])
  const whole = frameReader()(all)
  expect(whole.map(({ call }) => call)).toEqual(['exec', 'unlink', 'exec'])
  expect(whole[0]).toMatchObject({ thread: 42, path: '/bin/ls', argv: ['ls', '-l'], shortened: false })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: all.length }), { maxLength: 20 }), (cuts) => {
      const read = frameReader()
      const places = [0, ...cuts.toSorted((a, b) => a - b), all.length]
      expect(places.slice(1).flatMap((to, i) => read(all.subarray(places[i], to)))).toEqual(whole)
    }),
  )
})

test('what the helper never sends is not read past its frame', () => {
  const short = Buffer.alloc(4)
  short.writeUInt32LE(8)
  const long = Buffer.alloc(4)
  long.writeUInt32LE(1 << 30)
  for (const broken of [short, long, frame(99, []), frame(1, [], { count: 3 })]) {
    expect(() => frameReader()(broken)).toThrow(RangeError)
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      try {
        frameReader()(Buffer.from(noise))
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
      }
    }),
  )
})

test('a line that was cut off says so', () => {
  const [read] = frameReader()(frame(1, [Buffer.from('/bin/x')], { flags: 0x80001000 }))
  expect(read).toMatchObject({ shortened: true, flags: 0x1000 })
})

test('answers have one length', () => {
  const address = Buffer.alloc(28, 1)
  const replies = [
    replyFrame(1n, { action: 'continue' }),
    replyFrame(1n, { action: 'refuse', error: 1 }),
    replyFrame(1n, { action: 'connect', thread: 1, fd: 3, source: 0x7f400001, address }),
  ]
  expect(replies.map(({ length }) => length)).toEqual([160, 160, 160])
  expect(() => replyFrame(1n, { action: 'connect', thread: 1, fd: 3, source: 0, address: Buffer.alloc(129) })).toThrow()
})
