import { endpoints } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { reservedNames } from './provider-types.ts'

test('no path of the management API can be taken for the path of a provider', () => {
  const firsts = Object.values(endpoints)
    .flatMap(({ path, aliases = [] }) => [path, ...aliases])
    .flatMap((path) => /^\/api\/v2\/(?:aibridge|ai-gateway)\/([^/:]+)/.exec(path)?.[1] ?? [])
  expect(firsts).toContain('sessions')
  expect(firsts.filter((first) => !reservedNames.has(first))).toEqual([])
})
