import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@reeve/base'

const stateBytesMax = 256 * 1024 * 1024

/** Where Terraform keeps its state, in the folder of a run. */
export const stateFileOf = (root: string): string => join(root, 'state', 'terraform.tfstate')

/**
 * Terraform writes the state in place: one that was killed in the middle of it leaves half of one, and the whole one from
 * before beside it. What it could not write where it belongs it leaves in `errored.tfstate`.
 */
export function newestState(root: string, uid: number | undefined): Buffer | null {
  const stateFile = stateFileOf(root)
  for (const path of [join(root, 'source', 'errored.tfstate'), stateFile, `${stateFile}.backup`]) {
    const state = readOwn(path, uid, stateBytesMax)
    if (state !== null && isJson(state)) return state
  }
  return null
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

/**
 * A file that this user has written; without one, we. A template may have put anything in its place, and we may read more
 * than it: so no links of either kind, and nothing that is not a plain file of that user's own.
 */
export function readOwn(path: string, uid: number | undefined, bytesMax: number): Buffer | null {
  let handle: number
  try {
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const found = fstatSync(handle)
    const isOwn = found.uid === (uid ?? process.getuid?.())
    if (!found.isFile() || found.nlink !== 1 || !isOwn || found.size === 0) return null
    if (found.size > bytesMax) throw new Fault('too_large', `the state has more than ${bytesMax} bytes`)
    const bytes = Buffer.alloc(found.size)
    return bytes.subarray(0, readSync(handle, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(handle)
  }
}
