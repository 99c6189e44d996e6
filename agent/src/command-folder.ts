import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The commands that every process of a workspace finds on its path, each the agent under another name. */
export const commandNames = ['reeve', 'coder', 'agentapi', 'boundary'] as const

/** A folder of this agent, for its user alone, which goes with it. */
export interface CommandFolder extends Disposable {
  readonly socket: string
  /** Where the commands are: the first place of each path. */
  readonly bin: string
  /** Of the template's scripts: what one puts into its `bin` is the last place of each path. */
  readonly scripts: string
  /** What the commands are made of, which a boundary shows to what runs behind it: not the socket, and no ssh. */
  readonly shown: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/**
 * `self`: how the agent itself was started, as words of a command. `own`: the folder that the init script made for it,
 * where an agent that was killed may have left its own; without one it is made where temporary files are.
 */
export function makeCommandFolder(self: readonly string[], own = ''): CommandFolder {
  const folder = own === '' ? mkdtempSync(join(tmpdir(), 'reeve-workspace-')) : join(own, 'reeve-workspace')
  if (own !== '') rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const script = (path: string, name: string): void => {
    writeFileSync(path, `#!/bin/sh\nexec ${[...self, 'command', name].map(quoted).join(' ')} "$@"\n`)
    chmodSync(path, 0o755)
  }
  for (const name of commandNames) script(join(bin, name), name)
  // Git runs these, people do not.
  const askpass = join(folder, 'git-askpass')
  script(askpass, 'git-askpass')
  script(join(folder, 'git-ssh'), 'git-ssh')
  const socket = join(folder, 'agent.sock')
  const scripts = join(folder, 'scripts')
  const scriptBin = join(scripts, 'bin')
  mkdirSync(scriptBin, { recursive: true })
  return {
    socket,
    bin,
    scripts,
    shown: [bin, askpass, ...filesOf(self)],
    environment: {
      REEVE_AGENT_SOCKET: socket,
      GIT_ASKPASS: askpass,
      GIT_SSH_COMMAND: quoted(join(folder, 'git-ssh')),
      CODER_SCRIPT_BIN_DIR: scriptBin,
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Of a command that may begin with `env LD_LIBRARY_PATH=<folder>`. */
const filesOf = (words: readonly string[]): readonly string[] =>
  words.map((word) => word.replace(/^LD_LIBRARY_PATH=/, '')).filter((word) => word.startsWith('/'))

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
