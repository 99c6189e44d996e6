import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { type Connection, connectionOptions } from '../../server/src/db/connection.ts'
import { freePort } from '../support/free-port.ts'
import { startPostgres } from '../support/postgres.ts'
import { allInterceptions, eventually, type Row } from '../support/record.ts'
import type { RunningServer } from '../support/server.ts'
import { startDeployment, troublesOf } from './deployment.ts'
import { formatNames } from './dialects.ts'
import { mayhem, type Strikes } from './mayhem.ts'
import { randomFrom } from './random.ts'
import { startTraffic } from './traffic.ts'
import { pause, type Truths, underWay } from './truth.ts'
import { figures, judge, type Recorded, type Verdict } from './verdict.ts'

const seed = Number(process.env['REEVE_CHAOS_SEED'] ?? 20_261_120)
const seconds = Number(process.env['REEVE_CHAOS_SECONDS'] ?? 45)
/** A slow machine needs longer until every format was in the middle of an answer. */
const mostSeconds = 4 * seconds
const load = { agents: 8, sockets: 8 }
const gatewayCount = 2

test(
  'crashes of gateways, drains and PostgreSQL lose no record of any format; the usual design loses them',
  { timeout: (2 * mostSeconds + 300) * 1000 },
  async () => {
    const reeve = await throughReeve()
    const hits = formatNames.map((name) => `${name} ${reeve.hits.get(name) ?? 0}`).join(', ')
    console.log(`seed ${seed}, ${seconds} s\n${figures('reeve', reeve.verdict, reeve.strikes)}\ncut by a kill: ${hits}`)
    const control = await throughControl()
    console.log(figures('control', control.verdict, control.strikes))

    // Whatever could be broken was, and every format was in the middle of an answer when its gateway died.
    for (const [what, times] of Object.entries(reeve.strikes)) expect([what, times > 0]).toEqual([what, true])
    for (const name of formatNames) expect([name, (reeve.hits.get(name) ?? 0) > 0]).toEqual([name, true])
    expect(reeve.verdict).toMatchObject({
      sawWithoutRecord: 0,
      completeWithoutEnd: 0,
      duplicates: 0,
      startsWithoutEnd: 0,
      untruthfulEnds: [],
      miscounted: [],
    })
    expect(reeve.rollups).toEqual(reeve.sums)
    // A test that could not see a loss would pass for everybody.
    expect(control.verdict.sawWithoutRecord).toBeGreaterThan(0)
    expect(control.verdict.completeWithoutEnd).toBeGreaterThan(0)
  },
)

interface Outcome {
  readonly verdict: Verdict
  readonly strikes: Strikes
}

/** Everything that was counted, added up: from the requests, and from the hourly sums that the drains keep. */
interface Counted {
  readonly requests: number
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
}

async function throughReeve(): Promise<
  Outcome & { readonly hits: ReadonlyMap<string, number>; readonly sums: Counted; readonly rollups: Counted }
> {
  await using traffic = await startTraffic(seed)
  await using deployment = await startDeployment(gatewayCount, traffic)
  const { control, gateways } = deployment
  const token = await control.gatewayToken()
  const over = new AbortController()
  let turn = 0
  const next = (provider: string) => {
    const gateway = turn++ % gateways.length
    return { gateway, token, url: `${gateways[gateway]!.url}/api/v2/aibridge/${provider}` }
  }
  const running = traffic.run(next, load, over.signal)
  const hits = new Map<string, number>()
  // Answers in the middle are what a crash can spoil: the format that was hit least so far is waited for.
  const dying = async (gateway: number): Promise<void> => {
    const least = formatNames.toSorted((a, b) => (hits.get(a) ?? 0) - (hits.get(b) ?? 0))[0]!
    for (let waitedMs = 0; waitedMs < 3_000 && !underWay(traffic.truths, gateway).includes(least); waitedMs += 5) {
      await pause(5)
    }
    for (const format of underWay(traffic.truths, gateway)) hits.set(format, (hits.get(format) ?? 0) + 1)
  }
  const random = randomFrom(seed + 1)
  const strikes = await mayhem(troublesOf(deployment, { random, dying }), random, {
    leastMs: seconds * 1000,
    mostMs: mostSeconds * 1000,
    isEnough: () => formatNames.every((name) => hits.has(name)),
  })
  over.abort()
  await running
  const rows = await recordOf(control, traffic.truths)
  const rollups = await usageOf(control)
  for (const server of [...gateways, control]) {
    const code = await server.stop()
    // Why a server did not end in order stands in what it said last.
    if (code !== 0) throw new Error(`a server ended with ${code}:\n${server.output().slice(-4_000)}`)
  }
  return { verdict: judge(traffic.truths, rows.map(recorded)), strikes, hits, sums: sumOf(rows), rollups }
}

