/** Hides credentials wherever the upstream repeats them, without changing the length of anything. */
export interface Mask {
  bytes(bytes: Buffer): Buffer
  /** What follows each other: hides what begins in the one and ends in the other. Both keep their length. */
  across(before: Buffer, after: Buffer): readonly [Buffer, Buffer]
  text(text: string): string
}

/** Shorter keys are no secrets, and would be found in every other word. */
const keyCharsMin = 8

export function maskFor(secrets: readonly string[]): Mask {
  const hidden = secrets
    .filter((secret) => secret.length >= keyCharsMin)
    .map((secret) => ({ secret, needle: Buffer.from(secret), stars: '*'.repeat(secret.length) }))
  const reach = Math.max(0, ...hidden.map(({ needle }) => needle.length - 1))

  function maskBytes(bytes: Buffer): Buffer {
    let masked: Buffer | null = null
    for (const { needle } of hidden) {
      for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + needle.length)) {
        masked ??= Buffer.from(bytes)
        masked.fill(0x2a, at, at + needle.length)
      }
    }
    return masked ?? bytes
  }

  return {
    bytes: maskBytes,
    across(before, after) {
      const end = before.subarray(Math.max(0, before.length - reach))
      const seam = Buffer.concat([end, after.subarray(0, reach)])
      const masked = maskBytes(seam)
      if (masked === seam) return [before, after]
      return [
        Buffer.concat([before.subarray(0, before.length - end.length), masked.subarray(0, end.length)]),
        Buffer.concat([masked.subarray(end.length), after.subarray(reach)]),
      ]
    },
    text: (text) =>
      hidden.reduce((so, { secret, stars }) => (so.includes(secret) ? so.replaceAll(secret, stars) : so), text),
  }
}
