import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { Fault } from '@reeve/base'
import type { Sandbox, View } from './sandbox.ts'

export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly view: View
  /** Asks it to end, once. */
  readonly signal: AbortSignal
  /** Kills it and everything that it has started. */
  readonly force: AbortSignal
  /** Each line of its output; without it the output is kept. */
  readonly onLine?: (line: string) => void
}

export interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  /** The last of it. */
  readonly stderr: string
}

const outputBytesMax = 128 * 1024 * 1024
const lineCharsMax = 1024 * 1024
const stderrCharsMax = 64 * 1024

/**
 * Runs a command in the sandbox until it has ended and nothing of it is left.
 *
 * A cancelled Terraform has to hear of it itself: it then stops what it does, and saves its state. Within bubblewrap it is
 * the only child of the first process in there; bubblewrap itself would end at the signal, and take Terraform with it.
 */
export async function runCommand(sandbox: Sandbox, command: Command): Promise<Outcome> {
  if (command.signal.aborted || command.force.aborted) return { code: null, stdout: '', stderr: '' }
  const isJailed = sandbox.kind === 'bubblewrap'
  const [program, ...args] = sandbox.wrap(isJailed ? [...whenTold, ...command.argv] : command.argv, command.view)
  const child = spawn(program, args, {
    cwd: isJailed ? '/' : command.view.cwd,
    env: { ...command.env },
    stdio: [isJailed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // A process group of its own, which can be ended as one.
    detached: true,
  })
  const exited = once(child, 'exit')
  const closed = once(child, 'close')
  exited.catch(() => {})
  closed.catch(() => {})
  // SAFETY: both are pipes that are read from.
  const [out, err] = [child.stdout, child.stderr] as [Readable, Readable]
  // It may have ended already.
  child.stdin?.on('error', () => {})
  out.once('data', () => child.stdin?.end('\n'))

  const killAll = () => {
    child.stdin?.destroy()
    signalGroup(child.pid, 'SIGKILL')
  }
  const interrupt = async () => {
    while (child.exitCode === null && child.signalCode === null) {
      const first = isJailed ? onlyChildOf(child.pid) : null
      const target = isJailed ? onlyChildOf(first) : child.pid
      if (target != null) return quietly(() => process.kill(target, 'SIGINT'))
      // It is about to be started.
      await wait(10)
    }
  }
  const onCancel = () => void interrupt()
  command.signal.addEventListener('abort', onCancel)
  command.force.addEventListener('abort', killAll)
  try {
    const output = command.onLine === undefined ? collect(out, outputBytesMax) : eachLine(out, command.onLine)
    const errors = tail(err)
    const [code] = await exited
    // What ran apart from the rest may hold the pipes open for as long as it likes.
    killAll()
    await Promise.race([closed, wait(2_000)])
    for (const stream of [out, err]) stream.destroy()
    return { code: typeof code === 'number' ? code : null, stdout: await output, stderr: await errors }
  } catch (thrown) {
    killAll()
    if (thrown instanceof Fault) throw thrown
    throw new Fault('unavailable', `${command.argv[0]} cannot be started`, { cause: thrown })
  } finally {
    command.signal.removeEventListener('abort', onCancel)
    command.force.removeEventListener('abort', killAll)
  }
}

/**
 * Between its making and its asking to end with its parent, the first process in the jail outlives bubblewrap and us. So
 * what it then begins asks first, by an empty line, and goes on only when it is answered: it is bound to us by then.
 */
const whenTold = ['/bin/sh', '-c', 'echo && read -r _ && exec "$@" </dev/null', 'sh'] as const

function onlyChildOf(pid: number | null | undefined): number | null {
  if (pid == null) return null
  const children = quietly(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')) ?? ''
  const child = Number(children.trim().split(' ')[0])
  return child > 0 ? child : null
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid !== undefined) quietly(() => process.kill(-pid, signal))
}

async function collect(stream: Readable, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  await consume(stream, (chunk) => {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
  })
  if (bytes > bytesMax) throw new Fault('too_large', `what Terraform says has more than ${bytesMax} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

async function tail(stream: Readable): Promise<string> {
  let kept = ''
  stream.setEncoding('utf8')
  await consume(stream, (chunk) => {
    kept = (kept + String(chunk)).slice(-stderrCharsMax)
  })
  return kept
}

/** A line without an end is not kept for ever: what is beyond the limit is left out. */
async function eachLine(stream: Readable, onLine: (line: string) => void): Promise<string> {
  let rest = ''
  stream.setEncoding('utf8')
  await consume(stream, (chunk) => {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop()?.slice(0, lineCharsMax) ?? ''
    for (const line of lines) if (line !== '') onLine(line)
  })
  if (rest !== '') onLine(rest)
  return ''
}

/** Ends with the stream, however that ends. */
async function consume(stream: Readable, onChunk: (chunk: Buffer) => void): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    stream.once('close', resolve)
  })
  stream.on('data', onChunk)
  stream.on('error', () => {})
  await ended
}

function quietly<T>(act: () => T): T | null {
  try {
    return act()
  } catch {
    // The process has ended in between.
    return null
  }
}
