import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'

/** A database that is not the one of any server, so that it can be taken away from those that use it. */
export async function startPostgres(undo: AsyncDisposableStack): Promise<EmbeddedPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), 'reeve-postgres-'))
  chmodSync(dataDir, 0o711)
  undo.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  return undo.use(await startEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock }))
}

/** What a server is told of it: REEVE_POSTGRES_URL. */
export function connectionUrl({ connection }: EmbeddedPostgres): string {
  if ('url' in connection) throw new Error('the built-in PostgreSQL listens on a socket')
  return `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`
}
