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

/** Each way in which a format streams text: an event with a piece of it, and the member that holds the piece. */
const ways: Readonly<Record<string, readonly [member: string, event: (piece: string) => object]>> = {
  Messages: ['text', (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })],
  'input of a tool in Messages': [
    'partial_json',
    (piece) => ({ type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: piece } }),
  ],
  'Chat Completions': ['content', (content) => ({ choices: [{ index: 0, delta: { content, refusal: null } }] })],
  'thought in Chat Completions, said twice in each event': [
    'reasoning',
    (text) => ({ choices: [{ delta: { content: '', reasoning: text, reasoning_details: [{ type: 'x', text }] } }] }),
  ],
  'input of a tool in Chat Completions': [
    'arguments',
    (piece) => ({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] }),
  ],
  Responses: ['delta', (delta) => ({ type: 'response.output_text.delta', item_id: 'msg_1', delta, logprobs: [] })],
  Gemini: ['text', (text) => ({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] })],
}
const dataOf = (event: object): string => `data: ${JSON.stringify(event)}\n\n`
const delta = (text: string): string => `event: content_block_delta\n${dataOf(ways['Messages']![1](text))}`
const prose = fc.constantFrom(...noSecretsAtAll, 'a few words. ', 'and "quoted" ones', 'über', '\n', ' ')
const said = fc.array(
  fc.oneof(
    prose,
    fc.constantFrom(...secrets).map((secret) => ` ${secret} `),
  ),
  { maxLength: 8 },
)

for (const [name, [member, eventOf]] of Object.entries(ways)) {
  const saidIn = (stream: string): string =>
    [...stream.matchAll(new RegExp(`"${member}":("(?:[^"\\\\]|\\\\.)*")`, 'g'))]
      .map(([, piece]) => JSON.parse(piece!))
      .join('')

  test(`${name}: a secret that a model says a few characters at a time is in no event, however the bytes come`, () => {
    fc.assert(
      fc.property(said, fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(20_000)), (parts, size, cuts) => {
        const text = parts.join(' ')
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
        const stream = Buffer.from(pieces.map((piece) => dataOf(eventOf(piece))).join(''))
        const masked = maskInPieces(stream, cuts, true)
        expect(masked.length).toBe(stream.length)
        const told = saidIn(masked.toString())
        for (const secret of secrets) expect(told).not.toContain(secret)
        // A piece of a harmless word may look like a secret when it stands alone in its event.
        const looksSecret = pieces.some((piece) => testMasker.find(dataOf(eventOf(piece))).length > 0)
        if (!looksSecret && !parts.some((part) => secrets.includes(part.trim()))) expect(told).toBe(text)
      }),
      { numRuns: 300 },
    )
  })
}

test('a thought that has ended within a word is not held back while the model speaks', () => {
  const thought = dataOf({ delta: { type: 'thinking_delta', thinking: 'almost done' } })
  const bytes = Buffer.from(thought + Array.from({ length: 100 }, () => delta('words and ')).join(''))
  expect(maskAnswer(bytes, { masker: testMasker, events: true, final: false }).decided).toBe(bytes.length)
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
