import { createHmac } from 'node:crypto'
import { findSecrets, replaceSecrets, secretRulesVersion } from '@reeve/base'

/** A secret in some bytes, and what stands in its place: as many bytes, none of which needs escaping in JSON. */
export interface Find {
  readonly from: number
  readonly to: number
  readonly mask: string
  /** Equal for equal secrets, and of no use without the key. */
  readonly fingerprint: string
}

/**
 * Finds secrets and makes their masks:
 *
 *     sk-ant-api03-Zm9v…        [anthropic.1:Jt0cQ7xNw2Lk***…***]
 *
 * the rule, its version, and the first 12 characters of an HMAC of the secret. A mask is as long as what it stands for,
 * so that positions in what is kept are positions in what was sent. Where a secret is too short to be named it is stars.
 */
export interface Masker {
  /** The secrets in a text of one character a byte, in order. */
  find(text: string): Find[]
  /** The same text without them. */
  text(text: string): string
}

const fingerprintChars = 12

export function createMasker(key: Uint8Array): Masker {
  const fingerprintOf = (secret: string): string =>
    createHmac('sha256', key).update(secret, 'latin1').digest('base64url').slice(0, fingerprintChars)

  return {
    find: (text) =>
      findSecrets(text).map(({ rule, from, to }) => {
        const fingerprint = fingerprintOf(text.slice(from, to))
        return { from, to, mask: maskOf(rule, fingerprint, to - from), fingerprint }
      }),
    text: (text) => replaceSecrets(text, ({ rule }, secret) => maskOf(rule, fingerprintOf(secret), secret.length)),
  }
}

function maskOf(rule: string, fingerprint: string, length: number): string {
  const named = `[${rule}.${secretRulesVersion}:${fingerprint}`
  return named.length + 1 > length ? '*'.repeat(length) : `${named.padEnd(length - 1, '*')}]`
}

/** Writes the masks over the secrets. */
export function applyMasks(bytes: Buffer, finds: readonly Find[]): void {
  for (const { from, mask } of finds) bytes.write(mask, from, 'latin1')
}
