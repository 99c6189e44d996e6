import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { createLineBuffer } from './line-buffer.ts'

test('lines are numbered once, given out once, and again after a lost connection until they are kept', () => {
  const lines = createLineBuffer(manualClock(), 5)
  for (const text of ['a', 'b', 'c']) lines.add('start', 'info', text)
  expect(lines.next().map(({ number, output }) => `${number}${output}`)).toEqual(['5a', '6b', '7c'])
  expect(lines.next()).toEqual([])
  lines.kept(5)
  lines.rewind()
  expect(lines.next().map(({ output }) => output)).toEqual(['b', 'c'])
  lines.kept(7)
  expect([lines.first, lines.last]).toEqual([8, 7])
  lines.rewind()
  lines.add('start', 'info', 'd')
  expect(lines.next().map(({ number }) => number)).toEqual([8])
})

test('what is said while lines are on their way goes together, when they are kept', () => {
  const lines = createLineBuffer(manualClock(), 1)
  const next = (): string => lines.next().reduce((text, { output }) => text + output, '')
  lines.add('start', 'info', 'a')
  expect(next()).toBe('a')
  for (const text of ['b', 'c']) lines.add('start', 'info', text)
  expect(next()).toBe('')
  lines.kept(1)
  expect(next()).toBe('bc')
  lines.kept(2)
  lines.add('start', 'info', 'd')
  expect(next()).toBe('')
  lines.kept(3)
  expect(next()).toBe('d')
})

test('what nobody keeps is held up to a bound, and then the oldest goes', () => {
  const lines = createLineBuffer(manualClock(), 1)
  for (let number = 0; number < 20_001; number++) lines.add('loud', 'info', 'x')
  expect(lines.next()[0]?.number).toBe(2)
})
