import { expect, test } from 'vitest'
import { planResource } from './plan.ts'
import { computed, optional, required, setOf, type Block } from './schema.ts'
import { readRow, unknown, Unknown, writeRow, type Row } from './values.ts'

const door: Block = {
  description: '',
  attributes: { name: required('string', ''), locked: optional('bool', '', { default: true }) },
  blocks: {},
}

const house: Block = {
  description: '',
  attributes: {
    id: computed('string', ''),
    street: required('string', ''),
    number: optional('number', '', { default: 1 }),
    owner: optional('string', '', { derived: true }),
  },
  blocks: { door: setOf(door) },
}

const config: Row = { id: null, street: 'Quay', number: null, owner: null, door: [] }
const state: Row = { id: 'h1', street: 'Quay', number: 1, owner: 'dana', door: [] }
const plan = (wanted: Row, prior: Row | null) => planResource(house, (row) => row, { ...config, ...wanted }, prior)

test('what is new has its defaults, and is otherwise known later', () => {
  expect(plan({}, null)).toEqual({
    state: { id: unknown, street: 'Quay', number: 1, owner: unknown, door: [] },
    replaced: [],
  })
})

test('what was not changed stays as it is', () => {
  expect(plan({}, state)).toEqual({ state, replaced: [] })
})

test('a changed argument makes a new one of which the rest is unknown', () => {
  const { state: planned, replaced } = plan({ street: 'Pier' }, state)
  expect(replaced).toEqual(['street'])
  expect(planned).toMatchObject({ id: unknown, owner: unknown, street: 'Pier' })
})

test('an argument that is not known yet may turn out to be another', () => {
  expect(plan({ street: unknown }, state).replaced).toEqual(['street'])
  expect(plan({ door: unknown }, state)).toMatchObject({ replaced: ['door'], state: { door: unknown } })
})

test('a set is the same in any order, with its defaults filled in', () => {
  const front = { name: 'front', locked: null }
  const back = { locked: false, name: 'back' }
  const before = { ...state, door: [back, { locked: true, name: 'front' }] }
  expect(plan({ door: [front, back] }, before).replaced).toEqual([])
  expect(plan({ door: [front, { ...back, locked: true }] }, before).replaced).toEqual(['door'])
  expect(plan({ door: [front, { name: unknown, locked: null }] }, before).replaced).toEqual(['door'])
})

test('a default that a later release brought replaces nothing', () => {
  expect(plan({}, { ...state, number: null }).replaced).toEqual([])
})

test('what is known of an unknown value comes back byte by byte, and large numbers whole', () => {
  const refined = new Unknown(12, Uint8Array.of(0x81, 0x01, 0xc2))
  const row: Row = {
    refined,
    plain: unknown,
    large: 9_007_199_254_740_993n,
    negative: -5_000_000_000n,
    text: 'ä',
    list: [1.5, null],
  }
  expect(readRow(writeRow(row))).toEqual(row)
  expect(readRow(writeRow(null))).toBeNull()
})
