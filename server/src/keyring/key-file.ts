import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Fault, toError } from '@reeve/base'
import { parseKey, type SealingKey } from './seal.ts'

/**
 * Where the keys are when nobody configured any: a file in the data directory that only its owner can read. It is beside
 * the database, so it protects backups and copies of the database, and not against who can read this disk.
 */
export const keyFilePath = (dataDir: string): string => join(dataDir, 'keyring')

const heading = `# The keys that secrets in Reeve's database are sealed with: the first one seals, all of them open.
# Without them these secrets are lost. Keep a copy, and not where copies of the database are kept.
`

/** The keys, the sealing one first; null when there is no file. */
export function readKeyFile(path: string): readonly SealingKey[] | null {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY)
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null
    throw new Fault('unavailable', `the key file ${path} cannot be read: ${toError(thrown).message}`, {
      fix: 'let the user that runs Reeve own it, with mode 0600',
      cause: thrown,
    })
  }
  try {
    // Asked of what was opened, not of the name, which could come to mean another file in between.
    const { mode, uid } = fstatSync(file)
    if (uid !== process.getuid?.()) {
      throw new Fault('invalid', `the key file ${path} belongs to another user, who can read it`, {
        fix: `chown it to the user that runs Reeve, and rotate the key afterwards`,
      })
    }
    if ((mode & 0o077) !== 0) {
      throw new Fault('invalid', `the key file ${path} can be read by others (mode 0${(mode & 0o777).toString(8)})`, {
        fix: `chmod 600 ${path}, and rotate the key afterwards if others may have read it`,
      })
    }
    return parseLines(readFileSync(file, 'utf8'), path)
  } finally {
    closeSync(file)
  }
}

function parseLines(text: string, path: string): readonly SealingKey[] {
  const lines = text.split('\n').map((line) => line.trim())
  const keys = lines.flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return []
    const key = parseKey(line)
    if (key !== null) return [key]
    throw new Fault('invalid', `line ${index + 1} of the key file ${path} is no key`, {
      fix: 'a key is 32 bytes in base64; put the file back from your copy',
    })
  })
  if (keys.length > 0) return keys
  throw new Fault('invalid', `the key file ${path} is empty`, { fix: 'put it back from your copy' })
}

/** Puts the file in place in one step, on disk before anything is sealed with what is in it. */
export function writeKeyFile(path: string, keys: readonly SealingKey[]): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = openSync(draft, 'wx', 0o600)
  try {
    writeSync(file, `${heading}${keys.map(({ secret }) => `${secret.reveal()}\n`).join('')}`)
    fsyncSync(file)
    renameSync(draft, path)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw thrown
  } finally {
    closeSync(file)
  }
  const folder = openSync(dirname(path), constants.O_RDONLY)
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
