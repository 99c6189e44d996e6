import type { Clock } from '@reeve/base'
import type { Dispatcher } from 'undici'
import type { HeaderValues } from './clients.ts'
import type { BridgeEvent } from './exchange.ts'
import type { Limits } from './limits.ts'
import { anotherKeyMayHelp, type ProviderKey } from './pool/pool.ts'
import type { Attempt } from './recorder.ts'
import type { Relay } from './relay.ts'
import type { KeyAnswer } from './standing.ts'
import type { AnswerTaker } from './translation.ts'
import { connectFailed, upstreamFailure } from './upstream-failure.ts'

export interface AskingParts {
  readonly relay: Pick<Relay, 'waits'>
  /** Who gets the answer that counts: the relay, or what makes it into one that the relay understands. */
  readonly answerTo: AnswerTaker
  readonly providerName: string
  readonly limits: Limits
  readonly clock: Clock
  readonly observe: (event: BridgeEvent) => void
  /** A few characters of what it is asked with where that is no key of the provider's; empty without any. */
  readonly ownHint: string
  /** The next key to try, which is none of these; null when there is none, or the provider needs none. */
  takeKey(tried: readonly string[]): ProviderKey | null
  noteStatus(key: ProviderKey, answer: KeyAnswer): void
  /** Sends the request with this key. */
  send(key: ProviderKey | null, handler: Dispatcher.DispatchHandler): void
  /** It will not be sent again. */
  settled(): void
  /** Where each attempt is noted. */
  readonly attempts: Attempt[]
}

/**
 * Asks a provider for one answer, several times if need be, and hands the answer that counts to the relay. Another
 * attempt is made only while nothing has gone to the client:
 *
 *   401, 403, 429                with the next key, if there is one
 *   no connection could be made  once more with the same key: nothing can have been answered
 *
 * Anything else is the client's to ask again: it knows what a second answer is worth, and its own retries would multiply
 * ours. A connection that broke after the request was sent may have been charged for.
 */
export function ask(parts: AskingParts): void {
  const { relay, answerTo, limits, clock, observe, providerName, attempts } = parts
  const beganMs = clock.monotonicMs()
  const tried: string[] = []
  let reconnected = false
  attempt(parts.takeKey(tried))

  function attempt(key: ProviderKey | null): void {
    const at = clock.now()
    const sentMs = clock.monotonicMs()
    let over = false
    if (key !== null) tried.push(key.id)
    const noted = (statusCode: number | null, errorType: string | null): void => {
      const credentialHint = key?.secret.hint() ?? parts.ownHint
      attempts.push({ at, credentialHint, statusCode, errorType, waitedMs: clock.monotonicMs() - sentMs })
    }
    const again = (next: ProviderKey | null, reason: (BridgeEvent & { kind: 'retried' })['reason']): void => {
      over = true
      observe({ kind: 'retried', providerName, reason })
      attempt(next)
    }
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (controller, context) => answerTo.onRequestStart(controller, context),
      onResponseStart(controller, status, headers, statusMessage) {
        if (status < 200) return
        if (key !== null) parts.noteStatus(key, { status, retryAfterMs: retryAfterMs(headers, clock) })
        const next = key !== null && anotherKeyMayHelp(status) && mayGoOn() ? parts.takeKey(tried) : null
        if (next === null) {
          noted(status, null)
          parts.settled()
          return answerTo.onResponseStart(controller, status, headers, statusMessage)
        }
        const reason = status === 429 ? 'key_limited' : 'key_refused'
        noted(status, reason)
        again(next, reason)
        controller.abort(new Error('another key is tried'))
      },
      onResponseData(controller, chunk) {
        if (!over) answerTo.onResponseData(controller, chunk)
      },
      onResponseEnd(controller, trailers) {
        if (!over) answerTo.onResponseEnd(controller, trailers)
      },
      onResponseError(controller, error) {
        if (over) return
        const answered = attempts.at(-1)?.at === at
        if (!answered) noted(null, upstreamFailure(error).errorType)
        if (answered || reconnected || !connectFailed(error) || !mayGoOn()) {
          parts.settled()
          return answerTo.onResponseError(controller, error)
        }
        reconnected = true
        again(key, 'unreachable')
      },
    }
    parts.send(key, handler)
  }

  /** Whether there may be one more attempt after the one that is under way. */
  function mayGoOn(): boolean {
    return relay.waits && attempts.length + 1 < limits.attempts && clock.monotonicMs() - beganMs < limits.attemptsMs
  }
}

/** As the provider says it: in seconds, or as a date. */
function retryAfterMs(headers: HeaderValues, clock: Clock): number | null {
  const said = [headers['retry-after']].flat()[0]?.trim() ?? ''
  if (said === '') return null
  if (/^\d{1,10}$/.test(said)) return Number(said) * 1000
  const date = Date.parse(said)
  return Number.isNaN(date) ? null : Math.max(0, date - clock.now().getTime())
}
