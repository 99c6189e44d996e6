import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutSlices, joinSlices, type Slice, slicesLength, withSlice } from './slices.ts'

const blobs = new Map([
  ['a', Buffer.from('0123456789')],
  ['b', Buffer.from('abcdefghij')],
])
const anySlice = fc
  .tuple(fc.constantFrom('a', 'b'), fc.nat(10), fc.nat(10))
  .map(([sha256, x, y]): Slice => ({ sha256, from: Math.min(x, y), to: Math.max(x, y) }))

test('a cut through slices is the same cut through what they join to', () => {
  fc.assert(
    fc.property(fc.array(anySlice, { maxLength: 8 }), fc.nat(100), fc.nat(100), (parts, x, y) => {
      const slices = parts.reduce<Slice[]>((all, part) => withSlice(all, part), [])
      const whole = joinSlices(parts, blobs)
      expect(joinSlices(slices, blobs)).toEqual(whole)
      expect(slicesLength(slices)).toBe(whole.length)
      const [from, to] = [Math.min(x, y, whole.length), Math.min(Math.max(x, y), whole.length)]
      expect(joinSlices(cutSlices(slices, from, to), blobs)).toEqual(whole.subarray(from, to))
    }),
  )
})

test('slices that cannot be true are refused', () => {
  expect(() => cutSlices([{ sha256: 'a', from: 0, to: 3 }], 0, 4)).toThrow(RangeError)
  expect(() => joinSlices([{ sha256: 'c', from: 0, to: 3 }], blobs)).toThrow(RangeError)
  expect(() => joinSlices([{ sha256: 'a', from: 0, to: 11 }], blobs)).toThrow(RangeError)
})
