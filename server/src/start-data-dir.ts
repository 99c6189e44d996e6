import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, toError } from '@reeve/base'

/** Below this the journal would soon have to refuse requests. */
const freeBytesMin = 64 * 1024 * 1024

/**
 * Makes the data directory, or finds out why it cannot be used. Others may pass through it, as PostgreSQL's user must
 * when Reeve runs as root, and not look into it: what lies in it is closed by those who put it there. Returns how many
 * bytes are free.
 */
export function openDataDir(dir: string): number {
  try {
    makeFolder(dir)
    if (!statSync(dir).isDirectory()) throw new Error('it is not a folder')
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(dir)
    const freeBytes = bavail * bsize
    if (freeBytes < freeBytesMin) {
      throw new Fault(
        'unavailable',
        `the disk that holds ${dir} is full: ${Math.floor(freeBytes / 1024 ** 2)} MiB are free`,
        {
          fix: 'free some space on it, or set REEVE_DATA_DIR to a folder on another disk',
        },
      )
    }
    return freeBytes
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('unavailable', `the data directory ${dir} cannot be used: ${toError(thrown).message}`, {
      fix: 'set REEVE_DATA_DIR (--data-dir) to a folder that this user can write to',
      cause: thrown,
    })
  }
}

/** Node's own recursive way never ends where the kernel calls a missing file what cannot be made, as under /proc. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return
  makeFolder(dirname(dir))
  mkdirSync(dir, { mode: 0o711 })
}
