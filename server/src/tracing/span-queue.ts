import { type Log, toError } from '@reeve/base'
import type { SendSpans } from './otlp.ts'
import type { Span } from './span.ts'

/** What became of spans since it was told last. */
export interface SpanCounts {
  readonly sent: number
  /** Not kept, because so many waited already. */
  readonly overflowed: number
  /** Given up, because the receiver did not take them. */
  readonly failed: number
}

export interface SpanQueue extends AsyncDisposable {
  /** Never waits and never throws: what there is no room for is counted and forgotten. */
  add(spans: readonly Span[]): void
}

export interface SpanQueueOptions {
  readonly send: SendSpans
  readonly log: Log
  readonly tell: (counts: SpanCounts) => void
  readonly limits?: Partial<typeof defaults>
}

const defaults = {
  /** Waiting or on their way: some 10 MB. */
  spansMax: 8192,
  batchMax: 512,
  delayMs: 1_000,
  /** A receiver may answer a byte at a time: longer than this it is not listened to. */
  sendMs: 30_000,
  closeMs: 2_000,
}

/**
 * Spans on their way to a receiver, which may be slow, away or hostile: no more wait than there is room for, and one
 * batch at a time is on its way. The record does not depend on any of it.
 */
export function createSpanQueue({ send, log, tell, limits }: SpanQueueOptions): SpanQueue {
  const { spansMax, batchMax, delayMs, sendMs, closeMs } = { ...defaults, ...limits }
  let waiting: Span[] = []
  let sending: Promise<void> | null = null
  let inFlight = 0
  let timer: NodeJS.Timeout | null = null
  let failing = false
  let closed = false

  function later(): void {
    if (timer !== null || closed) return
    timer = setTimeout(go, delayMs)
    timer.unref()
  }

  function go(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (sending !== null || waiting.length === 0) return
    const batch = waiting.slice(0, batchMax)
    waiting = waiting.slice(batchMax)
    inFlight = batch.length
    sending = sendBatch(batch).then(() => {
      sending = null
      inFlight = 0
      if (waiting.length >= batchMax) go()
      else if (waiting.length > 0) later()
    })
  }

  async function sendBatch(batch: readonly Span[]): Promise<void> {
    const late = Promise.withResolvers<never>()
    const deadline = setTimeout(() => late.reject(new Error('the receiver did not answer in time')), sendMs)
    deadline.unref()
    try {
      await Promise.race([send(batch), late.promise])
      if (closed) return
      if (failing) log.info({}, 'spans are taken again')
      failing = false
      tell({ sent: batch.length, overflowed: 0, failed: 0 })
    } catch (thrown) {
      if (closed) return
      // Once, not for every batch: a metric has the number.
      if (!failing) log.warn({ error: toError(thrown).message.slice(0, 200) }, 'spans are not taken')
      failing = true
      tell({ sent: 0, overflowed: 0, failed: batch.length })
    } finally {
      clearTimeout(deadline)
    }
  }

  async function drain(): Promise<void> {
    for (go(); sending !== null; go()) await sending
  }

  return {
    add(spans) {
      const room = closed ? 0 : Math.max(0, spansMax - waiting.length - inFlight)
      const kept = spans.slice(0, room)
      waiting.push(...kept)
      if (kept.length < spans.length) tell({ sent: 0, overflowed: spans.length - kept.length, failed: 0 })
      if (waiting.length >= batchMax) go()
      else if (waiting.length > 0) later()
    },
    async [Symbol.asyncDispose]() {
      const timeUp = Promise.withResolvers<void>()
      const deadline = setTimeout(timeUp.resolve, closeMs)
      await Promise.race([drain(), timeUp.promise])
      clearTimeout(deadline)
      closed = true
      if (timer !== null) clearTimeout(timer)
      if (waiting.length + inFlight > 0) tell({ sent: 0, overflowed: 0, failed: waiting.length + inFlight })
      waiting = []
    },
  }
}
