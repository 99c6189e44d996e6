import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, silentLog, systemClock } from '@reeve/base'
import type { TestProject } from 'vitest/node'
import { type Connection, withDatabase } from '../../server/src/db/connection.ts'
import { startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'
import { migrate } from '../../server/src/db/migrate.ts'
import { administer } from '../../server/src/db/administer.ts'

/**
 * One PostgreSQL for the whole run: the built-in one, or the one that REEVE_TEST_POSTGRES_URL names. It is migrated once,
 * into a template that every test file copies.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using undo = new AsyncDisposableStack()
  const connection = await server(undo)
  const template = `reeve_template_${process.pid}`
  await administer(connection, `drop database if exists ${template}`)
  await administer(connection, `create database ${template} template template0 encoding 'UTF8'`)
  undo.defer(async () => {
    await administer(connection, `drop database ${template}`)
  })
  await migrate(withDatabase(connection, template), { log: silentLog })
  project.provide('postgres', { connection, template })
  const done = undo.move()
  return () => done.disposeAsync()
}

async function server(undo: AsyncDisposableStack): Promise<Connection> {
  const url = process.env['REEVE_TEST_POSTGRES_URL']
  if (url !== undefined && url !== '') return { url }
  const folder = mkdtempSync(join(tmpdir(), 'reeve-pg-'))
  chmodSync(folder, 0o711)
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const log = recordingLog()
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log, clock: systemClock })
  undo.use(postgres)
  await forgetful(postgres.connection)
  return postgres.connection
}

/** For a server that does not outlive the run: nothing on it needs to reach the disk. */
export async function forgetful(connection: Connection): Promise<void> {
  for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum']) {
    await administer(connection, `alter system set ${setting} = off`)
  }
  await administer(connection, 'select pg_reload_conf()')
}
