import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, lstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, toError, type Uuid } from '@reeve/base'
import { type NoteKey, noteKey, signNote } from '@reeve/sdk'
import { sha256 } from './proof.ts'

/** What a replica signs checkpoints with. It is outside of the database: whoever owns that cannot sign. */
export interface Signer {
  readonly key: NoteKey
  /** What every note of this deployment begins with. */
  readonly origin: string
  sign(text: string): string
}

const fileName = 'audit-signing-key.pem'

export const originOf = (deploymentId: Uuid): string => `reeve/${deploymentId}/audit`

/** Opens the key of a data directory, and makes one where there is none. */
export function openSigner(dataDir: string, deploymentId: Uuid): Signer {
  const path = join(dataDir, fileName)
  return createSigner(readKey(path) ?? makeKey(path), deploymentId)
}

export function createSigner(secret: KeyObject, deploymentId: Uuid): Signer {
  const origin = originOf(deploymentId)
  const { x } = secret.export({ format: 'jwk' })
  const key = noteKey(origin, Buffer.from(x ?? '', 'base64url'), sha256)
  return { key, origin, sign: (text) => signNote(text, key, (message) => sign(null, message, secret)) }
}

function readKey(path: string): KeyObject | null {
  let text: string
  try {
    const stat = lstatSync(path)
    if (!stat.isFile() || (stat.mode & 0o077) !== 0) {
      throw new Fault('forbidden', `${path} can be read by others, or is no file`, {
        fix: `chmod 600 ${path}; if others may have read it, move it away and restart: a new key is made`,
      })
    }
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null
    if (thrown instanceof Fault) throw thrown
    throw new Fault('unavailable', `the signing key of the audit log cannot be read: ${toError(thrown).message}`)
  }
  try {
    const key = createPrivateKey(text)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Told below, without what the file holds.
  }
  throw new Fault('unavailable', `${path} is not an Ed25519 private key`, {
    fix: 'put the right file back, or move this one away: a new key is made at the next start',
  })
}

/** Written beside and linked into place: a crash leaves the whole key or none, and nobody's key is replaced. */
function makeKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519')
  const half = `${path}.${process.pid}.new`
  rmSync(half, { force: true })
  const file = openSync(half, 'wx', 0o600)
  try {
    writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(half, path)
  } finally {
    rmSync(half, { force: true })
  }
  return readKey(path) ?? privateKey
}
