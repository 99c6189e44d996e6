import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { Secret } from '@reeve/base'

/**
 * One value sealed with one key: AES-256-GCM with a random nonce of 96 bits, as text.
 *
 *   sealed-1.<key id>.<base64url of nonce, ciphertext and tag>
 *
 * The tag also covers the key id and the context, which names the place of the value: a sealed text that was moved to
 * another row does not open there. With random nonces one key is good for 2^32 values (NIST SP 800-38D, 8.3), which is
 * far beyond what a deployment seals between two rotations.
 */
export const sealedPrefix = 'sealed-1.'

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

export interface SealingKey {
  /** 16 hex digits that follow from the key and do not tell anything else about it. */
  readonly id: string
  readonly secret: Secret
}

/** A key as it is written down: 32 bytes in base64, of either alphabet. Null when it is something else. */
export function parseKey(text: string): SealingKey | null {
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === keyBytes ? keyOf(bytes) : null
}

export const newKey = (): SealingKey => keyOf(randomBytes(keyBytes))

function keyOf(bytes: Buffer): SealingKey {
  const derived = Buffer.from(hkdfSync('sha256', bytes, '', 'reeve keyring id', keyBytes))
  const id = createHash('sha256').update(derived).digest('hex').slice(0, 16)
  return { id, secret: new Secret(bytes.toString('base64')) }
}

/** The key that a sealed text names; null when the text is not sealed. */
export const keyIdOf = (sealed: string): string | null => /^sealed-1\.([0-9a-f]{16})\.[\w-]+$/.exec(sealed)?.[1] ?? null

export function seal(key: SealingKey, plain: string, context: string): string {
  const head = `${sealedPrefix}${key.id}.`
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', bytesOf(key), nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(head + context))
  const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return head + body.toString('base64url')
}

/** Null when the text was not sealed with this key, for this context, or has been changed since. */
export function unseal(key: SealingKey, sealed: string, context: string): Secret | null {
  const head = `${sealedPrefix}${key.id}.`
  if (!sealed.startsWith(head)) return null
  const body = Buffer.from(sealed.slice(head.length), 'base64url')
  if (body.length < nonceBytes + tagBytes) return null
  const decipher = createDecipheriv('aes-256-gcm', bytesOf(key), body.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.from(head + context))
  decipher.setAuthTag(body.subarray(-tagBytes))
  try {
    const plain = Buffer.concat([decipher.update(body.subarray(nonceBytes, -tagBytes)), decipher.final()])
    return new Secret(plain.toString('utf8'))
  } catch {
    // GCM gives no reason, and there is none to give: the text is not what was sealed here.
    return null
  }
}

const bytesOf = (key: SealingKey): Buffer => Buffer.from(key.secret.reveal(), 'base64')
