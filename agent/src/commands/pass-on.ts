import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { CommandRun } from './command-run.ts'

/** Whatever else is installed under this name gets what we do not know: ours only stands before it on the path. */
export async function passOn(name: string, { argv, env, err }: CommandRun): Promise<number> {
  const own = ownFolders(env)
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '' && !own.includes(folder))
  const found = folders.map((folder) => join(folder, name)).find(isProgram)
  if (found === undefined) {
    err(`${name}: there is no ${[name, ...argv.slice(0, 2)].join(' ')} in this workspace\n`)
    return 127
  }
  return become(found, argv, env)
}

/** Behind a boundary, which has no socket of the agent's, it is said by name. */
function ownFolders(env: CommandRun['env']): readonly string[] {
  const { REEVE_AGENT_SOCKET: socket = '', REEVE_AGENT_COMMANDS: commands = '' } = env
  return [join(dirname(socket), 'bin'), ...commands.split(':')]
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Runs another program in this one's place, as near as that goes: its streams, its signals, its end. */
export function become(
  program: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { env, stdio: 'inherit' })
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const relays = signals.map((signal) => [signal, () => void child.kill(signal)] as const)
    for (const [signal, relay] of relays) process.on(signal, relay)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const [name, relay] of relays) process.off(name, relay)
      resolve(code ?? (signal === null ? 1 : 128))
    })
  })
}
