import { Fault, toError } from '@reeve/base'
import { main as serveAgent } from '../driver/main.ts'
import { boundary } from './boundary.ts'
import type { CommandRun } from './command-run.ts'
import { externalAuth } from './external-auth.ts'
import { gitAskpass } from './git-askpass.ts'
import { gitSsh } from './git-ssh.ts'
import { mcpServer } from './mcp-server.ts'
import { passOn } from './pass-on.ts'
import { stat } from './stat.ts'
import { sync } from './sync.ts'

type Command = (run: CommandRun) => Promise<number> | number

/** By the first words; `reeve` and `coder` are the same. */
const subcommands: readonly (readonly [words: readonly string[], command: Command])[] = [
  [['stat'], stat],
  [['external-auth', 'access-token'], externalAuth],
  [['exp', 'mcp', 'server'], mcpServer],
  [['exp', 'sync'], sync],
  [['agent', 'serve'], ({ argv }) => serveAgent(argv)],
]

/** Runs the command of this name in the folder of commands, which may have been asked for something that it does not know. */
export async function runCommand(name: string, run: CommandRun): Promise<number> {
  try {
    return await commandFor(name, run)
  } catch (thrown) {
    const fault = thrown instanceof Fault ? thrown : null
    run.err(`${name}: ${toError(thrown).message}${fault?.fix === undefined ? '' : `\n${fault.fix}`}\n`)
    return 1
  }
}

function commandFor(name: string, run: CommandRun): Promise<number> | number {
  const { argv } = run
  if (name === 'git-askpass') return gitAskpass(run)
  if (name === 'git-ssh') return gitSsh(run)
  if (name === 'agentapi') return argv[0] === 'server' ? serveAgent(argv.slice(1)) : passOn(name, run)
  if (name === 'boundary') return boundary(run)
  if (argv[0] === 'boundary' || argv[0] === 'agent-firewall') return boundary({ ...run, argv: argv.slice(1) })
  const known = subcommands.find(([words]) => words.every((word, index) => argv[index] === word))
  if (known === undefined) return passOn(name, run)
  const [words, command] = known
  return command({ ...run, argv: argv.slice(words.length) })
}
