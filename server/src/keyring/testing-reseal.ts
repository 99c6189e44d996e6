/** Seals everything again until it is killed or done, and tells its parent of each batch. For a test. */
import { silentLog, systemClock } from '@reeve/base'
import type { Connection } from '../db/connection.ts'
import { openDatabase } from '../db/database.ts'
import { createKeyring } from './keyring.ts'
import { resealAll } from './reseal.ts'
import { parseKey } from './seal.ts'

// SAFETY: the parent, which is our own test, writes it so.
const task = JSON.parse(process.argv[2] ?? '') as {
  readonly connection: Connection
  readonly keys: readonly string[]
  /** Ends itself inside of this batch's transaction, after its rows were written; null to let the parent do it. */
  readonly dieIn: number | null
}

const db = openDatabase(task.connection, { log: silentLog, applicationName: 'reseal', poolSize: 2 })
let batches = 0
const done = await resealAll({
  db,
  keyring: createKeyring(task.keys.map(parseKey).filter((key) => key !== null)),
  clock: systemClock,
  log: silentLog,
  signal: new AbortController().signal,
  batchRows: 7,
  async record() {
    batches++
    process.stdout.write(`batch ${batches}\n`)
    if (batches === task.dieIn) process.kill(process.pid, 'SIGKILL')
  },
})
process.stdout.write(`done ${done.resealed}\n`)
await db.close()
