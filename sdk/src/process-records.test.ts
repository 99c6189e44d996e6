import fc from 'fast-check'
import { expect, test } from 'vitest'
import { processRecords, recordOf, recordParser } from './process-records.ts'

test('records come out as they went in, wherever they were cut', () => {
  const records = fc.array(fc.tuple(fc.constantFrom(...processRecords), fc.uint8Array({ maxLength: 40 })))
  fc.assert(
    fc.property(records, fc.array(fc.integer({ min: 1, max: 30 })), (given, cuts) => {
      const all = Buffer.concat(given.map(([kind, bytes]) => recordOf(kind, bytes)))
      const read = recordParser()
      const got: { kind: string; bytes: number[] }[] = []
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const length = cuts[turn % cuts.length] ?? all.length
        got.push(...read(all.subarray(at, at + length)).map(({ kind, bytes }) => ({ kind, bytes: [...bytes] })))
        at += length
      }
      expect(got).toEqual(given.map(([kind, bytes]) => ({ kind, bytes: [...bytes] })))
    }),
  )
})

test('an unknown kind and a length beyond the bound are no records', () => {
  expect(() => recordParser()(Uint8Array.of(77, 0, 0, 0, 0))).toThrow('no record')
  expect(() => recordParser()(Uint8Array.of(0, 255, 0, 0, 0))).toThrow('no record')
})
