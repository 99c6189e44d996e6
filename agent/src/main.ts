import { readFileSync } from 'node:fs'
import { systemClock, toError } from '@reeve/base'
import { runCommand } from './commands/run-command.ts'
import { lineLog } from './line-log.ts'
import { runAgent } from './run-agent.ts'
import { version } from './version.ts'

interface Start {
  /** How this very program is started, as words of a command: the commands of the workspace are made of it. */
  readonly self: readonly string[]
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * `reeve agent`: what runs in a workspace. Where the control plane is and who it is come from the environment. With the
 * words `command <name>` it is one of the commands of the workspace.
 */
export async function main({ self, argv = [], env = process.env }: Start): Promise<void> {
  const [word, name = '', ...rest] = argv
  if (word === 'command') {
    const out = (text: string): void => void process.stdout.write(text)
    const err = (text: string): void => void process.stderr.write(text)
    process.exitCode = await runCommand(name, { argv: rest, env, out, err })
    return
  }
  const url = env['REEVE_AGENT_URL'] ?? env['CODER_AGENT_URL'] ?? ''
  const token = tokenFrom(env)
  if (!URL.canParse(url) || token === '') {
    process.stderr.write('reeve agent: set CODER_AGENT_URL and CODER_AGENT_TOKEN (or CODER_AGENT_TOKEN_FILE)\n')
    process.exitCode = 2
    return
  }
  const stopping = new AbortController()
  // More than once: who ends a whole group tells the agent and the init script, which tells the agent.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort())
  try {
    const [clock, log] = [systemClock, lineLog()]
    await runAgent({ url, token, version, self, env, stopping: stopping.signal, clock, log })
  } catch (thrown) {
    process.stderr.write(`reeve agent: ${toError(thrown).message}\n`)
    process.exitCode = 1
  }
  // What a script left in the background holds its pipes, which are not to hold the agent.
  process.exit()
}

function tokenFrom(env: Readonly<Record<string, string | undefined>>): string {
  const file = env['REEVE_AGENT_TOKEN_FILE'] ?? env['CODER_AGENT_TOKEN_FILE']
  if (file !== undefined) return readFileSync(file, 'utf8').trim()
  return env['REEVE_AGENT_TOKEN'] ?? env['CODER_AGENT_TOKEN'] ?? ''
}
