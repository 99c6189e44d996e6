import { type Log, toError } from '@reeve/base'
import pg from 'pg'
import { closeNow, type Connection, connectionOptions } from './connection.ts'

export interface ListenOptions {
  readonly log: Log
  /**
   * Called when the connection is back after it was lost. What was notified meanwhile is gone for good, so that whoever
   * keeps something up to date by notifications must look again.
   */
  readonly onReconnect?: () => void
  /** How often a silent connection is tried. */
  readonly heartbeatMs?: number
}

const firstDelayMs = 50
const longestDelayMs = 5_000
const answerWithinMs = 5_000

/**
 * Hears a channel of NOTIFY on a connection of its own. Resolves once it listens, and rejects when the first attempt
 * fails. From then on a lost connection is made again, at growing intervals, until it is disposed of.
 */
export async function listen(
  connection: Connection,
  channel: string,
  onMessage: (payload: string) => void,
  { log, onReconnect = () => {}, heartbeatMs = 30_000 }: ListenOptions,
): Promise<AsyncDisposable> {
  const stopped = new AbortController()
  let lost = Promise.withResolvers<void>()
  let client = await subscribe()

  async function subscribe(): Promise<pg.Client> {
    lost = Promise.withResolvers<void>()
    const { resolve } = lost
    const fresh = new pg.Client({
      ...connectionOptions(connection),
      application_name: `reeve listen ${channel}`,
      connectionTimeoutMillis: answerWithinMs,
      query_timeout: answerWithinMs,
    })
    fresh.on('error', () => resolve())
    fresh.on('end', () => resolve())
    fresh.on('notification', ({ payload = '' }) => onMessage(payload))
    try {
      await fresh.connect()
      await fresh.query(`listen ${fresh.escapeIdentifier(channel)}`)
      return fresh
    } catch (thrown) {
      closeNow(fresh)
      throw thrown
    }
  }

  async function resubscribe(): Promise<void> {
    for (let delayMs = firstDelayMs; !stopped.signal.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      await pause(delayMs, stopped.signal)
      if (stopped.signal.aborted) return
      try {
        client = await subscribe()
        log.info({ channel }, 'listening to the database again')
        onReconnect()
        return
      } catch (thrown) {
        log.warn({ channel, err: toError(thrown) }, 'cannot listen to the database yet')
      }
    }
  }

  async function keepListening(): Promise<void> {
    const end = Promise.withResolvers<void>()
    stopped.signal.addEventListener('abort', () => end.resolve(), { once: true })
    while (!stopped.signal.aborted) {
      await Promise.race([lost.promise, end.promise])
      closeNow(client)
      if (stopped.signal.aborted) return
      log.warn({ channel }, 'stopped hearing the database')
      await resubscribe()
    }
  }

  // A frozen server or a silent network drops nothing and sends nothing: only a question finds out.
  const heartbeat = setInterval(() => {
    client.query('select 1').catch(() => lost.resolve())
  }, heartbeatMs)
  heartbeat.unref()
  const kept = keepListening()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(heartbeat)
      stopped.abort()
      await kept
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
