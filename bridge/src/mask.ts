import type { Secret } from '@reeve/base'

/** Hides a credential wherever the upstream repeats it, without changing the length of anything. */
export interface Mask {
  bytes(bytes: Buffer): Buffer
  text(text: string): string
}

/** Shorter keys are no secrets, and would be found in every other word. */
const keyCharsMin = 8

export function maskFor(key: Secret | null): Mask {
  const secret = key?.reveal() ?? ''
  if (secret.length < keyCharsMin) return { bytes: (bytes) => bytes, text: (text) => text }
  const needle = Buffer.from(secret)
  const stars = '*'.repeat(secret.length)
  return {
    bytes(bytes) {
      let at = bytes.indexOf(needle)
      if (at === -1) return bytes
      const masked = Buffer.from(bytes)
      for (; at !== -1; at = masked.indexOf(needle, at)) masked.fill(0x2a, at, at + needle.length)
      return masked
    },
    text: (text) => (text.includes(secret) ? text.replaceAll(secret, stars) : text),
  }
}
