import { expect, test } from 'vitest'
import type { Column, Screen } from './answer.ts'
import { styleFor } from './style.ts'
import { layTable } from './table.ts'
import { widthOf } from './width.ts'

interface Row {
  readonly id: string
  readonly count: number
  readonly text: string
}

const columns: readonly Column<Row>[] = [
  { name: 'id', value: (row) => row.id, priority: 0 },
  { name: 'count', value: (row) => row.count, priority: 3 },
  { name: 'text', value: (row) => row.text, priority: 1, elastic: true },
]
const screen: Screen = { style: styleFor('never', {}, false), width: 80, now: new Date(0), timeZone: undefined }
const rows: readonly Row[] = [
  { id: 'first', count: 5, text: 'short' },
  { id: '2', count: 1234, text: 'a long text that takes all the room there is and then some more of it' },
]

test('numbers stand right, words left, headers in capitals', () => {
  expect(layTable(rows, columns, screen, 200).lines.slice(0, 2)).toEqual(['ID     COUNT  TEXT', 'first      5  short'])
})

test('an elastic column is cut before any column is dropped', () => {
  const { lines, dropped } = layTable(rows, columns, screen, 40)
  expect(dropped).toBe(0)
  expect(lines[2]).toBe('2       1234  a long text that takes al…')
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(40)
})

test('two elastic columns share the room that there is', () => {
  const both = columns.map((column) => ({ ...column, elastic: column.name !== 'count' }))
  const long = rows.map((row) => ({ ...row, id: row.text }))
  expect(Math.max(...layTable(long, both, screen, 60).lines.map(widthOf))).toBe(60)
})

test('one long name is cut instead of driving the others out, and not cut where all is wide', () => {
  const fixed = columns.map((column) => ({ ...column, elastic: false }))
  expect(layTable(rows, fixed, screen, 80).dropped).toBe(0)
  expect(layTable(rows, fixed, screen, Number.POSITIVE_INFINITY).lines[2]).toContain('some more of it')
})

test('columns of low priority go first, and the last one stays however narrow it gets', () => {
  expect(layTable(rows, columns, screen, 24).dropped).toBe(1)
  expect(layTable(rows, columns, screen, 24).lines[0]).toBe('ID     TEXT')
  expect(layTable(rows, columns, screen, 3).lines[0]).toBe('ID')
  expect(layTable(rows, columns, screen, 3).dropped).toBe(2)
})

test('colour is for terminals, and those who do not want it say so', () => {
  const isColoured = (env: Record<string, string>, terminal: boolean) =>
    styleFor('auto', env, terminal).red('x') !== 'x'
  expect(isColoured({}, true)).toBe(true)
  expect(isColoured({}, false)).toBe(false)
  expect(isColoured({ NO_COLOR: '1' }, true)).toBe(false)
  expect(isColoured({ CLICOLOR: '0' }, true)).toBe(false)
  expect(isColoured({ TERM: 'dumb' }, true)).toBe(false)
  expect(isColoured({ FORCE_COLOR: '1' }, false)).toBe(true)
  expect(styleFor('never', {}, true).red('x')).toBe('x')
  expect(styleFor('always', { NO_COLOR: '1' }, false).red('x')).not.toBe('x')
})
