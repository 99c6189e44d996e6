import { writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import pg from 'pg'
import { connectionOptions } from '../server/src/db/connection.ts'
import { startEmbeddedPostgres } from '../server/src/db/embedded/embedded-postgres.ts'
import { migrate } from '../server/src/db/migrate.ts'
import { schemaTypes } from '../server/src/db/schema-types.ts'

/** Writes the types of the tables, from a database that was migrated just for this. */
const folder = mkdtempSync(join(tmpdir(), 'reeve-gen-'))
chmodSync(folder, 0o711)
try {
  await using postgres = await startEmbeddedPostgres({ dataDir: folder, log: silentLog, clock: systemClock })
  await migrate(postgres.connection, { log: silentLog })
  const client = new pg.Client(connectionOptions(postgres.connection))
  await client.connect()
  const path = join(import.meta.dirname, '../server/src/db/__generated__/schema.ts')
  writeFileSync(path, await schemaTypes(client))
  await client.end()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
