import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Ask, ask } from '../../test/support/client.ts'
import { freePort } from '../../test/support/free-port.ts'
import { messageEvents } from '../../test/support/messages.ts'
import { childrenOf } from '../../test/support/processes.ts'
import {
  allInterceptions,
  eventually as eventuallyWithin,
  type Row,
  settledInterceptions,
} from '../../test/support/record.ts'
import { chunk, eventStream, eventStreamHead } from '../../test/support/replies.ts'
import { type RunningServer, startServer } from '../../test/support/server.ts'
import { startUpstream, type Upstream } from '../../test/support/upstream.ts'

const turn = { blocks: [{ type: 'text', text: 'Two of us.' }], usage: { input_tokens: 7, output_tokens: 3 } } as const
const events = messageEvents(turn)
const question = JSON.stringify({
  model: 'm',
  max_tokens: 10,
  stream: true,
  messages: [{ role: 'user', content: 'hi' }],
})

/** Processes are killed and started again here, on a machine that may have much else to do. */
const patientMs = 60_000
vi.setConfig({ testTimeout: 3 * patientMs, hookTimeout: 2 * patientMs })

let upstream: Upstream
let env: Record<string, string>
let server: RunningServer
let token: string
let metricsPort: number

beforeAll(async () => {
  upstream = await startUpstream()
  metricsPort = await freePort()
  env = {
    REEVE_GATEWAY_PROCESSES: '2',
    REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
    REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-processes-000000',
    REEVE_PROMETHEUS_ENABLE: 'true',
    REEVE_PROMETHEUS_ADDRESS: `127.0.0.1:${metricsPort}`,
    REEVE_LOG: 'json',
  }
  server = await startServer({ env })
  token = await server.gatewayToken()
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
})

const eventually = <T>(look: () => Promise<T>, ready: (seen: T) => boolean): Promise<T> =>
  eventuallyWithin(look, ready, patientMs)

const gatewayPids = (): number[] =>
  childrenOf(server.pid())
    .filter(({ command }) => command.startsWith('reeve gateway'))
    .map(({ pid }) => pid)

/** Empty when a process died under the connection that asked. */
const recorded = (): Promise<readonly Row[]> => allInterceptions(server).catch(() => [])

/** Each on a connection of its own, which is what is handed round. */
const say = (watching: Pick<Ask, 'signal' | 'onBytes'> = {}) =>
  ask(`${server.url}/api/v2/aibridge/anthropic/v1/messages`, {
    headers: [
      ['x-api-key', token],
      ['Content-Type', 'application/json'],
    ],
    body: question,
    ...watching,
  })

