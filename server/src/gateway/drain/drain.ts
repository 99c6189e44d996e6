import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Clock, type Log, toError } from '@reeve/base'
import type { Connection } from '../../db/connection.ts'
import { childEnvironment, noDebugger } from '../../runtime/child-environment.ts'
import { garbageFlags } from '../../runtime/garbage.ts'
import type { Journal } from '../../journal/journal.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import type { BatchFacts, DrainSetup, FromDrain, Place, ToDrain } from './messages.ts'

export interface DrainStatus {
  /** Empty when all is well. */
  readonly detail: string
  /** The journal is not the one that the database knows: somebody has to look. */
  readonly blocked: boolean
  readonly drained: Place
  /** Since the oldest thing that is in the journal and not in the database yet. */
  readonly lagSeconds: number
  readonly restarts: number
}

export interface Drain extends AsyncDisposable {
  /** Something has become durable. Cheap: called for each frame. */
  nudge(): void
  status(): DrainStatus
  /** Resolves when everything that is durable now is in the database, or when the time is up. */
  settle(withinMs: number): Promise<boolean>
  /** Ends the process, which starts anew. */
  restart(): Promise<void>
}

export interface DrainControl {
  readonly journal: Journal
  readonly connection: Connection
  readonly structuredLogging: boolean
  readonly tracing: Pick<Tracing, 'settings' | 'count'> | null
  readonly clock: Clock
  readonly log: Log
  readonly onBatch: (batch: BatchFacts) => void
}

/** Few requests at a time are dear to PostgreSQL, and nobody sees a tenth of a second. */
const nudgeMs = 100
const restartMs = 1_000
const silentMs = 300_000
const marksMax = 10_000
/** Content passes through in batches; what does not fit into this is a leak, and a restart is the better answer. */
const heapMegabytesMax = 512

const processFile = fileURLToPath(new URL('../../../../bin/run-drain.mjs', import.meta.url))

interface Mark {
  readonly seq: number
  readonly atMs: number
}

/**
 * The server's side of the drain: starts its process, tells it how far the journal is durable, retires what is no longer
 * needed, and starts the process again when it dies. The process keeps no state that the journal and the database do not
 * have, so that nothing is lost with it. It is a process and no thread, because threads of one process share the helpers
 * that collect its garbage, and those could not be made to give way to traffic.
 */
