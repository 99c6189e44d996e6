import { spawn } from 'node:child_process'
import { StringDecoder } from 'node:string_decoder'
import type { AgentScriptStatus } from '@reeve/sdk'

export interface ScriptRun {
  readonly script: string
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  /** 0: as long as it takes. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  onLine(stream: 'out' | 'error', line: string): void
}

export interface ScriptEnd {
  readonly status: AgentScriptStatus
  readonly exitCode: number | null
  /** Of the process group that it led, in which something may go on; null where it could not be run. */
  readonly group: number | null
}

const lineCharsMax = 8_192
/** For what was written last, once the script itself has ended. */
const pipesWithinMs = 1_000

/**
 * Runs a script of the template with the shell that its first line names, or with `sh`. It leads a process group of its
 * own, which goes with it when it takes too long; what it leaves in the background when it ends well goes on.
 */
export function runScript({ script, env, directory, timeoutMs, signal, onLine }: ScriptRun): Promise<ScriptEnd> {
  const shell = /^#!\s*\S*\bbash\b/.test(script) ? 'bash' : 'sh'
  return new Promise((resolve) => {
    const child = spawn(shell, ['-c', script], {
      env,
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let cut: 'timed_out' | 'canceled' | null = null
    const kill = (why: 'timed_out' | 'canceled'): void => {
      cut = why
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // The group is gone already.
      }
    }
    const timer = timeoutMs > 0 ? setTimeout(() => kill('timed_out'), timeoutMs) : null
    const cancel = (): void => kill('canceled')
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
    const flushes = [lineReader(child.stdout, (line) => onLine('out', line))]
    flushes.push(lineReader(child.stderr, (line) => onLine('error', line)))

    const finish = (end: ScriptEnd): void => {
      if (timer !== null) clearTimeout(timer)
      signal.removeEventListener('abort', cancel)
      for (const flush of flushes) flush()
      resolve(end)
    }
    child.once('error', (error) => {
      onLine('error', `cannot be run: ${error.message}`)
      finish({ status: 'exit_failure', exitCode: null, group: null })
    })
    child.once('exit', (exitCode) => {
      const end = (well: 'ok' | 'pipes_left_open'): void =>
        finish({ status: cut ?? (exitCode === 0 ? well : 'exit_failure'), exitCode, group: child.pid ?? null })
      // A program in the background may hold the pipes for as long as the workspace lives. Where this process itself was
      // held up, what is in the pipes is read first.
      const held = setTimeout(() => setImmediate(() => end('pipes_left_open')), pipesWithinMs)
      child.once('close', () => {
        clearTimeout(held)
        end('ok')
      })
    })
  })
}

/** Gives whole lines; a longer one comes in pieces. Returns what gives out the rest. */
function lineReader(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line.replace(/\r$/, ''))
    for (; rest.length > lineCharsMax; rest = rest.slice(lineCharsMax)) onLine(rest.slice(0, lineCharsMax))
  })
  return () => {
    if (rest !== '') onLine(rest)
    rest = ''
  }
}
