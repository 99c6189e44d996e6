import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { sha256 } from './sha256.ts'

test('it is what every other SHA-256 is, at every length around a block', () => {
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 100_003]) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 131 + length) & 255)
    expect(Buffer.from(sha256(bytes)).toString('hex'), `${length} bytes`).toBe(
      createHash('sha256').update(bytes).digest('hex'),
    )
  }
})
