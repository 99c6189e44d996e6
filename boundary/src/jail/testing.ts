import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A supervisor of `jail.test-child.ts` in a process of its own, and what it says of itself. */
export interface Supervisor extends AsyncDisposable {
  readonly process: ChildProcess
  readonly workspace: string
  /** The first fact with this name, once it is told. */
  fact(name: string): Promise<Readonly<Record<string, unknown>>>
  readonly facts: readonly Readonly<Record<string, unknown>>[]
  /** All of what was printed, and how the supervisor ended. */
  readonly result: Promise<{ stdout: Buffer; stderr: string; code: number | null; signal: string | null }>
}

export function supervise(
  command: readonly string[],
  { input = '' as string | Buffer, prefix = [] as string[] } = {},
): Supervisor {
  const workspace = mkdtempSync(join(tmpdir(), 'reeve-jail-'))
  const child = join(import.meta.dirname, 'jail.test-child.ts')
  const [program = '', ...rest] = [...prefix, process.execPath, child, workspace, ...command]
  const supervisor = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] })
  supervisor.stdin?.on('error', () => {})
  supervisor.stdin?.end(input)

  const facts: Readonly<Record<string, unknown>>[] = []
  const waiting = new Set<() => void>()
  // SAFETY: the fourth descriptor is a pipe that the child writes to.
  createInterface({ input: supervisor.stdio[3] as Readable }).on('line', (line) => {
    facts.push(JSON.parse(line))
    for (const look of waiting) look()
  })
  const stdout: Buffer[] = []
  let stderr = ''
  supervisor.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  supervisor.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const result = new Promise<Awaited<Supervisor['result']>>((resolve) => {
    supervisor.on('close', (code, signal) => resolve({ stdout: Buffer.concat(stdout), stderr, code, signal }))
  })
  return {
    process: supervisor,
    workspace,
    facts,
    result,
    fact(name) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = facts.find((fact) => name in fact)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        void result.then(({ stderr: said }) => reject(new Error(`it ended before it told ${name}: ${said}`)))
      })
    },
    async [Symbol.asyncDispose]() {
      supervisor.kill('SIGKILL')
      await result
      rmSync(workspace, { recursive: true, force: true })
    },
  }
}

/** Processes of this machine whose command line has the word. */
export function processesWith(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(word)
      } catch {
        return false
      }
    })
    .map(Number)
}
