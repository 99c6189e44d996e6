import fc from 'fast-check'
import { expect, test } from 'vitest'
import { leaveOut, patchBody } from './edits.ts'
import { scanObject } from './scan.ts'

const without = (text: string, names: readonly string[]): string => {
  const body = Buffer.from(text)
  const scanned = scanObject(body, { decisive: [], elementsOf: '' })
  if (!scanned.ok) throw new Error(scanned.problem)
  const edits = leaveOut(body, body.indexOf('{'), scanned.scan.members, (key) => names.includes(key))
  return patchBody(body, { edits, around: null }).toString()
}

test('what is left out takes one comma with it, and every other byte stays', () => {
  const body = ' { "a" : 1 , "b":[1, 2],"c": "x,}" } '
  expect(without(body, ['a'])).toBe(' { "b":[1, 2],"c": "x,}" } '.replace('{ ', '{ '))
  expect(without(body, ['b'])).toBe(' { "a" : 1,"c": "x,}" } ')
  expect(without(body, ['c'])).toBe(' { "a" : 1 , "b":[1, 2] } ')
  expect(without(body, ['a', 'b'])).toBe(' {"c": "x,}" } ')
  expect(without(body, ['a', 'b', 'c'])).toBe(' { } ')
  expect(without(body, ['z'])).toBe(body)
})

test('whatever the object, what is left is the rest of it', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  fc.assert(
    fc.property(
      fc.dictionary(key, fc.jsonValue()),
      fc.array(key),
      fc.constantFrom(undefined, 1),
      (object, names, space) => {
        const left = Object.fromEntries(Object.entries(object).filter(([name]) => !names.some((left) => left === name)))
        expect(JSON.parse(without(JSON.stringify(object, null, space), names))).toEqual(
          JSON.parse(JSON.stringify(left)),
        )
      },
    ),
  )
})
