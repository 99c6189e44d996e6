import { type ChildProcess, fork } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { type Clock, type Log, toError } from '@reeve/base'
import { noDebugger } from './child-environment.ts'

/**
 * Processes of one kind beside each other. One that dies is started again, the sooner the longer it lived.
 *
 *   starting ──it says that it is ready──▶ running ──it dies──▶ waiting ──▶ starting
 *   any ──stop──▶ told to end, and killed when it does not within the time
 */
export interface Workers<To> extends AsyncDisposable {
  tell(number: number, message: To): void
  /** Those that are connected now. */
  numbers(): readonly number[]
  /** Tells all of them, and resolves when they are gone; those that are not within the time are killed. */
  stop(message: To, withinMs: number): Promise<void>
}

export interface WorkersOptions<To> {
  readonly file: string
  readonly args: readonly string[]
  readonly count: number
  /** The first message to each. */
  readonly greet: (number: number) => To
  readonly hear: (number: number, message: unknown) => void
  readonly left: (number: number) => void
  readonly clock: Clock
  readonly log: Log
}

const firstDelayMs = 100
const longestDelayMs = 10_000
/** Who lived so long begins with the shortest delay again. */
const soundMs = 30_000

export function startWorkers<To extends object>(options: WorkersOptions<To>): Workers<To> {
  const { file, args, count, greet, hear, left, clock, log } = options
  const running = new Map<number, ChildProcess>()
  const waiting = new Set<NodeJS.Timeout>()
  let stopping = false
  let ended = (): void => {}
  for (let number = 1; number <= count; number++) start(number, firstDelayMs)

  function start(number: number, delayMs: number): void {
    const startedMs = clock.monotonicMs()
    const cache = getCompileCacheDir()
    const worker = fork(file, args, {
      execArgv: [...process.execArgv, noDebugger],
      env: { ...process.env, ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    running.set(number, worker)
    worker.on('message', (message: unknown) => hear(number, message))
    // What cannot be told to one that is going away is not missed.
    worker.on('error', (thrown) => log.warn({ err: toError(thrown), process: number }, 'a process does not listen'))
    worker.on('exit', (code, signal) => {
      running.delete(number)
      left(number)
      if (stopping) return ended()
      const livedMs = clock.monotonicMs() - startedMs
      const pauseMs = livedMs >= soundMs ? firstDelayMs : delayMs
      log.error({ process: number, code, signal, restart_ms: pauseMs }, 'a gateway process ended')
      const timer = setTimeout(() => {
        waiting.delete(timer)
        start(number, Math.min(pauseMs * 2, longestDelayMs))
      }, pauseMs)
      waiting.add(timer)
    })
    worker.send(greet(number), () => {})
  }

  async function stop(message: To | null, withinMs: number): Promise<void> {
    stopping = true
    for (const timer of waiting) clearTimeout(timer)
    const all = new Promise<void>((resolve) => {
      ended = () => {
        if (running.size === 0) resolve()
      }
    })
    ended()
    for (const number of running.keys()) if (message !== null) tell(number, message)
    const timer = setTimeout(() => kill(), withinMs)
    if (message === null) kill()
    await all
    clearTimeout(timer)
  }

  const kill = (): void => {
    for (const worker of running.values()) worker.kill('SIGKILL')
  }
  const tell = (number: number, message: To): void => {
    const worker = running.get(number)
    if (worker?.connected === true) worker.send(message, () => {})
  }
  return {
    tell,
    numbers: () => [...running.keys()],
    stop,
    [Symbol.asyncDispose]: () => stop(null, longestDelayMs),
  }
}
