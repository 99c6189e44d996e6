import { createHash } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { type Account, closedFolder } from './account.ts'

/** Where the built-in database keeps what it keeps. */
export interface Folders {
  /** Everything of PostgreSQL's: its user reaches nothing else of the data directory. */
  readonly home: string
  readonly data: string
  /** Holds the socket; whoever can enter it is the database's superuser. */
  readonly socket: string
  readonly lock: string
}

/** Longest path of a unix socket, without the NUL at its end. */
const socketPathMax = 107
const socketName = '/.s.PGSQL.5432'

export function prepareFolders(dataDir: string, account: Account | null): Folders {
  const home = join(dataDir, 'postgres')
  try {
    // Passing through is all that PostgreSQL's user may do here.
    mkdirSync(dataDir, { recursive: true, mode: account === null ? 0o700 : 0o711 })
    if (account !== null) letPass(dataDir, account)
    const socket = join(home, 'run')
    const short = Buffer.byteLength(socket + socketName) <= socketPathMax
    own(home, account)
    const folders = {
      home,
      data: join(home, 'data'),
      socket: short ? socket : shortFolder(home, account),
      lock: join(home, 'lock'),
    }
    own(folders.socket, account)
    return folders
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('unavailable', `the data directory ${dataDir} cannot be written: ${toError(thrown).message}`, {
      fix: 'set REEVE_DATA_DIR to a folder that the user who starts Reeve can write to',
      cause: thrown,
    })
  }
}

function letPass(dataDir: string, account: Account): void {
  const { mode } = statSync(dataDir)
  if ((mode & 0o001) === 0) chmodSync(dataDir, mode | 0o001)
  const closed = closedFolder(account, dataDir)
  if (closed === null) return
  throw new Fault(
    'unavailable',
    `the system user ${account.name}, who runs PostgreSQL, cannot pass through ${closed}`,
    {
      fix: `chmod o+x ${closed}, or set REEVE_DATA_DIR to a folder such as /var/lib/reeve, or run Reeve as an ordinary user`,
    },
  )
}

/** Makes a folder that is only PostgreSQL's, or makes sure that it is. */
function own(path: string, account: Account | null): void {
  const uid = account?.uid ?? process.getuid?.()
  try {
    mkdirSync(path, { mode: 0o700 })
    if (account !== null) chownSync(path, account.uid, account.gid)
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown
  }
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== uid) {
    throw new Fault('conflict', `${path} belongs to another user (uid ${found.uid}; expected ${uid})`, {
      fix: 'start Reeve as the user who made it, or give this one another REEVE_DATA_DIR',
    })
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700)
}

/** Always the same one for the same data directory, so that a crash leaves nothing that is not used again. */
function shortFolder(home: string, account: Account | null): string {
  const uid = account?.uid ?? process.getuid?.()
  return `/tmp/reeve-postgres-${uid}-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`
}

/** PostgreSQL stops in the middle of whatever it does when the disk is full; better not to start. */
export function checkDiskSpace(folder: string, freeBytesMin: number): void {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free >= freeBytesMin) return
  const inMb = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`
  throw new Fault(
    'unavailable',
    `the disk that holds ${folder} is full: ${inMb(free)} are free, ${inMb(freeBytesMin)} are needed`,
    {
      fix: 'free some space on it, or move the data directory and set REEVE_DATA_DIR',
    },
  )
}
