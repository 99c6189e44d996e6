import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { lineSplitter } from './line-splitter.ts'
import { kill, killTree, markOf, type ProcessMark } from './process-tree.ts'

/** A tool's result, which may hold a picture, is one line of the agents' output. */
const lineCharsMax = 16 * 1024 * 1024
const complaintCharsMax = 2000
/** For the last words of a process that has ended. */
const drainMs = 500

export interface AgentProcess {
  readonly mark: ProcessMark | null
  write(line: object): void
  /** How it ended, in words for the person. */
  readonly ended: Promise<string>
  /** Asks it to end as Ctrl-C does, and ends it and all it started after the time of grace. */
  stop(graceMs: number): Promise<void>
}

export type StartAgent = (options: AgentProcessOptions) => AgentProcess

export interface AgentProcessOptions {
  readonly command: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What came in one piece, in order: lines of JSON or looks at a screen, and how many were too long to read. */
  readonly onLines: (lines: readonly unknown[], dropped: number) => void
}

/** One process of a coding agent, in a process group of its own: signals of the driver's terminal are not for it. */
export function startAgentProcess({ command, cwd, env, onLines }: AgentProcessOptions): AgentProcess {
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const mark = child.pid === undefined ? null : markOf(child.pid)
  const split = lineSplitter(lineCharsMax)
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    const { lines, dropped } = split(piece)
    onLines(lines.flatMap(readLine), dropped)
  })
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    complaint = (complaint + piece).slice(-complaintCharsMax)
  })
  // That it reads no more is told by its end.
  child.stdin.on('error', () => {})
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${program} could not be started: ${error.message}`))
    // Not only `close`: a tool that the agent left behind may hold its output open for ever.
    child.once('exit', async (code, signal) => {
      await Promise.race([once(child, 'close'), wait(drainMs, undefined, { ref: false })])
      const how = signal === null ? `with status ${code}` : `by ${signal}`
      resolve([`${program} ended ${how}`, complaint.trim()].filter((one) => one !== '').join(': '))
    })
  })
  return {
    mark,
    ended,
    write: (line) => void child.stdin.write(`${JSON.stringify(line)}\n`),
    async stop(graceMs) {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        kill(child.pid, 'SIGINT')
        child.stdin.end()
        const patience = new AbortController()
        const exit = once(child, 'exit', { signal: patience.signal }).catch(() => {})
        await Promise.race([exit, wait(graceMs, undefined, { signal: patience.signal }).catch(() => {})])
        patience.abort()
        if (mark !== null) killTree(mark)
      }
      await ended
      for (const stream of child.stdio) stream?.destroy()
    },
  }
}

/** Anything that is not JSON was written by something that does not know that the output is read. */
function readLine(line: string): unknown[] {
  try {
    return [JSON.parse(line)]
  } catch {
    return []
  }
}
