import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Secret } from '@reeve/base'

/**
 * The form of every credential that Reeve hands out, sessions and API tokens alike:
 *
 *     rv_<id>_<secret>_<checksum>        rv_3fJ9aQx0Lm_8kW…  53 characters
 *
 * `rv_` lets secret scanners find it. The id (10 characters) names the row and may be shown and logged. The secret (32
 * characters, 190 bits) is stored as its SHA-256 only: there is nothing to guess that a slow hash would protect. The
 * checksum (6 characters) is the CRC-32 of everything before it, so that a mistyped or invented token is refused without
 * asking the database. All of it is base62: 0-9, A-Z, a-z.
 */
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idChars = 10
const secretChars = 32
const checksumChars = 6
const pattern = new RegExp(
  `^rv_([0-9A-Za-z]{${idChars}})_([0-9A-Za-z]{${secretChars}})_([0-9A-Za-z]{${checksumChars}})$`,
)

export interface NewToken {
  readonly id: string
  readonly token: Secret
  readonly secretSha256: Buffer
}

export function newToken(): NewToken {
  const id = randomText(idChars)
  const secret = randomText(secretChars)
  const body = `rv_${id}_${secret}`
  return { id, token: new Secret(`${body}_${checksum(body)}`), secretSha256: sha256(secret) }
}

/** Null for anything that cannot be a token of ours. */
export function readToken(text: string): { readonly id: string; readonly secretSha256: Buffer } | null {
  const parts = pattern.exec(text)
  if (parts === null) return null
  const [, id, secret, sum] = parts
  if (id === undefined || secret === undefined || sum !== checksum(`rv_${id}_${secret}`)) return null
  return { id, secretSha256: sha256(secret) }
}

function checksum(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let i = 0; i < checksumChars; i++) {
    text = alphabet[rest % 62]! + text
    rest = Math.floor(rest / 62)
  }
  return text
}

/** Uniform: a byte past the largest multiple of 62 is thrown away. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < 248 && text.length < length) text += alphabet[byte % 62]
    }
  }
  return text
}

export const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer')
