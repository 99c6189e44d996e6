import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toError } from '@reeve/base'
import { askAgent, wordOf } from './ask-agent.ts'
import { become } from './pass-on.ts'
import type { CommandRun } from './command-run.ts'

/**
 * What Git runs in place of `ssh`: itself, with the owner's key for Git beside those that it finds. The key is in a file
 * for as long as ssh runs, for this user alone.
 */
export async function gitSsh({ argv, env, err }: CommandRun): Promise<number> {
  const key = await askAgent(env, 'GET', '/ssh-key').catch((thrown: unknown) => {
    err(`reeve: without your key for Git: ${toError(thrown).message}\n`)
    return null
  })
  if (key === null) return become('ssh', argv, env)
  const folder = mkdtempSync(join(tmpdir(), 'reeve-git-'))
  try {
    const file = join(folder, 'id_ed25519')
    writeFileSync(file, wordOf(key['private_key']), { mode: 0o600 })
    const code = await become('ssh', ['-i', file, ...argv], env)
    if (code === 255) err(`reeve: your key for Git, for the settings of your Git host: ${wordOf(key['public_key'])}\n`)
    return code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
