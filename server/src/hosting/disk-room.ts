import { execFile } from 'node:child_process'
import { readdir, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { isUuid, type Log } from '@reeve/base'

const run = promisify(execFile)
const measuredWithinMs = 60_000
const named = 5

/**
 * No workspace has a bound of its own on the disk. So when little is left of it, the log says once which ones use most:
 * looking through all homes takes long, and is not done before.
 */
export function diskRoom(folder: string, log: Log, least = 0.05): () => Promise<void> {
  let wasShort = false
  return async () => {
    const { bavail, blocks, bsize } = await statfs(folder)
    const isShort = bavail < blocks * least
    if (isShort && !wasShort) {
      const largest = await largestOf(folder)
      log.warn({ freeBytes: bavail * bsize, largest }, 'the disk that workspaces on this machine use is nearly full')
    }
    wasShort = isShort
  }
}

/** By their ids, the largest first. What changes while it is looked at makes `du` complain; what it says counts all the same. */
async function largestOf(folder: string): Promise<readonly { readonly workspaceId: string; readonly bytes: number }[]> {
  const ids = (await readdir(folder)).filter((name) => isUuid(name))
  if (ids.length === 0) return []
  const words = ['-s', '-x', '--block-size=1', '--', ...ids]
  const { stdout } = await run('/usr/bin/du', words, { cwd: folder, timeout: measuredWithinMs }).catch((thrown) => ({
    stdout: String(Object(thrown).stdout ?? ''),
  }))
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([bytes = '', id = '']) => (isUuid(id) ? [{ workspaceId: id, bytes: Number(bytes) }] : []))
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, named)
}
