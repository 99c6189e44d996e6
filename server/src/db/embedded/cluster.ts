import { execFile } from 'node:child_process'
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Fault, type Log, toError } from '@reeve/base'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { Folders } from './folders.ts'
import { childOptions, endsWithUs } from './child.ts'

export const superuser = 'reeve'

const run = promisify(execFile)

/**
 * Makes the database cluster when there is none. It is made aside and renamed, so that one whose making was killed
 * half-way is never taken for a real one. Sorting is PostgreSQL's own, by code point: that of the machine changes with
 * its C library, and indexes with it.
 */
export async function ensureCluster(
  folders: Folders,
  binaries: Binaries,
  account: Account | null,
  log: Log,
): Promise<void> {
  const { data, home } = folders
  for (const name of readdirSync(home)) {
    // What its maker left, who may only just be ending.
    if (name.startsWith('data.new.')) rmSync(join(home, name), { recursive: true, maxRetries: 20 })
  }
  if (existsSync(data)) return checkMajor(data, binaries)
  log.info({ folder: data }, 'making the database')
  const half = `${data}.new.${process.pid}`
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  // No passwords: the socket is open to one user, and there is no other way in.
  const access = [`--username=${superuser}`, '--auth-local=trust', '--auth-host=reject']
  const [program, args] = endsWithUs('KILL', [
    binaries.initdb,
    `--pgdata=${half}`,
    ...access,
    ...locale,
    '--no-instructions',
  ])
  await run(program, args, {
    ...childOptions(account, home),
    maxBuffer: 1024 * 1024,
  }).catch((thrown: unknown) => {
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim() : toError(thrown).message
    throw new Fault('unavailable', `the database cannot be made in ${data}: ${said.split('\n').at(-1)}`, {
      detail: said,
      cause: thrown,
    })
  })
  renameSync(half, data)
  syncFolder(home)
}

function checkMajor(data: string, binaries: Binaries): void {
  const file = join(data, 'PG_VERSION')
  const made = existsSync(file) ? readFileSync(file, 'utf8').trim() : null
  if (made === binaries.major) return
  if (made === null) {
    throw new Fault('conflict', `${data} is not a database of PostgreSQL: it has no PG_VERSION`, {
      fix: 'move it out of the way, or restore it from a backup',
    })
  }
  throw new Fault(
    'conflict',
    `${data} was made by PostgreSQL ${made}; this release of Reeve brings ${binaries.major}`,
    {
      fix:
        `start the release of Reeve that made it, or convert the folder with pg_upgrade of PostgreSQL ${binaries.major}, ` +
        `or run PostgreSQL ${made} on it yourself and set REEVE_POSTGRES_URL`,
    },
  )
}

/** A rename is on disk when the folder that it happened in is. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
