import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { groupT } from './templates.ts'

const root = resolve(import.meta.dirname, '../..')

test('every number of the group is on the list, and no other', () => {
  const numbers = Object.keys(groupT).map((name) => name.split(' ')[0])
  expect(numbers).toEqual(Array.from({ length: 13 }, (_, index) => `T${index + 1}`))
})

test.each(Object.entries(groupT))('%s: the tests that hold it are there', (_, held) => {
  const gone = held.flatMap((one) => {
    if ('open' in one) return []
    const text = readFileSync(join(root, one.file), 'utf8')
    return text.includes(one.title) ? [] : [`${one.file}: ${one.title}`]
  })
  expect(gone).toEqual([])
})

test('nothing is held by words alone', () => {
  expect(Object.entries(groupT).filter(([, held]) => held.every((one) => 'open' in one))).toEqual([])
})
