/**
 * What does a recorded decision cost the boundary, and does a control plane that is away lose any?
 *
 *   node bench/boundary-record.ts [--seconds 600] [--rate 100] [directory]
 *
 * Real time, a real disk, a real HTTP server: decisions come at that rate while the server refuses everything, for that
 * long; then it answers again. Every line must arrive once, in order, with its chain whole. The directory should be on
 * the disk in question. Beside it, a client without a record sends each decision once: it must lose them, or there was no
 * outage to survive.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Secret, silentLog, systemClock } from '@reeve/base'
import { createRecorder } from '../boundary/src/audit/recorder.ts'
import { openSpool } from '../boundary/src/audit/spool.ts'
import { nodeSpoolFiles } from '../boundary/src/audit/spool-files.ts'
import { SpoolReader } from '../boundary/src/audit/spool-reader.ts'
import { netFact } from '../boundary/src/audit/testing.ts'
import { createDelivery } from '../boundary/src/control/delivery.ts'
import { createControlHttp } from '../boundary/src/control/http.ts'
import { testControl } from '../boundary/src/control/testing.ts'
import { systemTimers as timers } from '../boundary/src/timers.ts'

const text = { type: 'string' } as const
const { values, positionals } = parseArgs({ options: { seconds: text, rate: text }, allowPositionals: true })
const seconds = Number(values.seconds ?? 600)
const rate = Number(values.rate ?? 100)
const session = '01934f2a-0000-7000-8000-000000000001'

const directory = await mkdtemp(join(positionals[0] ?? tmpdir(), 'reeve-bench-'))
await using control = await testControl()
control.sessions.set(session, { registration: {}, lines: [], head: null, chained: true, end: null })
const spool = openSpool({ files: nodeSpoolFiles(directory), clock: systemClock, timers, log: silentLog })
await using recorder = createRecorder({
  session,
  tier: 1,
  policy: () => ({ name: 'claude-task', version: 17 }),
  spool,
  clock: systemClock,
  timers,
})
const http = createControlHttp({ url: control.url, token: new Secret('a-token'), userAgent: 'bench', env: {}, timers })
const delivery = createDelivery({
  session,
  http,
  openReader: () => new SpoolReader(directory),
  durable: () => spool.durable,
  timers,
  random: Math.random,
  log: silentLog,
  register: async () => ({ ok: true, value: null }),
})
const durableAfter: number[] = []
const recordedAt = new Map<number, number>()
spool.onDurable(() => {
  delivery.wake()
  for (const [seq, at] of recordedAt) {
    if (seq > spool.durable) break
    durableAfter.push(performance.now() - at)
    recordedAt.delete(seq)
  }
})
const forgetful = { sent: 0, arrived: 0 }
const other = createServer((_, response) => response.writeHead(control.fault === null ? 204 : 503).end())
await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
const otherPort = Object(other.address()).port
async function sendOnce(): Promise<void> {
  forgetful.sent++
  const answer = await fetch(`http://127.0.0.1:${otherPort}`, { method: 'POST', body: '{}' }).catch(() => null)
  if (answer?.ok === true) forgetful.arrived++
}

const stop = new AbortController()
const running = delivery.run(stop.signal)

control.fault = () => ({ status: 503 })
const costs: number[] = []
const began = performance.now()
for (let n = 0; n < seconds * rate; n++) {
  const fact = netFact(n % 10 === 0 ? 'deny' : 'allow', { host: `h${n}.example.com` })
  const at = performance.now()
  const { seq } = recorder.record(fact)
  costs.push((performance.now() - at) * 1_000)
  recordedAt.set(seq, at)
  void sendOnce()
  const waits = began + ((n + 1) * 1_000) / rate - performance.now()
  if (waits > 0) await new Promise((resolve) => setTimeout(resolve, waits))
}
await recorder.flush()
const back = performance.now()
control.fault = null
await delivery.reached(recorder.head.seq, AbortSignal.timeout(120_000))
const caughtUpMs = performance.now() - back
stop.abort()
await running
http[Symbol.dispose]()

const there = control.sessions.get(session)!
const lost = there.lines.length - (recorder.head.seq + 1)
const at = (figures: number[], share: number) =>
  figures.toSorted((a, b) => a - b)[Math.floor(figures.length * share)]?.toFixed(1) ?? '-'
console.log(
  `recorded     ${recorder.head.seq + 1} lines of ${Math.round(spool.bytes / (recorder.head.seq + 1))} bytes in ${seconds} s`,
)
console.log(`record()     p50 ${at(costs, 0.5)} us, p99 ${at(costs, 0.99)} us`)
console.log(`durable in   p50 ${at(durableAfter, 0.5)} ms, p99 ${at(durableAfter, 0.99)} ms`)
console.log(`caught up    in ${(caughtUpMs / 1_000).toFixed(1)} s after the control plane answered again`)
console.log(
  `delivered    ${lost === 0 && there.chained ? 'every line once, in order, chain whole' : `WRONG: ${lost} lines, chain ${there.chained}`}`,
)
console.log(`no record    ${forgetful.sent - forgetful.arrived} of ${forgetful.sent} decisions lost`)
other.close()
await rm(directory, { recursive: true })
if (lost !== 0 || !there.chained || forgetful.arrived === forgetful.sent) process.exitCode = 1
