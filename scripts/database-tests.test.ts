import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { databaseTests } from './database-tests.ts'

const root = resolve(import.meta.dirname, '..')

test('what runs again is what is about the database: rooms, whoever calls queries, and every route', () => {
  const again = databaseTests(root, [])
  expect(again).toContain('server/src/db/migrate.test.ts')
  expect(again).toContain('server/src/gateway/drain/drain.test.ts')
  expect(again).toContain('server/src/session-decisions.test.ts')
  expect(again).toContain('server/src/matrix.test.ts')
  expect(again).not.toContain('server/src/app.test.ts')
  expect(again.filter((path) => !path.startsWith('server/src/'))).toEqual([])
})

test('a room without a database does not run again, and filters are those of vitest', () => {
  expect(databaseTests(root, ['server/src/provisioning/'])).toEqual([])
  expect(databaseTests(root, ['matrix'])).toEqual(['server/src/matrix.test.ts'])
})
