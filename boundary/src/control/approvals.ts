import type { Approvals, Matter, Outcome as Answer } from '../commands/approvals.ts'
import type { Recorder } from '../audit/recorder.ts'
import { redactText } from '../audit/redact.ts'
import { pause, type Timers } from '../timers.ts'
import { field, text } from './answers.ts'
import type { Delivery } from './delivery.ts'
import { type ControlHttp, failed, type Outcome } from './http.ts'

/**
 * Asks people through the control plane: an access request for the denial that was recorded, as soon as the control
 * plane has that line. The answer comes by the stream, and by asking where that is slow. Who gives up waiting takes the
 * request back, so that nobody decides about what is over.
 */
export interface ControlApprovals extends Approvals {
  /** What was given up is taken back. */
  settled(): Promise<void>
  /** The stream told of a decision. */
  decided(request: string, status: string): void
}

const reasonCharsMax = 500
const requests = '/api/v2/boundaries/access-requests'
/** The stream tells at once: this is for where it does not, and a question may stand for days. */
const lookMs = { first: 5_000, most: 60_000 }
/** What was approved is for the start that waits, and for the same request for so long. */
const durationSeconds = 3_600

export function createControlApprovals(options: {
  readonly http: ControlHttp
  readonly delivery: Delivery
  readonly recorder: Recorder & { readonly head: { readonly seq: number } }
  readonly timers: Timers
}): ControlApprovals {
  const { http, delivery, recorder, timers } = options
  const waiting = new Map<string, (status: string) => void>()
  const running = new Set<Promise<void>>()

  /** The number of the request; null where it was given up before there was one. */
  async function open({ denial, text: what }: Matter, signal: AbortSignal): Promise<string | null> {
    await recorder.flush()
    if (!(await delivery.reached(recorder.head.seq, signal)) || signal.aborted) return null
    const reason = redactText(`asked at the boundary: ${what}`, reasonCharsMax)
    const body = JSON.stringify({ denial, scope: 'session', duration_seconds: durationSeconds, reason })
    // Not broken off with the question: the control plane may have heard it, and only its answer names what to take back.
    const outcome = await http.send({ method: 'POST', path: requests, body })
    if (!outcome.ok && signal.aborted) return null
    if (!outcome.ok) throw failed(outcome)
    const id = text(field(outcome.value, 'id'))
    if (id === null || !/^[\w-]{1,64}$/.test(id)) throw failed(unreadable)
    return id
  }

  async function look(id: string, stop: AbortSignal): Promise<void> {
    for (let waitMs = lookMs.first; !stop.aborted; waitMs = Math.min(waitMs * 1.5, lookMs.most)) {
      await pause(timers, waitMs, stop)
      if (stop.aborted) return
      const outcome = await http.send({ method: 'GET', path: `${requests}/${id}`, signal: stop })
      const status = outcome.ok ? text(field(outcome.value, 'status')) : null
      if (status !== null) waiting.get(id)?.(status)
    }
  }

  async function ask(matter: Matter, signal: AbortSignal): Promise<Answer> {
    if (matter.denial === null) return 'declined'
    const id = await open(matter, signal)
    if (id === null) return 'unanswered'
    const over = new AbortController()
    const { promise, resolve } = Promise.withResolvers<string>()
    waiting.set(id, (status) => {
      if (status !== 'pending') resolve(status)
    })
    signal.addEventListener('abort', () => resolve('given up'), { once: true })
    if (signal.aborted) resolve('given up')
    void look(id, over.signal)
    const status = await promise
    over.abort()
    waiting.delete(id)
    if (status === 'given up') {
      await http.send({ method: 'POST', path: `${requests}/${id}/withdraw`, body: '{}' })
    }
    return status === 'approved' || status === 'declined' ? status : 'unanswered'
  }

  return {
    decided: (request, status) => waiting.get(request)?.(status),
    ask(matter, signal) {
      const asking = ask(matter, signal)
      const ended = asking.then(nothing, nothing).finally(() => running.delete(ended))
      running.add(ended)
      return asking
    },
    async settled() {
      await Promise.all(running)
    },
  }
}

const nothing = () => {}

const unreadable: Outcome & { ok: false } = {
  ok: false,
  code: 'upstream',
  message: 'what the control plane answered cannot be read',
  retryAfterMs: null,
}
