import { type Log, toError } from '@reeve/base'
import type { Line } from '../audit/line.ts'
import type { SpoolReader } from '../audit/spool-reader.ts'
import { pause, type Timers } from '../timers.ts'
import { readAcknowledged } from './answers.ts'
import { createBackoff } from './backoff.ts'
import type { ControlHttp, Outcome } from './http.ts'

/**
 * Brings the lines of one session to the control plane: in order, one batch at a time, each until it was acknowledged.
 * Lines are read from the disk, and only what is durable there is sent, so that what the control plane has and what a
 * crash leaves here never contradict each other. What was acknowledged before a break may be sent again; the control
 * plane knows the numbers it has.
 *
 * A server that cannot take them (down, busy, a token that has expired) is asked again with growing pauses, and so is a
 * disk that does not give them; nothing is thrown away because of what a server says.
 */
export interface Delivery {
  /** Number of the last line that the control plane has; -1 for none. */
  readonly acknowledged: number
  /** Why the last attempt failed; null when it did not. */
  readonly failure: string | null
  /** There is more to deliver. */
  wake(): void
  /** From now on nothing waits to go together with what comes next. */
  hurry(): void
  /** Resolves when the control plane has everything up to there: true, or false when the signal came first. */
  reached(seq: number, signal: AbortSignal): Promise<boolean>
  /** Runs until the signal ends it. */
  run(signal: AbortSignal): Promise<void>
}

export interface DeliveryOptions {
  readonly session: string
  readonly http: ControlHttp
  /** A fresh reader of the session, from its first line. */
  readonly openReader: () => SpoolReader
  readonly durable: () => number
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  /** Registers the session where the control plane does not know it. */
  readonly register: (signal: AbortSignal) => Promise<Outcome>
  readonly onAcknowledged?: (seq: number) => void
}

const batchLinesMax = 500
const batchBytesMax = 1024 * 1024 - 1024
/** Between two batches, so that a hundred events a second are a few calls. */
const gatherMs = 100

export function createDelivery(options: DeliveryOptions): Delivery {
  const { session, http, durable, timers, log } = options
  const backoff = createBackoff(options.random)
  const waiters = new Set<() => void>()
  let acknowledged = -1
  let failure: string | null = null
  let wake = () => {}
  const gathering = new AbortController()
  let batchMax = batchLinesMax

  function acknowledge(seq: number): void {
    acknowledged = seq
    failure = null
    backoff.reset()
    options.onAcknowledged?.(seq)
    for (const waiter of waiters) waiter()
  }

  /** One batch until it is acknowledged. False: the reader must begin anew. */
  async function deliver(lines: readonly Line[], signal: AbortSignal): Promise<boolean> {
    let rest = lines
    while (rest.length > 0 && !signal.aborted) {
      const body = `{"events":[${rest.map(({ bytes }) => bytes.toString()).join(',')}]}`
      const outcome = await http.send({ method: 'POST', path: eventsPath(session), body, signal })
      const seq = outcome.ok ? readAcknowledged(outcome.value) : null
      if (seq !== null && seq >= rest[0]!.seq) {
        acknowledge(seq)
        rest = rest.filter((line) => line.seq > seq)
        continue
      }
      if (!(await recover(outcome, rest.length, signal))) return false
    }
    return true
  }

  /** What to do before the next attempt. False: with smaller batches. */
  async function recover(outcome: Outcome, count: number, signal: AbortSignal): Promise<boolean> {
    failure = outcome.ok ? 'the control plane acknowledged nothing' : outcome.message
    if (signal.aborted) return true
    log.warn({ failure }, 'decisions wait to be delivered')
    if (!outcome.ok && outcome.code === 'too_large' && count > 1) {
      batchMax = Math.max(1, count >> 1)
      return false
    }
    if (!outcome.ok && outcome.code === 'not_found' && (await options.register(signal)).ok) return true
    const asked = outcome.ok ? null : outcome.retryAfterMs
    await pause(timers, Math.max(asked ?? 0, backoff.next()), signal)
    return true
  }

  return {
    get acknowledged() {
      return acknowledged
    },
    get failure() {
      return failure
    },
    wake: () => wake(),
    hurry: () => gathering.abort(),
    reached(seq, signal) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const look = () => {
        if (acknowledged < seq && !signal.aborted) return
        waiters.delete(look)
        signal.removeEventListener('abort', look)
        resolve(acknowledged >= seq)
      }
      waiters.add(look)
      signal.addEventListener('abort', look, { once: true })
      look()
      return promise
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake(), { once: true })
      while (!signal.aborted) {
        const reader = options.openReader()
        try {
          await skip(reader, acknowledged)
          let whole = true
          while (whole && !signal.aborted) {
            // Before the look, so that what becomes durable after it is not slept through.
            const more = new Promise<void>((resolve) => (wake = resolve))
            const lines = reader.next({ lines: batchMax, bytes: batchBytesMax, through: durable() })
            if (lines.length === 0) {
              await more
              continue
            }
            whole = await deliver(lines, signal)
            if (lines.length < batchMax) await pause(timers, gatherMs, AbortSignal.any([signal, gathering.signal]))
          }
        } catch (thrown) {
          failure = `the record cannot be read: ${toError(thrown).message}`
          log.warn({ failure }, 'decisions wait to be delivered')
          await pause(timers, backoff.next(), signal)
        } finally {
          reader.close()
        }
      }
    },
  }
}

export const eventsPath = (session: string): string => `/api/v2/boundaries/sessions/${session}/events`

/** Passes over what was delivered before, a piece at a time: a whole session at once would hold everybody else up. */
export async function skip(reader: SpoolReader, through: number): Promise<void> {
  while (reader.next({ lines: batchLinesMax, through }).length > 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
}
