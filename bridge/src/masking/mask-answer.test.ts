import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskAnswer } from './mask-answer.ts'
import { noSecretsAtAll, secretsOfEachForm, testMasker } from './testing.ts'

const secrets = Object.values(secretsOfEachForm).map((secret) => secret.replaceAll('\\n', '\n').replaceAll('\\t', '\t'))

/** Hands the bytes over in pieces and masks after each, as the recorder does. */
function maskInPieces(bytes: Buffer, cuts: readonly number[], events: boolean): Buffer {
  const kept: Buffer[] = []
  let held = Buffer.alloc(0)
  const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].toSorted((a, b) => a - b)
  let at = 0
  for (const end of [...ends, bytes.length]) {
    held = Buffer.concat([held, bytes.subarray(at, end)])
    at = end
    const { decided } = maskAnswer(held, { masker: testMasker, events, final: false })
    kept.push(Buffer.from(held.subarray(0, decided)))
    held = Buffer.from(held.subarray(decided))
  }
  maskAnswer(held, { masker: testMasker, events, final: true })
  return Buffer.concat([...kept, held])
}

const delta = (text: string): string =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })}\n\n`
const saidIn = (stream: string): string =>
  [...stream.matchAll(/^data: (.*)$/gm)].map((line) => JSON.parse(line[1]!).delta.text).join('')
const prose = fc.constantFrom(...noSecretsAtAll, 'a few words. ', 'and "quoted" ones', 'über', '\n', ' ')
const said = fc.array(
  fc.oneof(
    prose,
    fc.constantFrom(...secrets).map((secret) => ` ${secret} `),
  ),
  { maxLength: 8 },
)

test('a secret that a model says a few characters at a time is in no event, however the bytes come', () => {
  fc.assert(
    fc.property(said, fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(20_000)), (parts, size, cuts) => {
      const text = parts.join(' ')
      const stream = Buffer.from([...(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])].map(delta).join(''))
      const masked = maskInPieces(stream, cuts, true)
      expect(masked.length).toBe(stream.length)
      const told = saidIn(masked.toString())
      for (const secret of secrets) expect(told).not.toContain(secret)
      expect(parts.some((part) => secrets.includes(part.trim())) || told === text).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('an answer in one piece is masked the same, wherever the bytes are cut', () => {
  fc.assert(
    fc.property(said, fc.array(fc.nat(4_000)), (parts, cuts) => {
      const bytes = Buffer.from(JSON.stringify({ content: [{ type: 'text', text: parts.join('') }], usage: {} }))
      const whole = Buffer.from(bytes)
      maskAnswer(whole, { masker: testMasker, events: false, final: true })
      expect(maskInPieces(bytes, cuts, false).toString()).toBe(whole.toString())
      for (const secret of secrets) expect(whole.toString()).not.toContain(JSON.stringify(secret).slice(1, -1))
    }),
    { numRuns: 1_000 },
  )
})

test('what is held back is bounded', () => {
  const endless = Buffer.from(`"${'a'.repeat(400_000)}`)
  const { decided } = maskAnswer(endless, { masker: testMasker, events: false, final: false })
  expect(endless.length - decided).toBeLessThan(64 * 1024)
  const key = Buffer.from(Array.from({ length: 4000 }, () => delta('-----BEGIN PRIVATE KEY----- x')).join(''))
  expect(key.length - maskAnswer(key, { masker: testMasker, events: true, final: false }).decided).toBeLessThan(300_000)
})
