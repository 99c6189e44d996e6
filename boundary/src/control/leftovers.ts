import type { Clock, Log } from '@reeve/base'
import { parseEvent } from '../audit/line.ts'
import { createRecorder, nothing } from '../audit/recorder.ts'
import {
  isDone,
  markDone,
  removeOldSessions,
  type SessionDirectory,
  type SessionRecord,
  sessionIds,
  takeSessionDirectory,
} from '../audit/session-directory.ts'
import { openSpool } from '../audit/spool.ts'
import { nodeSpoolFiles } from '../audit/spool-files.ts'
import { SpoolReader } from '../audit/spool-reader.ts'
import { join } from 'node:path'
import type { Timers } from '../timers.ts'
import { createDelivery } from './delivery.ts'
import type { ControlHttp, Outcome } from './http.ts'

/**
 * Finishes what boundaries before this one left: a crash, a kill, an end without a network. Their records get a last line
 * that says so, are delivered to the control plane they belong to, and are done. Each is finished by one boundary at a
 * time, which holds its lock. Done ones are removed after a week.
 */
export interface LeftoverOptions {
  readonly state: string
  /** The control plane of this run; null where there is none, and only records that stay here are closed. */
  readonly url: string | null
  readonly http: ControlHttp | null
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
}

const keepMs = 7 * 24 * 3_600_000

export async function finishLeftovers(options: LeftoverOptions, signal: AbortSignal): Promise<void> {
  removeOldSessions(options.state, options.clock.now(), keepMs)
  for (const id of sessionIds(options.state)) {
    if (signal.aborted) return
    if (isDone(join(options.state, id))) continue
    const directory = await takeSessionDirectory(options.state, id, options.clock.now())
    if (directory === null) continue
    try {
      await finish(directory, options, signal)
    } catch (thrown) {
      options.log.warn({ session: id, error: String(thrown) }, 'a session that was left could not be finished')
    } finally {
      await directory[Symbol.asyncDispose]()
    }
  }
}

async function finish(directory: SessionDirectory, options: LeftoverOptions, signal: AbortSignal): Promise<void> {
  const { path, record } = directory
  if (record.url !== null && record.url !== options.url) return
  const end = await closeRecord(directory, options)
  if (record.url === null || options.http === null) {
    if (record.url === null) markDone(path)
    return
  }
  const { http } = options
  if (!(await register(http, record, signal)).ok) return
  const delivery = createDelivery({
    session: record.id,
    http,
    openReader: () => new SpoolReader(path),
    durable: () => end.seq,
    timers: options.timers,
    random: options.random,
    log: options.log,
    register: (stop) => register(http, record, stop),
  })
  const stop = new AbortController()
  const running = delivery.run(AbortSignal.any([signal, stop.signal]))
  const whole = await delivery.reached(end.seq, signal)
  stop.abort()
  await running
  if (!whole) return
  const outcome = await sendEnd(http, record.id, { ...end, exitCode: null, signalName: null }, signal)
  if (outcome.ok || outcome.code === 'conflict') markDone(path)
}

/** Registering twice is registering once: the control plane says where the session stands. */
export function register(http: ControlHttp, record: SessionRecord, signal: AbortSignal): Promise<Outcome> {
  const { url: _, lock_scope: __, policy, ...rest } = record
  const body = JSON.stringify({ ...rest, ...(policy === null ? {} : { policy }) })
  return http.send({ method: 'POST', path: '/api/v2/boundaries/sessions', body, signal })
}

export interface SessionEnd {
  readonly seq: number
  readonly hash: string | null
  readonly exitCode: number | null
  readonly signalName: string | null
}

export function sendEnd(http: ControlHttp, session: string, end: SessionEnd, signal: AbortSignal): Promise<Outcome> {
  const body = JSON.stringify({ last_seq: end.seq, head: end.hash, exit_code: end.exitCode, signal: end.signalName })
  return http.send({ method: 'POST', path: `/api/v2/boundaries/sessions/${session}/end`, body, signal })
}

/** Where the record ends; without a last line that says how, it gets one. */
async function closeRecord({ path, record }: SessionDirectory, { clock, timers, log }: LeftoverOptions) {
  const reader = new SpoolReader(path)
  let ended = false
  try {
    for (;;) {
      const lines = reader.next({ lines: 500 })
      const last = lines.at(-1)
      if (last === undefined) break
      ended ||= lines.some(({ bytes }) => parseEvent(bytes)?.kind === 'end')
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    reader.close()
  }
  const { head, damaged } = reader
  if (ended) return head
  const spool = openSpool({ files: nodeSpoolFiles(path), clock, timers, log, first: head.seq + 1 })
  await using recorder = createRecorder({
    session: record.id,
    tier: record.tier,
    policy: () => null,
    spool,
    clock,
    timers,
    head,
  })
  if (damaged.length > 0)
    recorder.record({ ...nothing, kind: 'tamper', facts: { what: 'record', files: damaged.length } })
  recorder.record({ ...nothing, kind: 'end', facts: { how: 'lost', exit_code: null } })
  await recorder.flush()
  // What is not durable was not said: the next boundary finds the record as it was, and closes it.
  if (spool.durable < recorder.head.seq) throw new Error('the record cannot be written to')
  return recorder.head
}
