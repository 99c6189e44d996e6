import { expect, test } from 'vitest'
import { growingState } from './growing-state.ts'

const state = (serial: number) => Buffer.from(JSON.stringify({ serial }))

test('what was whole when the run was ended is kept, whatever is left in its place', () => {
  const end = new AbortController()
  const told: Buffer[] = []
  let there: Buffer | null = state(2)
  using growing = growingState(() => there, { onState: (some) => told.push(some), signals: [end.signal] })
  end.abort()
  for (const left of [null, state(1), Buffer.from('{}')]) {
    there = left
    expect(growing.newest()).toEqual(state(2))
  }
  expect(told).toEqual([state(2)])
})

test('the last that was written is the newest', () => {
  let there: Buffer | null = null
  using growing = growingState(() => there, { signals: [] })
  expect(growing.newest()).toBe(null)
  there = state(1)
  expect(growing.newest()).toEqual(state(1))
  there = state(3)
  expect(growing.newest()).toEqual(state(3))
})

test('one that cannot be read is said at the end of the run, and not before', () => {
  const end = new AbortController()
  const read = (): never => {
    throw new Error('too large')
  }
  using growing = growingState(read, { signals: [end.signal] })
  end.abort()
  expect(() => growing.newest()).toThrow('too large')
})
