import { createRequire, enableCompileCache } from 'node:module'
import { dirname, join } from 'node:path'
import { Fault } from '@reeve/base'
import { askAgent, wordOf } from './ask-agent.ts'
import type { CommandRun } from './command-run.ts'
import { passOn } from './pass-on.ts'

/**
 * `boundary -- <command>`: nobody has to sign in and nothing has to be written. The agent knows the program, the control
 * plane and a credential that does nothing else, which goes into the environment of the supervisor and stays there. It
 * stands before whatever the workspace was given: by it the control plane knows where the boundary runs. What runs behind
 * it has the commands of the workspace, which ask the boundary in place of the agent.
 */
export async function boundary(run: CommandRun): Promise<number> {
  const answer = await askAgent(run.env, 'GET', '/boundary').catch((thrown: unknown) => {
    // Of a control plane that has none to give: perhaps the image has one.
    if (thrown instanceof Fault && thrown.code === 'not_found') return null
    throw thrown
  })
  if (answer === null) return passOn('boundary', run)
  const program = wordOf(answer['program'])
  Object.assign(process.env, {
    REEVE_URL: wordOf(answer['url']),
    REEVE_SESSION_TOKEN: wordOf(answer['token']),
    // As the agent itself reaches it.
    REEVE_BOUNDARY_ALLOW_PLAIN_HTTP: 'true',
    REEVE_AGENT_COMMANDS: pathsOf(answer['commands']).join(':'),
  })
  // A key for Git is good for every host, and does not go in: Git does without.
  const own = dirname(run.env['REEVE_AGENT_SOCKET'] ?? '')
  if (process.env['GIT_SSH_COMMAND']?.includes(own) === true) delete process.env['GIT_SSH_COMMAND']
  enableCompileCache(join(dirname(program), 'compiled'))
  // SAFETY: the program whose sum the control plane named, which exports this.
  const { runBoundary } = createRequire(program)(program) as {
    readonly runBoundary: (argv: readonly string[], file: string) => Promise<never>
  }
  return runBoundary(run.argv, program)
}

const pathsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(wordOf) : [])
