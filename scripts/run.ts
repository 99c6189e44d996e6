import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

/** Runs the repository's tools, one after the other, on the Node that runs this. */
export const root = resolve(import.meta.dirname, '..')

const running = new Set<ChildProcess>()
let interrupted = false

/** Ctrl-C and SIGTERM end the tool that runs; whoever started it sees it fail and ends in order. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true
    for (const child of running) child.kill(signal)
  })
}

export function wasInterrupted(): boolean {
  return interrupted
}

/** Whether it ended well. Its output is ours. */
export async function succeeds(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<boolean> {
  if (interrupted) return false
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  })
  running.add(child)
  const [code] = await once(child, 'close')
  running.delete(child)
  return code === 0
}

/** A package's program: `node_modules/<script>`. */
export function tool(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  return succeeds(process.execPath, [`node_modules/${script}`, ...args], env)
}
