import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Fault } from '@reeve/base'

/** A user that a program of ours runs as when Reeve runs as root. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export const accountName = 'reeve-postgres'

const run = promisify(execFile)

/** Null when we are not root: PostgreSQL then runs as the user that we are. */
export function postgresAccount(): Promise<Account | null> {
  return systemAccount(accountName, {
    message: `PostgreSQL does not run as root, and the system user ${accountName} cannot be made`,
    fix: `run Reeve as an ordinary user, make the user with: useradd --system ${accountName}, or set REEVE_POSTGRES_URL`,
  })
}

/** The user of a program that root does not run as himself, made where there is none; null when we are not root. */
export async function systemAccount(
  name: string,
  refusal: { readonly message: string; readonly fix: string },
): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const found = await findAccount(name)
  if (found !== null) return found
  let cause: unknown
  // useradd locks the password file and gives up at once when something else is changing it.
  for (let attempt = 0; attempt < 20; attempt++) {
    const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent']
    await run('useradd', [...options, '--shell', '/usr/sbin/nologin', name]).catch((thrown: unknown) => {
      cause = thrown
    })
    const made = await findAccount(name)
    if (made !== null) return made
    await wait(100)
  }
  throw new Fault('unavailable', refusal.message, { fix: refusal.fix, cause })
}

export async function findAccount(name: string): Promise<Account | null> {
  // getent fails when there is no such entry.
  const { stdout } = await run('getent', ['passwd', name]).catch(() => ({ stdout: '' }))
  const [, , uid, gid] = stdout.split(':')
  return uid === undefined || gid === undefined ? null : { name, uid: Number(uid), gid: Number(gid) }
}

/** Whether every folder on the way, the last one included, lets the account pass. */
export function canReach(account: Account, folder: string): boolean {
  return closedFolder(account, folder) === null
}

/** The first folder on the way that does not let the account pass. */
export function closedFolder(account: Account, folder: string): string | null {
  const path = resolve(folder)
  const above = dirname(path)
  const closed = above === path ? null : closedFolder(account, above)
  if (closed !== null) return closed
  const { uid, gid, mode } = statSync(path)
  const pass = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  return (mode & pass) === 0 ? path : null
}
