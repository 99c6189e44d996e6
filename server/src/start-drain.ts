import { Fault, systemClock } from '@reeve/base'
import { openPostgres } from './app.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './db/database.ts'
import { waitForMigrations } from './db/migrate.ts'
import { bringIn } from './gateway/bring-in.ts'
import { openLog } from './start-log.ts'

/** `reeve server drain DIR`: brings the journal of a gateway that does not come back into the database. */
export async function drainJournal(dir: string, config: Config, signal: AbortSignal): Promise<string> {
  await using undo = new AsyncDisposableStack()
  const { log } = openLog(config.log.format ?? 'text', config.log.verbose, process.stderr)
  const connection = await openPostgres(undo, { config, clock: systemClock, log })
  const db = undo.adopt(openDatabase(connection, { log, applicationName: 'reeve drain' }), (open: Database) =>
    open.close(),
  )
  await waitForMigrations(connection, { log, signal })
  const { structuredLogging } = config.bridge
  const done = await bringIn({ dir, db, structuredLogging, clock: systemClock, log, signal })
  if (!done.complete) throw new Fault('unavailable', done.detail === '' ? 'stopped before the end' : done.detail)
  return `${dir} is in the database: ${done.records} records of it were not, ${done.interrupted} interceptions were open.\n`
}
