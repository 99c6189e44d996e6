import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { connectionOptions } from './connection.ts'
import { schemaTypes } from './schema-types.ts'
import { testDatabase } from './testing.ts'

test('the generated types are those of the migrated database (else: npm run gen)', async () => {
  await using db = await testDatabase()
  const client = new pg.Client(connectionOptions(db.connection))
  await client.connect()
  const types = await schemaTypes(client)
  await client.end()
  expect(readFileSync(join(import.meta.dirname, '__generated__/schema.ts'), 'utf8')).toBe(types)
})
