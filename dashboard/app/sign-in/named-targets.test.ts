import { expect, test } from 'vitest'
import { idsForNames, namesForIds } from './named-targets.ts'

const known = [
  { id: '0197c0de-0000-7000-8000-0000000000c1', name: 'platform' },
  { id: '0197c0de-0000-7000-8000-0000000000c2', name: 'Site Reliability' },
]
const [platform, reliability] = known.map(({ id }) => id)

test('settings are shown by names and saved by ids', () => {
  const saved = { field: 'groups', mapping: { eng: [platform!, reliability!], 'team=x': [platform!] } }
  const shown = { field: 'groups', mapping: { eng: ['platform', 'Site Reliability'], 'team=x': ['platform'] } }
  expect(namesForIds(saved, known)).toEqual(shown)
  expect(idsForNames(shown, known)).toEqual(saved)
})

test('what has no name stays as it was written, for the server to refuse', () => {
  const written = { mapping: { eng: ['no-such-group', platform!], constructor: ['toString'] } }
  expect(idsForNames(written, known)).toEqual(written)
})
