import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { shellBlocks } from './blocks.ts'

export interface PageRun {
  /** Everything that the executed blocks printed on stdout and stderr. */
  readonly output: string
  /** Milliseconds from starting the server block to its first healthy answer; null when the page starts none. */
  readonly readyMs: number | null
}

/**
 * Executes a page as its reader would: server blocks in one terminal, all the others in a second one, in order, in one
 * shell, so that what one block exports the next one has. Ends everything that it started.
 *
 * @param checkout the folder that the page calls "a checkout of this repository"
 * @param page path of the page inside the checkout
 */
export async function runPage(checkout: string, page: string, env: NodeJS.ProcessEnv, url: string): Promise<PageRun> {
  const blocks = shellBlocks(readFileSync(join(checkout, page), 'utf8'))
  const servers: Terminal[] = []
  let readyMs: number | null = null
  try {
    for (const block of blocks.filter((one) => one.kind === 'server')) {
      const started = performance.now()
      const server = openTerminal(checkout, block.text, env)
      servers.push(server)
      await untilHealthy(url, server)
      readyMs = performance.now() - started
    }
    const script = blocks
      .filter((one) => one.kind === 'run')
      .map((one) => `echo "== ${page}:${one.line}" >&2\n${one.text}`)
      .join('\n')
    const reader = openTerminal(checkout, `set -euo pipefail\n${script}`, env)
    const code = await reader.exit
    if (code !== 0) throw new Error(`${page}: a block failed with exit code ${code}\n${reader.output()}`)
    return { output: reader.output(), readyMs }
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** Starts a server, waits until it is ready, and stops it. */
export async function startOnce(checkout: string, command: string, env: NodeJS.ProcessEnv, url: string): Promise<void> {
  const server = openTerminal(checkout, command, env)
  try {
    await untilHealthy(url, server)
  } finally {
    await server.stop()
  }
}

interface Terminal {
  readonly exit: Promise<number | null>
  output(): string
  /** Ctrl-C, then waits until the whole process group is gone. */
  stop(): Promise<void>
}

function openTerminal(cwd: string, script: string, env: NodeJS.ProcessEnv): Terminal {
  const child: ChildProcess = spawn('bash', ['-c', script], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: Buffer[] = []
  child.stdout?.on('data', (bytes: Buffer) => printed.push(bytes))
  child.stderr?.on('data', (bytes: Buffer) => printed.push(bytes))
  const exit = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  return {
    exit,
    output: () => Buffer.concat(printed).toString(),
    async stop() {
      signalGroup(child, 'SIGINT')
      await Promise.race([exit, wait(150_000)])
      const left = livingIn(child)
      if (left.length > 0) {
        signalGroup(child, 'SIGKILL')
        const output = Buffer.concat(printed).toString()
        throw new Error(`stopping left processes behind:\n${left.join('\n')}\nafter:\n${output}`)
      }
    },
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // Nobody is left in it.
  }
}

/** Who is left in the group, as `ps` says it. The dead that nobody has waited for hold nothing any more. */
function livingIn({ pid }: ChildProcess): string[] {
  const all = execFileSync('ps', ['-eo', 'pgid=,stat=,pid=,etimes=,args='], { encoding: 'utf8' }).split('\n')
  return all.filter((line) => {
    const [group, state] = line.trim().split(/\s+/)
    return group === String(pid) && state?.startsWith('Z') === false
  })
}

async function untilHealthy(url: string, server: Terminal): Promise<void> {
  let ended = false
  void server.exit.then(() => (ended = true))
  for (;;) {
    if (ended) throw new Error(`the server ended before it was ready:\n${server.output()}`)
    const healthy = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.ok,
      () => false,
    )
    if (healthy) return
    await wait(100)
  }
}