export function startDrain(control: DrainControl): Drain {
  const { journal, connection, structuredLogging, tracing, clock, log, onBatch } = control
  const setup: DrainSetup = {
    journalDir: journal.dir,
    replicaId: journal.replicaId,
    connection,
    structuredLogging,
    trace: tracing?.settings ?? null,
  }
  let drained: Place = { segment: 0, offset: 0, seq: 0 }
  let detail = ''
  let blocked = false
  let restarts = 0
  let stopping = false
  let nudging: NodeJS.Timeout | null = null
  let retiring = Promise.resolve()
  /** When which part of the journal became durable, at most one a second: the first that is not drained is the lag. */
  let marks: Mark[] = [{ seq: journal.durable().seq, atMs: clock.monotonicMs() }]
  const waiting = new Set<() => void>()
  let heardMs = clock.monotonicMs()
  let ended = Promise.withResolvers<void>()
  let child = spawn()

  /** Null when it could not be started; then it is tried again, as after any death. */
  function spawn(): ChildProcess | null {
    ended = Promise.withResolvers<void>()
    const { resolve } = ended
    const over = (): void => {
      resolve()
      if (!stopping) restart()
    }
    try {
      const fresh = fork(processFile, {
        execArgv: [...process.execArgv, ...garbageFlags, `--max-old-space-size=${heapMegabytesMax}`, noDebugger],
        env: childEnvironment(process.env),
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      fresh.on('message', (message: FromDrain) => hear(message))
      fresh.on('error', (thrown) => {
        log.error({ err: toError(thrown) }, 'the drain process failed')
        if (fresh.pid === undefined) over()
      })
      fresh.on('exit', (code, signal) => {
        if (!stopping) log.error({ code, signal }, 'the drain process ended')
        over()
      })
      tell(fresh, { kind: 'setup', setup })
      send(fresh)
      return fresh
    } catch (thrown) {
      log.error({ err: toError(thrown) }, 'the drain process could not be started')
      over()
      return null
    }
  }

  function restart(): void {
    restarts++
    detail = 'The drain died and is being started again; the record is kept on disk.'
    setTimeout(() => {
      if (!stopping) child = spawn()
    }, restartMs).unref()
  }

  function send(to: ChildProcess | null): void {
    const { segment, offset, seq } = journal.durable()
    tell(to, { kind: 'durable', to: { segment, offset, seq } })
  }

  /** A drain with work to do says something every few seconds, if only that the database does not answer. */
  const watchdog = setInterval(() => {
    if (drained.seq >= journal.durable().seq || clock.monotonicMs() - heardMs < silentMs) return
    log.error({ silentMs }, 'the drain has gone silent and is started again')
    heardMs = clock.monotonicMs()
    child?.kill('SIGKILL')
  }, silentMs / 10)
  watchdog.unref()

  function hear(message: FromDrain): void {
    heardMs = clock.monotonicMs()
    switch (message.kind) {
      case 'drained':
        drained = message.to
        marks = marks.filter((mark) => mark.seq > drained.seq)
        for (const check of waiting) check()
        return onBatch(message.batch)
      case 'retire':
        // A failure is met again with the next segment; until then the disk keeps what it has.
        retiring = retiring
          .then(() => journal.retire(message.belowSegment))
          .catch((thrown: unknown) => {
            log.warn({ err: toError(thrown) }, 'drained journal segments cannot be removed')
          })
        return
      case 'trouble':
        detail = message.detail ?? ''
        blocked = message.blocked
        return
      case 'log':
        return log[message.level](message.facts, message.message)
      case 'spans':
        return tracing?.count(message.counts)
      case 'records':
        for (const line of message.lines) log.info(line, 'interception log')
    }
  }

  return {
    nudge() {
      if (nudging !== null) return
      nudging = setTimeout(() => {
        nudging = null
        const atMs = clock.monotonicMs()
        if (marks.length < marksMax && atMs - (marks.at(-1)?.atMs ?? -Infinity) >= 1_000) {
          marks.push({ seq: journal.durable().seq, atMs })
        }
        send(child)
      }, nudgeMs)
      nudging.unref()
    },
    status() {
      const behind = drained.seq < journal.durable().seq
      const [oldest] = marks
      const lagMs = behind && oldest !== undefined ? clock.monotonicMs() - oldest.atMs : 0
      return { detail, blocked, drained, lagSeconds: Math.max(lagMs, 0) / 1_000, restarts }
    },
    settle(withinMs) {
      // Waiting is of no use until somebody has looked.
      if (blocked) return Promise.resolve(false)
      const target = journal.durable().seq
      send(child)
      return new Promise((resolve) => {
        const check = () => {
          if (drained.seq >= target) finish(true)
        }
        const timer = setTimeout(() => finish(false), withinMs)
        const finish = (done: boolean) => {
          clearTimeout(timer)
          waiting.delete(check)
          resolve(done)
        }
        waiting.add(check)
        check()
      })
    },
    async restart() {
      child?.kill('SIGKILL')
      await ended.promise
    },
    async [Symbol.asyncDispose]() {
      stopping = true
      clearInterval(watchdog)
      if (nudging !== null) clearTimeout(nudging)
      tell(child, { kind: 'stop' })
      const timer = setTimeout(() => child?.kill('SIGKILL'), 5_000)
      await ended.promise
      clearTimeout(timer)
      await retiring
    },
  }
}

/** What a process that is gone cannot hear, the next one finds in the journal. */
function tell(child: ChildProcess | null, message: ToDrain): void {
  if (child?.connected === true) child.send(message, () => {})
}