/** All rows, when what the provider saw is there and nothing is open, or as they are when that does not come about. */
async function recordOf(control: RunningServer, truths: Truths): Promise<readonly Row[]> {
  const saw = [...truths.values()].filter(({ providerSaw }) => providerSaw)
  const isWhole = (rows: readonly Row[]): boolean => {
    const there = new Set(rows.map((row) => row.request_sha256))
    return rows.every((row) => row.outcome !== 'live') && saw.every(({ requestSha256 }) => there.has(requestSha256))
  }
  const look = (): Promise<readonly Row[]> => allInterceptions(control)
  // PostgreSQL may have been struck last, and is not up yet.
  const lookWhereUp = (): Promise<readonly Row[] | null> => look().catch(() => null)
  const seen = eventually(lookWhereUp, (rows) => rows !== null && isWhole(rows), 180_000)
  return (await seen.catch(look)) ?? look()
}

async function usageOf(control: RunningServer): Promise<Counted> {
  const { json } = await control.api('GET', '/api/v2/usage?group_by=hour&zone=UTC')
  const { total } = json
  return {
    requests: total.requests,
    input: total.input_tokens,
    cacheRead: total.cache_read_input_tokens,
    cacheWrite: total.cache_write_input_tokens,
    output: total.output_tokens,
    reasoning: total.reasoning_tokens,
  }
}

const tokensOf = ({ token_usage: usage }: Row) => ({
  input: usage?.input_tokens ?? 0,
  cacheRead: usage?.cache_read_input_tokens ?? 0,
  cacheWrite: usage?.cache_write_input_tokens ?? 0,
  output: usage?.output_tokens ?? 0,
  reasoning: usage?.reasoning_tokens ?? 0,
})

const recorded = (row: Row): Recorded => ({
  id: row.id,
  requestSha256: row.request_sha256,
  responseSha256: row.response_sha256,
  outcome: row.outcome,
  ended: row.ended_at !== null && row.outcome !== 'live',
  tokens: tokensOf(row),
})

function sumOf(rows: readonly Row[]): Counted {
  const sum = { requests: rows.length, input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }
  for (const row of rows) {
    const tokens = tokensOf(row)
    // SAFETY: the keys of an object that was just made.
    for (const name of Object.keys(tokens) as (keyof typeof tokens)[]) sum[name] += tokens[name]
  }
  return sum
}

async function throughControl(): Promise<Outcome> {
  await using undo = new AsyncDisposableStack()
  const traffic = undo.use(await startTraffic(seed))
  const postgres = await startPostgres(undo)
  await query(postgres.connection, 'create table control_records (sha text not null, outcome text)')
  const port = await freePort()
  const start = async (): Promise<ChildProcess> => {
    const args = [String(port), String(traffic.upstream.port), JSON.stringify(postgres.connection)]
    const child = fork(join(import.meta.dirname, 'control.ts'), args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    await once(child, 'message')
    return child
  }
  let gateway = await start()
  const kill = async (): Promise<void> => {
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
  }
  const over = new AbortController()
  const endpoint = { url: `http://127.0.0.1:${port}`, token: '', gateway: 0 }
  const running = traffic.run(() => endpoint, { ...load, sockets: 0 }, over.signal)
  const crashes = [
    {
      name: 'kills',
      gapMs: [1_000, 3_500],
      async strike() {
        await kill()
        gateway = await start()
        return true
      },
    },
    {
      name: 'PostgreSQL crashes',
      gapMs: [4_000, 7_000],
      strike: async () => {
        const pid = postgres.pid()
        return pid !== null && process.kill(pid, 'SIGKILL')
      },
    },
  ] as const
  const leastMs = Math.min(seconds, 15) * 1000
  const strikes = await mayhem(crashes, randomFrom(seed + 1), { leastMs, mostMs: 4 * leastMs })
  over.abort()
  await running
  // Two flushes: whatever the control was going to write is written.
  await pause(1_200)
  const summed = 'select sha, max(outcome) as outcome from control_records group by sha'
  const rows = await eventually(
    () => query(postgres.connection, summed).catch(() => null),
    (found) => found !== null,
  )
  await kill()
  return { verdict: judge(traffic.truths, rows!.map(controlled)), strikes }
}

function controlled(row: Row, index: number): Recorded {
  const { sha: requestSha256 } = row
  const outcome = row.outcome ?? 'live'
  return {
    id: String(index),
    requestSha256,
    responseSha256: 'not kept',
    outcome,
    ended: row.outcome !== null,
    tokens: null,
  }
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
