import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, silentLog } from '@reeve/base'
import { expect, test } from 'vitest'
import type { SessionRecorder } from '../audit/recorder.ts'
import { openSpool, type Spool } from '../audit/spool.ts'
import { nodeSpoolFiles } from '../audit/spool-files.ts'
import { SpoolReader } from '../audit/spool-reader.ts'
import { manualTime, netFact, scratchDirectory, testRecorder, testSession } from '../audit/testing.ts'
import { systemTimers } from '../timers.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import { createControlHttp } from './http.ts'
import { type TestControl, testControl } from './testing.ts'

interface Rig extends AsyncDisposable {
  readonly recorder: SessionRecorder
  readonly spool: Spool
  readonly delivery: Delivery
}

function rig(directory: string, control: TestControl, time: ReturnType<typeof manualTime>): Rig {
  control.sessions.set(testSession, { registration: {}, lines: [], head: null, chained: true, end: null })
  const spool = openSpool({ files: nodeSpoolFiles(directory), ...time, log: silentLog })
  const recorder = testRecorder(directory, { ...time, spool })
  const http = createControlHttp({
    url: control.url,
    token: new Secret('a-token'),
    userAgent: 'test',
    env: {},
    timers: systemTimers,
  })
  const delivery = createDelivery({
    session: testSession,
    http,
    openReader: () => new SpoolReader(directory),
    durable: () => spool.durable,
    timers: time.timers,
    random: () => 0.5,
    log: silentLog,
    register: async () => ({ ok: true, value: null }),
  })
  spool.onDurable(() => delivery.wake())
  const stop = new AbortController()
  const running = delivery.run(stop.signal)
  return {
    recorder,
    spool,
    delivery,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await recorder[Symbol.asyncDispose]()
      http[Symbol.dispose]()
    },
  }
}

test('P04: a control plane that is down for ten minutes at a hundred events a second gets all of them, in order', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const time = manualTime()
  await using run = rig(scratch.path, control, time)
  const told: (string | null)[] = []
  control.fault = (request) => (request.startsWith('POST') ? { status: 503 } : null)
  for (let second = 0; second < 600; second++) {
    for (let n = 0; n < 100; n++) {
      const { denial } = run.recorder.record(netFact(n % 10 === 0 ? 'deny' : 'allow', { host: `h${second}-${n}.test` }))
      if (denial !== null) told.push(denial)
    }
    await time.advance(1_000)
  }
  await run.recorder.flush()
  expect(run.delivery.acknowledged).toBe(-1)
  expect(run.delivery.failure).toContain('503')
  control.fault = null
  const there = control.sessions.get(testSession)!
  await expect.poll(async () => (await time.advance(30_000), run.delivery.acknowledged)).toBe(run.recorder.head.seq)
  expect(there.chained).toBe(true)
  expect(there.lines.map(({ seq }) => seq)).toEqual(Array.from({ length: run.recorder.head.seq + 1 }, (_, seq) => seq))
  expect(there.lines.some(({ kind }) => kind === 'gap')).toBe(false)
  const denials = new Set(there.lines.map(({ denial }) => denial))
  expect(told.filter((denial) => !denials.has(denial))).toEqual([])
  // What was refused for ten minutes was asked for some dozens of times, not thousands.
  expect(control.requests.filter((request) => request.endsWith('/events')).length).toBeLessThan(300)
})

test('however calls break off, every line arrives once and in order', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const time = manualTime()
  await using run = rig(scratch.path, control, time)
  const script = ['hang up', 503, 429, 413, 401, 413, 'hang up', 404] as const
  let at = 0
  control.fault = () => {
    const fault = script[at++] ?? null
    return fault === null || fault === 'hang up' ? fault : { status: fault, retryAfter: 1 }
  }
  for (let i = 0; i < 40; i++) run.recorder.record(netFact('allow', { path: `/${i}` }))
  await run.recorder.flush()
  await expect.poll(async () => (await time.advance(5_000), run.delivery.acknowledged)).toBe(39)
  const there = control.sessions.get(testSession)!
  expect(there.chained).toBe(true)
  expect(there.lines).toHaveLength(40)
  expect(run.delivery.failure).toBeNull()
})

test('a record that cannot be read for a while is delivered afterwards', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  const time = manualTime()
  const directory = join(scratch.path, 'session')
  mkdirSync(directory)
  await using run = rig(directory, control, time)
  renameSync(directory, `${directory}-away`)
  run.recorder.record(netFact('deny'))
  await run.recorder.flush()
  await expect.poll(() => run.delivery.failure).toContain('cannot be read')
  renameSync(`${directory}-away`, directory)
  await expect.poll(async () => (await time.advance(5_000), run.delivery.acknowledged)).toBe(0)
  expect(run.delivery.failure).toBeNull()
})

test('who waits for the end of a delivery that does not come is told so', async () => {
  using scratch = scratchDirectory()
  await using control = await testControl()
  await using run = rig(scratch.path, control, manualTime())
  control.fault = () => ({ status: 503 })
  run.recorder.record(netFact('deny'))
  await run.recorder.flush()
  expect(await run.delivery.reached(0, AbortSignal.timeout(100))).toBe(false)
})
