/**
 * What does the hash chain of the audit log cost? Transactions per second that each change one row and write one event,
 * with the chain and without it, by how many write at the same time, with a disk that syncs and one that does not:
 *
 *   node bench/audit.ts [directory]
 *
 * The directory should be on the disk in question; PostgreSQL is started in it. Rounds alternate between chain and none,
 * and the figures are medians, so that a busy machine disturbs both alike.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { sql } from 'kysely'
import { appendAudit } from '../server/src/audit/journal.ts'
import { type Database, openDatabase } from '../server/src/db/database.ts'
import { startEmbeddedPostgres } from '../server/src/db/embedded/embedded-postgres.ts'
import { migrate } from '../server/src/db/migrate.ts'

const rounds = 5
const secondsEach = 2
const writersMost = 16

interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Each writer has a row of its own, so that nothing but the chain makes one wait for another. */
async function measure(db: Database, writers: number): Promise<Figures> {
  const latencies: number[] = []
  const until = performance.now() + secondsEach * 1_000
  const write = async (writer: number): Promise<void> => {
    while (performance.now() < until) {
      const started = performance.now()
      await db.transaction(async (tx) => {
        await sql`update things set times = times + 1 where id = ${writer}`.execute(tx)
        await appendAudit(tx, {
          scope: { actor: null, requestId: 'bench', sourceIp: '192.0.2.1', userAgent: 'bench' },
          at: systemClock.now(),
          action: 'write',
          resourceType: 'thing',
          resourceId: String(writer),
          resourceTarget: `thing ${writer}`,
          diff: { name: { old: 'the name that it had', new: 'the name that it has' } },
        })
      })
      latencies.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return { perSecond: latencies.length / secondsEach, p50Ms: at(0.5), p99Ms: at(0.99) }
}

const median = (figures: readonly Figures[], of: keyof Figures): number =>
  figures.map((each) => each[of]).toSorted((a, b) => a - b)[figures.length >> 1] ?? 0

async function compare(db: Database, writers: number): Promise<Record<'yes' | 'no', readonly Figures[]>> {
  const taken: Record<'yes' | 'no', Figures[]> = { yes: [], no: [] }
  for (let round = 0; round < rounds; round++) {
    for (const chain of ['yes', 'no'] as const) {
      const how = chain === 'yes' ? 'enable' : 'disable'
      await sql.raw(`alter table audit_events ${how} trigger audit_events_link`).execute(db.sql)
      taken[chain].push(await measure(db, writers))
    }
  }
  return taken
}

async function withSetting(db: Database, fsync: 'on' | 'off'): Promise<void> {
  await sql.raw(`alter system set fsync = ${fsync}`).execute(db.sql)
  await sql`select pg_reload_conf()`.execute(db.sql)
  const shown = async () => (await sql<{ fsync: string }>`show fsync`.execute(db.sql)).rows[0]?.fsync
  while ((await shown()) !== fsync) await new Promise((resolve) => setTimeout(resolve, 20))
}

const root = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'reeve-bench-'))
await chmod(root, 0o711)
try {
  await using postgres = await startEmbeddedPostgres({ dataDir: root, log: silentLog, clock: systemClock })
  await migrate(postgres.connection, { log: silentLog })
  const options = { log: silentLog, applicationName: 'bench', poolSize: writersMost + 1 }
  await using stack = new AsyncDisposableStack()
  const db = openDatabase(postgres.connection, options)
  stack.defer(() => db.close())
  await sql`create table things (id integer primary key, times integer not null default 0)`.execute(db.sql)
  await sql`insert into things select generate_series(0, ${writersMost}::integer)`.execute(db.sql)
  await measure(db, 1)

  process.stdout.write('fsync  writers  chain  transactions/s  p50 ms  p99 ms\n')
  for (const fsync of ['on', 'off'] as const) {
    await withSetting(db, fsync)
    for (const writers of [1, 4, writersMost]) {
      for (const [chain, taken] of Object.entries(await compare(db, writers))) {
        const cells = [
          fsync.padEnd(5),
          String(writers).padStart(8),
          chain.padStart(6),
          median(taken, 'perSecond').toFixed(0).padStart(15),
          median(taken, 'p50Ms').toFixed(2).padStart(7),
          median(taken, 'p99Ms').toFixed(2).padStart(7),
        ]
        process.stdout.write(`${cells.join(' ')}\n`)
      }
    }
  }
} finally {
  await rm(root, { recursive: true, force: true })
}
