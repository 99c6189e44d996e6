import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded/embedded-postgres.ts'
import { migrate } from '../../db/migrate.ts'
import { type Journal, openJournal } from '../../journal/journal.ts'
import { createRecorder } from '../record/recorder.ts'
import { bodyOf, record, someone, startFacts, streamOf } from '../testing.ts'
import { type Drain, startDrain } from './drain.ts'

/** One PostgreSQL of our own to be unkind to, and one drain in its own thread that lives through all of it. */
const who = someone()
const clock: Clock = systemClock
const said: string[] = []
let dataDir: string
let postgres: EmbeddedPostgres
let db: Database
let drain: Drain
let journal: Journal
let say: (text: string) => Promise<void>
const owned = new AsyncDisposableStack()

const startPostgres = () => startEmbeddedPostgres({ dataDir, log: silentLog, clock })

beforeAll(async () => {
  const temporary = async (what: string) => {
    const folder = await mkdtemp(join(tmpdir(), `reeve-outage-${what}-`))
    owned.defer(() => rm(folder, { recursive: true }))
    return folder
  }
  dataDir = await temporary('data')
  const dir = await temporary('journal')
  postgres = await startPostgres()
  owned.defer(() => postgres[Symbol.asyncDispose]())
  const { connection } = postgres
  await migrate(connection, { log: silentLog })
  db = owned.adopt(openDatabase(connection, { log: silentLog, applicationName: 'test' }), (open) => open.close())
  journal = owned.use(await openJournal({ dir, clock, log: silentLog, reserveBytes: 4096 }))
  drain = owned.use(
    startDrain({
      journal,
      connection,
      structuredLogging: false,
      tracing: null,
      clock,
      log: silentLog,
      onBatch: () => {},
    }),
  )
  const recorder = owned.use(
    createRecorder({ journal, capture: 'full', masker: null, watch: { durable: drain.nudge, amend: (_, end) => end } }),
  )
  say = async (text) => {
    const start = startFacts(who, bodyOf([{ role: 'user', content: text }]))
    said.push(await record(recorder, start, streamOf({ text: `answer to ${text}` })))
  }
})
afterAll(() => owned.disposeAsync())

/** Records while the blow falls and after it, so that it falls into the middle of a batch; then waits for its effect. */
async function through(name: string, blow: () => PromiseLike<void> | void): Promise<void> {
  for (let i = 0; i < 60; i++) {
    if (i === 30) await blow()
    await say(`${name} ${i}`)
  }
  expect(journal.bytesAfter(drain.status().drained)).toBeGreaterThan(0)
}

async function expectLag(): Promise<void> {
  await expect.poll(() => drain.status().lagSeconds).toBeGreaterThan(0.5)
}

/** Everything recorded is in the database once, as it was recorded, and the drain has nothing to complain about. */
async function expectAll(): Promise<void> {
  expect(await drain.settle(120_000)).toBe(true)
  expect(drain.status()).toMatchObject({ detail: '', lagSeconds: 0, restarts: 0 })
  const rows = await db.sql.selectFrom('interceptions').select(['id', 'outcome']).orderBy('id').execute()
  expect(rows).toEqual(said.toSorted().map((id) => ({ id, outcome: 'ok' })))
  const items = await db.sql.selectFrom('interception_items').select('interception_id').execute()
  expect(items.length).toBe(said.length * 2)
  const sessions = await db.sql.selectFrom('sessions').select(['requests', 'open_requests', 'input_tokens']).execute()
  expect(sessions).toEqual([{ requests: said.length, open_requests: 0, input_tokens: said.length * 10 }])
  expect(await db.sql.selectFrom('drain_rejects').selectAll().execute()).toEqual([])
}

async function processes(): Promise<number[]> {
  const postmaster = postgres.pid()!
  const parents = await Promise.all(
    (await readdir('/proc'))
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        // One that has ended in between is nobody's child.
        const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => ') X 0')
        return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }
      }),
  )
  return [postmaster, ...parents.filter(({ parent }) => parent === postmaster).map(({ pid }) => pid)]
}

test('a PostgreSQL that freezes: the record waits, the lag shows, and it goes on where it stood', async () => {
  await say('before')
  await expectAll()
  let frozen: number[] = []
  await through('freeze', async () => {
    frozen = await processes()
    for (const pid of frozen) process.kill(pid, 'SIGSTOP')
  })
  await expectLag()
  for (const pid of frozen) process.kill(pid, 'SIGCONT')
  await expectAll()
})

test('a PostgreSQL that crashes: everything recorded meanwhile is in the database once it is back', async () => {
  const before = postgres.pid()!
  await through('crash', () => void process.kill(before, 'SIGQUIT'))
  await expect.poll(() => postgres.pid() ?? before).not.toBe(before)
  await expectAll()
})

test('a PostgreSQL that is stopped: the status says that it is, and since when the record waits', async () => {
  await through('stop', () => postgres[Symbol.asyncDispose]())
  await expectLag()
  await expect.poll(() => drain.status().detail).toContain('kept on disk')
  postgres = await startPostgres()
  await expectAll()
})
