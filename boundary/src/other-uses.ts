import { realpathSync } from 'node:fs'
import { type Clock, Fault } from '@reeve/base'
import { compilePolicy } from '@reeve/policy'
import { lockSession } from './audit/session-lock.ts'
import { stateDirectoryOf } from './audit/state-directory.ts'
import type { CommandLine } from './config/command-line.ts'
import { readConfig, type Surroundings } from './config/config.ts'
import { explainUrl } from './config/explain-url.ts'
import { importConfig } from './config/import-config.ts'
import { overlays } from './files/overlay-commands.ts'
import { snapshots } from './files/snapshot-commands.ts'

export interface Around extends Surroundings {
  readonly cwd: string
  readonly clock: Clock
  readonly write: (text: string) => void
  readonly warn: (text: string) => void
}

/** What `boundary` does besides running a command and besides its records: gives the exit code. */
export async function otherUse({ verb, ...line }: CommandLine, around: Around): Promise<number> {
  const { env, home, cwd, clock, write } = around
  const place = () => ({
    words: line.words,
    workspace: realpathSync(cwd),
    stateDirectory: stateDirectoryOf(env, home),
    clock,
    lock: lockSession,
    write,
  })
  switch (verb) {
    case 'explain-url': {
      const { policy } = readConfig({ verb, ...line }, around)
      if (policy === null) {
        throw new Fault('invalid', 'There is no policy on this machine to ask.', {
          fix: 'the control plane’s own: reeve policies simulate',
        })
      }
      return explainUrl(line.words, compilePolicy([policy]), clock.now(), write)
    }
    case 'import':
      return importConfig(line.words, around)
    case 'snapshots':
      return await snapshots(place())
    case 'changes':
    case 'apply':
    case 'discard':
      return await overlays({ ...place(), verb })
    default:
      throw new Fault('invalid', `boundary ${verb} is not known.`)
  }
}
