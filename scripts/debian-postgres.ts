import { execFile } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, chmodSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { silentLog } from '@reeve/base'
import { forgetful } from '../test/setup/postgres.ts'
import { postgresAccount } from '../server/src/db/embedded/account.ts'
import { childOptions } from '../server/src/db/embedded/child.ts'
import { startPostmaster } from '../server/src/db/embedded/postmaster.ts'

/** Where Debian 12 keeps the programs of its PostgreSQL: the oldest one that Reeve supports. */
export const debianPostgres = '/usr/lib/postgresql/15/bin'

/** A throw-away cluster on a unix socket, run by the user that runs the built-in one. */
export async function startDebianPostgres(): Promise<{ readonly url: string } & AsyncDisposable> {
  await using undo = new AsyncDisposableStack()
  const account = await postgresAccount()
  const home = mkdtempSync(join(tmpdir(), 'reeve-pg15-'))
  undo.defer(() => rmSync(home, { recursive: true, force: true }))
  chmodSync(home, 0o711)
  const folders = { home, data: join(home, 'data'), socket: join(home, 'run'), lock: join(home, 'lock') }
  for (const folder of [folders.data, folders.socket]) {
    mkdirSync(folder, { mode: 0o700 })
    if (account !== null) chownSync(folder, account.uid, account.gid)
  }
  const binaries = { initdb: join(debianPostgres, 'initdb'), postgres: join(debianPostgres, 'postgres'), major: '15' }
  const cluster = [`--pgdata=${folders.data}`, '--username=reeve', '--auth=trust', '--encoding=UTF8', '--locale=C']
  await promisify(execFile)(
    binaries.initdb,
    [...cluster, '--no-sync', '--no-instructions'],
    childOptions(account, home),
  )
  const postmaster = await startPostmaster(folders, binaries, account, { log: silentLog })
  undo.defer(() => postmaster.stop())
  // The host of a URL cannot be a path: the parameter stands in for it.
  const url = `postgres://reeve@localhost/postgres?host=${encodeURIComponent(folders.socket)}`
  await forgetful({ url })
  const running = undo.move()
  return {
    url,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
