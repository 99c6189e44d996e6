import { existsSync } from 'node:fs'
import type { Account } from './account.ts'

/** What a child process of PostgreSQL's runs with: its own user, and nothing of our environment. */
export function childOptions(account: Account | null, cwd: string) {
  return {
    cwd,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  }
}

const setpriv = '/usr/bin/setpriv'

/**
 * The command with which the kernel sends a program this signal when we die without a word. Where `setpriv` of util-linux
 * is missing it lives on, and the next start ends it (`orphan.ts`).
 */
export function endsWithUs(signal: 'INT' | 'KILL', command: readonly [string, ...string[]]): [string, string[]] {
  const [program, ...args] = command
  return existsSync(setpriv) ? [setpriv, ['--pdeathsig', signal, '--', program, ...args]] : [program, args]
}
