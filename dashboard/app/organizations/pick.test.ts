import { describe, expect, test } from 'vitest'
import { pick } from './pick.ts'

const rows = [
  { name: 'platform', title: 'Platform team', source: 'local' },
  { name: 'on-call', title: 'People on call', source: 'oidc' },
  { name: 'research', title: 'Research <b>', source: 'oidc' },
]
const picked = (q: string) =>
  pick(
    rows,
    q,
    { source: ({ source }) => source, name: ({ name }) => name },
    ({ name, title }) => `${name} ${title}`,
  ).map(({ name }) => name)

describe('what a query picks of a whole list', () => {
  test('is everything where nothing is asked', () => expect(picked('')).toEqual(['platform', 'on-call', 'research']))
  test('has every word in it, in any letters', () => expect(picked('TEAM plat')).toEqual(['platform']))
  test('keeps a quoted phrase together', () => {
    expect(picked('"on call"')).toEqual(['on-call'])
    expect(picked('"call on"')).toEqual([])
  })
  test('has one of the values of a key', () => {
    expect(picked('source:oidc')).toEqual(['on-call', 'research'])
    expect(picked('name:platform,research source:oidc')).toEqual(['research'])
  })
  test('takes a key that there is not for a word', () => expect(picked('colour:red')).toEqual([]))
  test('is no pattern', () => expect(picked('.*')).toEqual([]))
})
