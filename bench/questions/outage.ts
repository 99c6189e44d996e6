import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'
import { connectionUrl } from '../../test/support/postgres.ts'
import { residentBytes } from '../../test/support/processes.ts'
import { shapes } from '../conversation.ts'
import { figuresIn } from '../database.ts'
import { atMost, figure, type Finding } from '../finding.ts'
import { caughtUp, startRig } from '../rig.ts'

const perSecond = 50

/**
 * The second half of row G8: the dominant workload while PostgreSQL is away. What is not in it yet must be on disk, not
 * in memory, and all of it must arrive.
 */
export async function outage(minutes: number): Promise<Finding> {
  await using undo = new AsyncDisposableStack()
  const dataDir = mkdtempSync(join(tmpdir(), 'reeve-bench-'))
  undo.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const start = () => startEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock })
  let postgres = await start()
  undo.defer(() => postgres[Symbol.asyncDispose]())
  const rig = undo.use(
    await startRig({
      env: {
        REEVE_POSTGRES_URL: connectionUrl(postgres),
        REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
        REEVE_AIBRIDGE_TOKEN_OUTAGE: '1d',
      },
    }),
  )
  const { server } = rig.reeve
  // As any other gateway: to ask it whether its record has caught up would wait for PostgreSQL.
  const subject = { ...rig.reeve, server: null }
  const load = { shape: shapes['200 KB'], answer: 'sse', clients: 32, warmupMs: 0, once: false } as const
  const ask = (requests: number) =>
    rig.measure(subject, { ...load, requests, perSecond, measureMs: (requests / perSecond) * 3_000 })
  const look = () => ({ gateway: residentBytes(server.pid()), journal: bytesIn(join(server.dataDir, 'journal')) })
  const count = async (): Promise<number> =>
    (await figuresIn(postgres.connection, 'select count(*) as n from interceptions where ended_at is not null'))['n']!

  await ask(perSecond * 20)
  await caughtUp(server)
  const recordsBefore = await count()
  const before = look()
  await postgres[Symbol.asyncDispose]()

  let most = 0
  const rows: string[][] = [['before', '', mb(before.gateway), mb(before.journal)]]
  const watch = setInterval(() => (most = Math.max(most, residentBytes(server.pid()))), 500)
  let [requests, wrongBodies] = [0, 0]
  const failures: string[] = []
  for (let minute = 1; minute <= minutes; minute++) {
    const found = await ask(perSecond * 60)
    requests += found.requests
    wrongBodies += found.wrongBodies
    failures.push(...found.failures)
    const now = look()
    rows.push([`${minute} min without`, figure(requests), mb(now.gateway), mb(now.journal)])
  }
  clearInterval(watch)

  postgres = await start()
  const backMs = performance.now()
  await caughtUp(server)
  const seconds = (performance.now() - backMs) / 1_000
  const records = (await count()) - recordsBefore
  const after = look()
  rows.push([`${figure(seconds)} s after it is back`, '', mb(after.gateway), mb(after.journal)])
  return {
    question: 'What becomes of memory and record while PostgreSQL is away?',
    method: `Open loop: ${perSecond} requests of 200 KB a second with answers of 300 events, for ${minutes} min without PostgreSQL, which is then started again. Memory is that of the gateway process.`,
    header: ['', 'requests', 'MB resident', 'MB of journal'],
    rows,
    targets: [
      atMost('G8 resident memory while PostgreSQL is away, at most', most / 2 ** 20, 600, ' MB'),
      atMost('requests without a record', requests - records, 0),
      atMost('records more than requests', records - requests, 0),
      atMost('bodies that differ', wrongBodies, 0),
      atMost('requests that failed', failures.length, 0),
    ],
    doubts: requests >= perSecond * 60 * minutes ? [] : [`${requests} requests were answered: ${failures[0] ?? ''}`],
  }
}

const mb = (bytes: number): string => figure(bytes / 2 ** 20)

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
