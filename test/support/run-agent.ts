import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Row } from './record.ts'

export interface AgentRun {
  readonly program: string
  readonly args: readonly string[]
  /** HOME and working directory: one folder for one person. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  /** Behind which boundary it runs; without one it runs as it is. */
  readonly behind?: Behind | undefined
}

/** A boundary around an agent: how it is started, in which folder of the home, and what only the boundary is told. */
export interface Behind {
  readonly command: readonly string[]
  readonly workspace: string
  readonly env: Readonly<Record<string, string>>
}

export interface AgentEnded {
  readonly code: number | null
  /** Those lines of its output that are JSON. */
  readonly lines: readonly Row[]
  readonly stdout: string
  readonly stderr: string
}

/** An agent program, once, without a terminal, in an environment that knows nothing but what it is told. */
export async function runAgent({ program, args, home, env, behind }: AgentRun): Promise<AgentEnded> {
  const [first = program, ...words] = [...(behind?.command ?? []), program, ...args]
  const child = spawn(first, words, {
    cwd: behind?.workspace ?? home,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { PATH: process.env['PATH'], HOME: home, ...env, ...behind?.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await once(child, 'close')
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  return { code, lines, stdout, stderr }
}