async function metric(name: string): Promise<number> {
  const text = (await ask(`http://127.0.0.1:${metricsPort}/metrics`)).body.toString()
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

const gateways = async () => (await server.api('GET', '/api/v2/aibridge/gateways')).json.gateways

test('the processes share the load, each with a journal of its own, and the numbers come together', async () => {
  upstream.answer(() => eventStream(events))
  const answers = await Promise.all(Array.from({ length: 20 }, () => say()))
  for (const answer of answers) expect([answer.status, answer.complete]).toEqual([200, true])
  const rows = await settledInterceptions(server, 20)
  expect(rows.filter(({ outcome }) => outcome === 'ok')).toHaveLength(20)
  expect(readdirSync(server.dataDir).filter((name) => name.startsWith('journal'))).toEqual(['journal', 'journal-2'])
  expect(await metric('reeve_interceptions_total')).toBe(20)
  expect(await metric('reeve_ai_providers')).toBeGreaterThan(0)
  const list = await eventually(gateways, (found) => found.length === 2)
  expect(list.map(({ process, state }: { process: number; state: string }) => [process, state])).toEqual([
    [1, 'running'],
    [2, 'running'],
  ])
})

test('L7 no signal opens a debugger in any of the processes', async () => {
  const pids = gatewayPids()
  expect(pids).toHaveLength(2)
  for (const pid of pids) process.kill(pid, 'SIGUSR1')
  const listening = () => readFileSync('/proc/net/tcp', 'latin1').match(/:240D \S+ 0A/g) ?? []
  for (let i = 0; i < 10; i++) expect((await say()).status).toBe(200)
  expect(server.output()).not.toContain('Debugger listening')
  expect(listening()).toEqual([])
  expect(gatewayPids()).toEqual(pids)
})

test('the console and the management API answer at the same address, live views too', async () => {
  expect((await server.api('GET', '/api/v2/users/me')).json.username).toBe('dana')
  expect((await server.api('GET', '/api/v2/nothing')).status).toBe(404)
  const stop = new AbortController()
  let heard = ''
  const { promise: live, resolve } = Promise.withResolvers<void>()
  const view = ask(`${server.url}/api/v2/aibridge/sessions-watch`, {
    headers: [['Reeve-Session-Token', server.ownerToken]],
    signal: stop.signal,
    onBytes(bytes) {
      heard += bytes.toString()
      if (heard.includes('session_id')) resolve()
    },
  })
  await say()
  await live
  stop.abort()
  await view
})

test('of a sign-in that came through a gateway process the audit log has the address of the client', async () => {
  const { json } = await server.api('GET', '/api/v2/audit?limit=50')
  expect(new Set(json.audit_logs.map(({ ip }: { ip: string }) => ip).filter(Boolean))).toEqual(new Set(['127.0.0.1']))
})

test('a killed process takes its own streams with it, they end on record, and it is started again', async () => {
  const before = upstream.seen.length
  await settledInterceptions(server, before)
  upstream.answer(() => [eventStreamHead(), chunk(events[0]!), { do: 'stall' }])
  // So many that none of the processes is left out, as the kernel hands them out.
  const many = 16
  const asked: ReturnType<typeof say>[] = []
  // Only an answer that has begun at its client can be cut.
  const begun = Array.from(
    { length: many },
    () => new Promise<void>((resolve) => asked.push(say({ onBytes: () => resolve() }))),
  )
  await Promise.all(begun)
  const [first, second] = gatewayPids()
  process.kill(first!, 'SIGKILL')
  const cut = await eventually(
    recorded,
    (rows) => rows.length >= before + many && rows.some(({ outcome }) => outcome === 'interrupted'),
  )
  expect(cut.length).toBe(before + many)
  expect(cut.filter(({ outcome }) => outcome === 'live').length).toBeGreaterThan(0)
  await eventually(
    async () => gatewayPids(),
    (pids) => pids.length === 2 && !pids.includes(first!),
  )
  expect(gatewayPids()).toContain(second)
  upstream.answer(() => eventStream(events))
  expect((await say()).complete).toBe(true)
  process.kill(second!, 'SIGKILL')
  for (const answer of await Promise.all(asked)) expect(answer.complete).toBe(false)
  const rows = await eventually(recorded, (seen) => seen.length > 0 && seen.every(({ outcome }) => outcome !== 'live'))
  expect(rows.filter(({ outcome }) => outcome === 'interrupted')).toHaveLength(many)
  // What the processes had counted when they died stays counted.
  expect(await metric('reeve_interceptions_total')).toBeGreaterThanOrEqual(20)
})

test('a stop lets open streams end, and leaves nothing running', async () => {
  await eventually(
    async () => gatewayPids(),
    (pids) => pids.length === 2,
  )
  const gate = Promise.withResolvers<void>()
  upstream.answer(() => [
    ...eventStream(events).slice(0, 2),
    { do: 'until', settled: gate.promise },
    ...eventStream(events).slice(2),
  ])
  const arrived = upstream.seen.length + 1
  const answer = say()
  await upstream.arrived(arrived)
  const stopped = server.stop()
  await eventually(
    () =>
      ask(`${server.url}/healthz`).then(
        () => 'answered',
        () => 'refused',
      ),
    (said) => said === 'refused',
  )
  gate.resolve()
  expect((await answer).complete).toBe(true)
  expect(await stopped).toBe(0)
})

test('with fewer processes than before, the journal that nobody writes any more is brought in and goes', async () => {
  const before = readdirSync(server.dataDir)
  expect(before).toContain('journal-2')
  env['REEVE_GATEWAY_PROCESSES'] = '1'
  await server.start()
  await eventually(
    async () => readdirSync(server.dataDir),
    (names) => !names.includes('journal-2'),
  )
  // It says so a moment after the folder has gone.
  await eventually(
    async () => server.output(),
    (said) => said.includes('a journal of another process was brought in'),
  )
  expect((await say()).complete).toBe(true)
})
