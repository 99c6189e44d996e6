/** Hides credentials wherever the upstream repeats them, without changing the length of anything. */
export interface Mask {
  bytes(bytes: Buffer): Buffer
  text(text: string): string
}

/** Shorter keys are no secrets, and would be found in every other word. */
const keyCharsMin = 8

export function maskFor(secrets: readonly string[]): Mask {
  const hidden = secrets
    .filter((secret) => secret.length >= keyCharsMin)
    .map((secret) => ({ secret, needle: Buffer.from(secret), stars: '*'.repeat(secret.length) }))
  return {
    bytes(bytes) {
      let masked: Buffer | null = null
      for (const { needle } of hidden) {
        for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + needle.length)) {
          masked ??= Buffer.from(bytes)
          masked.fill(0x2a, at, at + needle.length)
        }
      }
      return masked ?? bytes
    },
    text: (text) =>
      hidden.reduce((so, { secret, stars }) => (so.includes(secret) ? so.replaceAll(secret, stars) : so), text),
  }
}
