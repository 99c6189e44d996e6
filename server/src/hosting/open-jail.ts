import { spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import { type JailCommand, usualPath } from './jail.ts'
import { firstInside } from './process-record.ts'

/** A jail whose first process waits for `go`. */
export interface OpenedJail {
  /** Of its first process, which all others end with. */
  readonly pid: number
  /** Of bubblewrap itself, which stays outside. */
  readonly outerPid: number
  /** Closed at its other end when the jail has ended. */
  readonly lifeline: Socket
  go(): void
  /** What it has complained of so far. */
  complaints(): string
  /** Ends it where it is not wanted after all. */
  kill(): void
}

const openWithinMs = 30_000
const lookMs = 5

export async function openJail({ argv, said }: JailCommand): Promise<OpenedJail> {
  const [program, ...args] = argv
  const child = spawn(program, args, {
    cwd: '/',
    env: { PATH: usualPath },
    stdio: ['pipe', 'ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    // It goes on when the server is ended by a signal to its group.
    detached: true,
  })
  const streams: readonly unknown[] = child.stdio
  const [input, complaints, words, lifeline] = [child.stdin, child.stderr, streams[4], streams[5]]
  if (input === null || complaints === null || !isWritable(words)) throw new Error('no pipes')
  if (!(lifeline instanceof Socket)) throw new Error('no lifeline')
  input.on('error', () => {})
  words.on('error', () => {})
  lifeline.on('error', () => {})
  const ended = new Promise<null>((resolve) => child.once('close', () => resolve(null)))
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  const kill = (): void => void child.kill('SIGKILL')
  let wrong = ''
  complaints.setEncoding('utf8').on('data', (text: string) => (wrong = (wrong + text).slice(0, 2_000)))
  words.end(said)
  try {
    const stopped = new AbortController()
    const made = child.pid === undefined ? failed : firstProcess(child.pid, stopped.signal)
    const pid = await Promise.race([made, ended, failed]).finally(() => stopped.abort())
    if (pid === null || child.pid === undefined) {
      const problem = wrong.trim() || 'it ended at once'
      throw new Fault('unavailable', `the process cannot be started in its jail: ${problem}`)
    }
    return {
      pid,
      outerPid: child.pid,
      lifeline,
      kill,
      complaints: () => wrong.trim(),
      go() {
        input.end('go\n')
        lifeline.destroy()
        // Open for as long as we are: what complains before the script has its log would die of a closed pipe.
        if (complaints instanceof Socket) complaints.unref()
        child.unref()
      },
    }
  } catch (thrown) {
    kill()
    lifeline.destroy()
    throw thrown
  }
}

/**
 * Bubblewrap could tell its number on a descriptor, and dies when nobody listens there any more, between two of its
 * steps: what it has made by then waits for it for ever. So it is looked for.
 */
async function firstProcess(outerPid: number, signal: AbortSignal): Promise<number | null> {
  for (let tries = openWithinMs / lookMs; tries > 0 && !signal.aborted; tries--) {
    const pid = firstInside(outerPid)
    if (pid !== null) return pid
    await wait(lookMs)
  }
  return null
}

const isWritable = (stream: unknown): stream is NodeJS.WritableStream =>
  typeof stream === 'object' && stream !== null && 'write' in stream
