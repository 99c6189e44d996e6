import { randomBytes } from 'node:crypto'
import { silentLog } from '@reeve/base'
import { inject } from 'vitest'
import { administer } from './administer.ts'
import { type Connection, withDatabase } from './connection.ts'
import { type Database, openDatabase } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that this run's databases are made on, and its migrated database to copy. */
    postgres: { readonly connection: Connection; readonly template: string }
  }
}

export interface TestDatabase extends Database, AsyncDisposable {}

/**
 * A migrated, empty database of its own, copied from the template that the run's global setup made. Disposing of it
 * drops it, and fails when something else still holds a connection to it: that something was left running.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const empty = await emptyDatabase(inject('postgres').template)
  const database = openDatabase(empty.connection, { log: silentLog, applicationName: 'test', poolSize: 5 })
  let open = true
  async function close(): Promise<void> {
    if (open) await database.close()
    open = false
  }
  return {
    ...database,
    close,
    async [Symbol.asyncDispose]() {
      await close()
      await empty[Symbol.asyncDispose]()
    },
  }
}

/** A database in which nothing was migrated, or a copy of the named one. */
export async function emptyDatabase(
  template = 'template0',
): Promise<{ readonly connection: Connection } & AsyncDisposable> {
  const { connection } = inject('postgres')
  const name = `test_${randomBytes(8).toString('hex')}`
  await administer(connection, `create database ${name} template ${template}`)
  return {
    connection: withDatabase(connection, name),
    async [Symbol.asyncDispose]() {
      const held = await connectionsLeft(connection, name)
      await administer(connection, `drop database ${name} with (force)`)
      if (held.length > 0) throw new Error(`still connected to the test's database: ${held.join(', ')}`)
    },
  }
}

/** A connection ends on the server a moment after it ended here; what is there after that moment was forgotten. */
async function connectionsLeft(connection: Connection, database: string): Promise<string[]> {
  for (let waitedMs = 0; ; waitedMs += 20) {
    const held = await administer<{ application_name: string }>(
      connection,
      `select application_name from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    )
    if (held.length === 0 || waitedMs >= 20_000) return held.map((one) => one.application_name)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
