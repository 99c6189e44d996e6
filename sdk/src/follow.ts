import { Fault, toError } from '@reeve/base'
import type { Events } from './client.ts'

/** What `follow` tells of a watch that lasts longer than its connections. */
export type Followed<R> =
  /** A connection stands. What changed before it did was not told: read the thing itself now. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'event'; readonly event: R }
  /** The connection is gone; the next attempt is made after `retryMs`. */
  | { readonly kind: 'lost'; readonly fault: Fault | null; readonly retryMs: number }

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined
  readonly retryMsMin?: number
  readonly retryMsMax?: number
}

/** Trying again does not change these answers. */
const final = new Set(['unauthenticated', 'forbidden', 'not_found', 'invalid'])

/**
 * Keeps a watch going: connects again with growing, jittered pauses when a connection ends, and throws only what trying
 * again would not change. `connect` opens one connection (`() => client.events(endpoint, { signal })`).
 */
export async function* follow<R>(
  connect: () => Promise<Events<R>>,
  { signal, retryMsMin = 500, retryMsMax = 15_000 }: FollowOptions = {},
): AsyncGenerator<Followed<R>, void> {
  let pauseMs = retryMsMin
  while (true) {
    let fault: Fault | null = null
    let stream: Events<R> | null = null
    try {
      stream = await connect()
      yield { kind: 'connected' }
      for await (const event of stream) {
        pauseMs = retryMsMin
        yield { kind: 'event', event }
      }
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason
      if (!(thrown instanceof Fault) || final.has(thrown.code)) throw toError(thrown)
      fault = thrown
    } finally {
      stream?.close()
    }
    const retryMs = Math.round(pauseMs * (0.5 + Math.random() / 2))
    yield { kind: 'lost', fault, retryMs }
    await pause(retryMs, signal)
    pauseMs = Math.min(pauseMs * 2, retryMsMax)
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(toError(signal?.reason))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal?.aborted === true) stop()
    else signal?.addEventListener('abort', stop, { once: true })
  })
}
