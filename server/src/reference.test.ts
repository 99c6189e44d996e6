import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { endpoints } from '@reeve/sdk'
import { describe, expect, test } from 'vitest'
import { configReference } from './config-print.ts'
import { apiDocument } from './http/deployment.ts'

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs/reference', name), 'utf8')

describe('the reference is what the source says; `npm run gen` writes it', () => {
  test('settings', () => expect(page('configuration.md')).toBe(configReference()))
  test('API', () => expect(JSON.parse(page('openapi.json'))).toEqual(apiDocument('source')))
})

test('the API document has every endpoint under every path, with its answers', () => {
  const { paths } = JSON.parse(page('openapi.json'))
  for (const { path, aliases, method, status, permission } of Object.values(endpoints)) {
    for (const each of [path, ...aliases]) {
      const operation = paths[each.replaceAll(/:([a-z]+)/g, '{$1}')][method.toLowerCase()]
      expect(Object.keys(operation.responses)).toContain(String(status))
      expect(operation.security.length === 0).toBe(permission === 'public')
    }
  }
  const ids = Object.values<Record<string, { operationId: string }>>(paths).flatMap((path) =>
    Object.values(path).map((o) => o.operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})
