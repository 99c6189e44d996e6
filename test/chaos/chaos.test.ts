import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import pg from 'pg'
import { expect, test } from 'vitest'
import { type Connection, connectionOptions } from '../../server/src/db/connection.ts'
import { startEmbeddedPostgres } from '../../server/src/db/embedded/embedded-postgres.ts'
import { freePort } from '../support/free-port.ts'
import { allInterceptions, eventually, type Row } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { type Crashes, mayhem } from './mayhem.ts'
import { randomFrom } from './random.ts'
import { startTraffic } from './traffic.ts'
import { figures, judge, type Recorded, type Verdict } from './verdict.ts'

const seed = Number(process.env['REEVE_CHAOS_SEED'] ?? 20_261_120)
const seconds = Number(process.env['REEVE_CHAOS_SECONDS'] ?? 45)
const agents = 40

test(
  'crashes lose no record, and the same crashes do lose records of the usual design',
  { timeout: (seconds * 2 + 180) * 1000 },
  async () => {
    const reeve = await throughReeve()
    console.log(`seed ${seed}, ${seconds} s, ${agents} agents\n${figures('reeve', reeve.verdict, reeve.crashes)}`)
    const control = await throughControl()
    console.log(figures('control', control.verdict, control.crashes))

    expect(reeve.crashes.servers).toBeGreaterThan(0)
    expect(reeve.crashes.databases).toBeGreaterThan(0)
    expect(reeve.verdict).toMatchObject({
      sawWithoutRecord: 0,
      completeWithoutEnd: 0,
      duplicates: 0,
      startsWithoutEnd: 0,
    })
    expect(reeve.verdict.untruthfulEnds).toEqual([])
    // A test that could not see a loss would pass for everybody.
    expect(control.verdict.sawWithoutRecord).toBeGreaterThan(0)
    expect(control.verdict.completeWithoutEnd).toBeGreaterThan(0)
  },
)

interface Outcome {
  readonly verdict: Verdict
  readonly crashes: Crashes
}

async function throughReeve(): Promise<Outcome> {
  await using traffic = await startTraffic(seed)
  await using server = await startServer({
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: traffic.upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-chaos-0000000000',
    },
  })
  const token = await server.gatewayToken()
  const over = new AbortController()
  const load = traffic.run(() => ({ url: `${server.url}/api/v2/aibridge/anthropic`, token }), agents, over.signal)
  const random = randomFrom(seed + 1)
  const crashes = await mayhem(
    {
      async crashServer() {
        await server.kill()
        await started(server)
      },
      async crashDatabase() {
        const pid = server.postmasterPid()
        if (pid === null) return false
        process.kill(pid, random() < 0.5 ? 'SIGKILL' : 'SIGQUIT')
        return true
      },
    },
    random,
    seconds * 1000,
  )
  over.abort()
  await load
  await eventually(
    async () => (await server.api('GET', '/api/v2/aibridge/status')).json.journal?.pending_bytes,
    (pending) => pending === 0,
    60_000,
  )
  const rows = await eventually(
    () => allInterceptions(server),
    (seen) => seen.every((row) => row.outcome !== 'live'),
    30_000,
  ).catch(() => allInterceptions(server))
  expect(await server.stop()).toBe(0)
  return { verdict: judge(traffic.truths, rows.map(recorded)), crashes }
}

/** As a service manager would: a server whose PostgreSQL was killed under its hands while it started is tried again. */
async function started(server: RunningServer, tries = 5): Promise<void> {
  try {
    await server.start()
  } catch (failed) {
    if (tries === 1) throw failed
    await started(server, tries - 1)
  }
}

function recorded(row: Row): Recorded {
  return {
    id: row.id,
    requestSha256: row.request_sha256,
    responseSha256: row.response_sha256,
    outcome: row.outcome,
    ended: row.ended_at !== null && row.outcome !== 'live',
  }
}

async function throughControl(): Promise<Outcome> {
  await using traffic = await startTraffic(seed)
  const dataDir = mkdtempSync(join(tmpdir(), 'reeve-control-'))
  chmodSync(dataDir, 0o711)
  try {
    await using database = await startEmbeddedPostgres({ dataDir, log: silentLog, clock: systemClock })
    await query(database.connection, 'create table control_records (sha text not null, outcome text)')
    const port = await freePort()
    const start = async (): Promise<ChildProcess> => {
      const args = [String(port), String(traffic.upstream.port), JSON.stringify(database.connection)]
      const child = fork(join(import.meta.dirname, 'control.ts'), args, {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      await once(child, 'message')
      return child
    }
    let gateway = await start()
    const kill = async (): Promise<void> => {
      gateway.kill('SIGKILL')
      await once(gateway, 'exit')
    }
    const over = new AbortController()
    const load = traffic.run(() => ({ url: `http://127.0.0.1:${port}`, token: '' }), agents, over.signal)
    const crashes = await mayhem(
      {
        async crashServer() {
          await kill()
          gateway = await start()
        },
        async crashDatabase() {
          const pid = database.pid()
          if (pid === null) return false
          process.kill(pid, 'SIGKILL')
          return true
        },
      },
      randomFrom(seed + 1),
      Math.min(seconds, 15) * 1000,
    )
    over.abort()
    await load
    // Two flushes: whatever the control was going to write is written.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    const rows = await eventually(
      () =>
        query(database.connection, 'select sha, max(outcome) as outcome from control_records group by sha').catch(
          () => null,
        ),
      (found) => found !== null,
    )
    await kill()
    return { verdict: judge(traffic.truths, rows!.map(controlled)), crashes }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function controlled(row: Row, index: number): Recorded {
  const outcome = row.outcome ?? 'live'
  return { id: String(index), requestSha256: row.sha, responseSha256: 'not kept', outcome, ended: row.outcome !== null }
}

async function query(connection: Connection, text: string): Promise<Row[]> {
  const client = new pg.Client(connectionOptions(connection))
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
