import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, toError } from '@reeve/base'

const keyBytes = 32

/**
 * The key of the fingerprints that stand in masks. It lies in the data directory and not in PostgreSQL: with a dump of
 * the database alone nobody can try out what a masked secret was. Made at the first start. Without the old one, new
 * masks are right and just do not match the old ones.
 */
export function openMaskingKey(file: string): Uint8Array {
  try {
    const key = readIfThere(file) ?? make(file)
    if (key.length === keyBytes) return key
    throw new Error(`it has ${key.length} bytes instead of ${keyBytes}`)
  } catch (thrown) {
    throw new Fault('unavailable', `the key of the masks, ${file}, cannot be used: ${toError(thrown).message}`, {
      fix: 'put it back from a backup, or remove it and a new one is made',
      cause: thrown,
    })
  }
}

/** Complete or not there at all, whatever happens meanwhile; of two that make one, the first one's stays. */
function make(file: string): Uint8Array {
  const half = `${file}.${process.pid}.part`
  const fd = openSync(half, 'wx', 0o600)
  try {
    writeSync(fd, randomBytes(keyBytes))
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  try {
    linkSync(half, file)
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  } finally {
    unlinkSync(half)
  }
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
  return readFileSync(file)
}

function readIfThere(file: string): Uint8Array | null {
  try {
    return readFileSync(file)
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return null
    throw thrown
  }
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof Error && 'code' in thrown ? thrown.code : undefined)
