import { expect, test } from 'vitest'
import { apiQuery, parseQuery, queryText, termFor, valueOf, withTerm } from './query.ts'
import { boundAt, frozenHref, rangeTitle } from './range.ts'

const keys = ['status', 'client']
const now = new Date('2026-11-20T12:34:56Z')

test('a query keeps its terms as they were written, and its other words in order', () => {
  const text = 'status:live,done client:"Claude Code" drop "the table"'
  expect(queryText(parseQuery(text, keys))).toBe(text)
  expect(parseQuery('colour:red x', keys)).toEqual({ terms: [], words: 'colour:red x' })
})

test('a value is quoted when it has to be, and read back as it was', () => {
  for (const value of ['Claude Code', 'a,b', 'host:80', '<img src=x>', 'claude-opus-4-8']) {
    expect(valueOf(parseQuery(queryText({ terms: [termFor('client', value)], words: '' }), keys), 'client')).toBe(value)
  }
})

test('choosing a value replaces the one before, and choosing none drops it', () => {
  const query = parseQuery('status:live client:x', keys)
  expect(queryText(withTerm(query, 'status', 'done'))).toBe('client:x status:done')
  expect(queryText(withTerm(query, 'status', null))).toBe('client:x')
})

test('a relative range becomes instants only in the question', () => {
  expect(apiQuery('x', { from: '-24h' }, now)).toBe('x started_after:2026-11-19T12:34:00.000Z')
  expect(apiQuery('', {}, now)).toBe('')
  expect(apiQuery('x', { to: '-24h' }, now, ['date_from', 'date_to'])).toBe('x date_to:2026-11-19T12:34:00.000Z')
  expect(boundAt('-nonsense', now)).toBeNull()
  expect(rangeTitle({ from: '-7d' })).toBe('Last 7 days')
})

test('a frozen link holds the instants that the relative one means now', () => {
  expect(frozenHref('https://r.example/sessions?from=-1h', now)).toContain('2026-11-20T11%3A34%3A56.000Z')
  expect(frozenHref('https://r.example/sessions?q=x', now)).toBeNull()
})
