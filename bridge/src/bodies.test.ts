import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestBody } from './digest.ts'
import { maskBody } from './masking/masked-body.ts'
import { noSecrets } from './masking/secrets.ts'
import { type BodyMemory, commonPrefix, commonSuffix, createBodyMemory } from './bodies.ts'

const scan = { members: [], elements: [] }
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const remembered = (interceptionId: string, bytes: Buffer) => ({
  interceptionId,
  bytes,
  scan,
  digest: digestBody(bytes, null),
  secrets: noSecrets,
})
const keep = (memory: BodyMemory, key: string, name: string, bytes: Buffer) =>
  memory.remember(key, remembered(name, bytes), memory.nearest(key, bytes))
const large = (seed: number, size: number) =>
  Buffer.from(Array.from({ length: size }, (_, i) => (i * 7 + seed * 31) % 251))

test('the common beginning and end are those that a comparison byte by byte finds', () => {
  const bytes = fc.array(fc.constantFrom(1, 2), { maxLength: 60 }).map((array) => Buffer.from(array))
  const blown = fc
    .tuple(bytes, fc.constantFrom(0, 1, 9_000, 16_384, 40_000))
    .map(([seed, fill]) => Buffer.concat([Buffer.alloc(fill), seed, Buffer.alloc(fill)]))
  fc.assert(
    fc.property(blown, blown, (a, b) => {
      let prefix = 0
      while (prefix < Math.min(a.length, b.length) && a[prefix] === b[prefix]) prefix++
      let suffix = 0
      while (suffix < Math.min(a.length, b.length) - prefix && a[a.length - 1 - suffix] === b[b.length - 1 - suffix])
        suffix++
      expect(commonPrefix(a, b)).toBe(prefix)
      expect(commonSuffix(a, b, prefix)).toBe(suffix)
    }),
  )
})

test('a hash that goes on from an earlier body is the hash of the whole body', () => {
  fc.assert(
    fc.property(fc.nat(300_000), fc.nat(300_000), fc.nat(100_000), (shared, oldTail, newTail) => {
      const old = Buffer.concat([large(1, shared), large(2, oldTail)])
      const body = Buffer.concat([large(1, shared), large(3, newTail)])
      const earlier = remembered('a', old)
      const digest = digestBody(body, { earlier, prefixBytes: commonPrefix(old, body) })
      expect(digest.sha256.toString('hex')).toBe(sha256(body))
      // Going on from it once more, and from the same state twice, is possible too.
      const again = digestBody(body, {
        earlier: { digest },
        prefixBytes: body.length,
      })
      expect(again.sha256).toEqual(digest.sha256)
    }),
    { numRuns: 25 },
  )
})

test('a body is recorded against the one of its conversation that it shares most with', () => {
  const memory = createBodyMemory(1_000_000)
  const main = large(1, 20_000)
  const side = large(2, 3_000)
  keep(memory, 'k', 'main', main)
  keep(memory, 'k', 'side', side)
  const next = Buffer.concat([main, Buffer.from('more')])
  const shared = memory.nearest('k', next)
  expect(maskBody(next, digestBody(next, shared), shared, null).recorded.base).toEqual({
    interceptionId: 'main',
    prefixBytes: 20_000,
    suffixBytes: 0,
  })
  expect(memory.nearest('other', next)).toBeNull()
  expect(memory.nearest('k', large(9, 400))).toBeNull()
})

test('a body takes the place of the one that it carries on', () => {
  const memory = createBodyMemory(10_000_000)
  let body = large(1, 10_000)
  for (let turn = 0; turn < 20; turn++) {
    keep(memory, 'k', `t${turn}`, body)
    body = Buffer.concat([body, large(turn, 100)])
  }
  expect(memory.bytes).toBeLessThan(2 * body.length)
})

test('what is remembered stays within its bound, and the longest unused goes first', () => {
  const memory = createBodyMemory(200_000)
  for (let i = 0; i < 50; i++) keep(memory, `k${i}`, `t${i}`, large(i, 10_000))
  expect(memory.bytes).toBeLessThanOrEqual(200_000)
  expect(memory.nearest('k0', large(0, 10_000))).toBeNull()
  expect(memory.nearest('k49', large(49, 10_000))).not.toBeNull()
  keep(memory, 'huge', 'huge', Buffer.alloc(90_000))
  expect(memory.nearest('huge', Buffer.alloc(90_000))).toBeNull()
})
