import { type Log, toError } from '@reeve/base'
import type { Connection } from './connection.ts'
import { listen } from './listen.ts'

/** What a replica keeps in memory of the database, and reads again when it changes. */
export interface Reread extends AsyncDisposable {
  /** Reads it now; throws when that cannot be done, and then what was known stays. */
  now(): Promise<void>
}

/** Beside what is notified, for a notification that got lost. */
const everyMs = 30_000

/**
 * Reads something with each notification on a channel, after the connection was lost, and now and then. Resolves when it
 * was read for the first time, and rejects when that cannot be done.
 */
export async function reread(options: {
  readonly connection: Connection
  readonly channel: string
  readonly read: () => Promise<void>
  /** As in “… cannot be read”. */
  readonly what: string
  readonly log: Log
}): Promise<Reread> {
  const { connection, channel, read, what, log } = options
  await using undo = new AsyncDisposableStack()
  // A change that comes while something is read may have come too late for that reading: there is another one then.
  let underway: Promise<void> | null = null
  let next: Promise<void> | null = null
  function now(): Promise<void> {
    const begin = (): Promise<void> => (underway = read().finally(() => (underway = null)))
    if (underway === null) return begin()
    const after = (): Promise<void> => {
      next = null
      return begin()
    }
    return (next ??= underway.then(after, after))
  }
  const soon = (): void => {
    now().catch((thrown: unknown) => {
      log.warn({ err: toError(thrown) }, `${what} cannot be read; what is known so far stays`)
    })
  }
  undo.use(await listen(connection, channel, soon, { log, onReconnect: soon }))
  await now()
  const timer = setInterval(soon, everyMs)
  timer.unref()
  undo.defer(async () => {
    clearInterval(timer)
    await (next ?? underway)?.catch(() => {})
  })
  const running = undo.move()
  return { now, [Symbol.asyncDispose]: () => running.disposeAsync() }
}
