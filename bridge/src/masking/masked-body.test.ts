import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBodyMemory } from '../bodies.ts'
import { digestBody } from '../digest.ts'
import type { RecordedBody } from '../recorder.ts'
import { maskBody } from './masked-body.ts'
import { applyMasks } from './masker.ts'
import { secretsOfEachForm, testMasker } from './testing.ts'

const scan = { members: [], elements: [] }
const secrets = Object.values(secretsOfEachForm)
/** Found in the middle of a word, too. */
const unmistakable = [
  'reeve',
  'anthropic',
  'github',
  'github_fine',
  'gitlab',
  'slack',
  'stripe',
  'pem',
  'numbered',
].map((name) => secretsOfEachForm[name] ?? '')

/** Text with secrets anywhere, also in pieces that only together are one. */
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...secrets) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...secrets), fc.nat(60)).map(([s, n]) => s.slice(0, n)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...secrets), fc.nat(60)).map(([s, n]) => s.slice(n)) },
  { weight: 3, arbitrary: fc.constantFrom(' ', '"', '","', '\\n', 'words in between', 'https://u:pw3d@h/', 'x', '-') },
  { weight: 1, arbitrary: fc.nat(4000).map((n) => 'abc '.repeat(n / 4)) },
)
const conversation = fc.tuple(
  fc.array(piece, { maxLength: 8 }),
  fc.array(
    fc.record({
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      skip: fc.nat(40),
      add: fc.array(piece, { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
)

test('rebuilt from deltas, a masked body is what masking the whole body gives, and no secret is in any delta', () => {
  fc.assert(
    fc.property(conversation, ([first, turns]) => {
      const memory = createBodyMemory(64 * 1024 * 1024)
      const rebuilt = new Map<string, Buffer>()
      let body = Buffer.from(
        `{"filler":"${'lorem ipsum '.repeat(200)}","messages":["${first.join('')}"],"tools":"${'t'.repeat(600)}"}`,
      )
      for (const [turn, { cut, skip, add }] of [{ cut: 0, skip: 0, add: [] }, ...turns].entries()) {
        const at = Math.floor(cut * body.length)
        body = Buffer.concat([
          body.subarray(0, at),
          Buffer.from(add.join('')),
          body.subarray(Math.min(at + skip, body.length)),
        ])
        const shared = memory.nearest('k', body)
        const digest = digestBody(body, shared)
        const { recorded, secrets: known } = maskBody(body, digest, shared, testMasker)
        const { base } = recorded
        const middle = Buffer.from(
          recorded.bytes.subarray(base?.prefixBytes ?? 0, recorded.bytes.length - (base?.suffixBytes ?? 0)),
        )
        const before = base === null ? Buffer.alloc(0) : rebuilt.get(base.interceptionId)!
        const kept = Buffer.concat([
          before.subarray(0, base?.prefixBytes ?? 0),
          middle,
          before.subarray(before.length - (base?.suffixBytes ?? 0)),
        ])
        const wanted = Buffer.from(body)
        applyMasks(wanted, testMasker.find(body.toString('latin1')))
        expect(kept.equals(wanted)).toBe(true)
        expect(digestBody(kept, null).sha256).toEqual(recorded.keptSha256)
        for (const secret of unmistakable) expect(middle.includes(secret)).toBe(false)
        expect(recorded.masked).toBe(testMasker.find(body.toString('latin1')).length)
        rebuilt.set(`t${turn}`, kept)
        memory.remember('k', { interceptionId: `t${turn}`, bytes: body, scan, digest, secrets: known }, shared)
      }
    }),
    { numRuns: 300 },
  )
})

test('a body without secrets is kept as it is, not a copy', () => {
  const body = Buffer.from('{"a":"nothing to hide"}')
  const { recorded } = maskBody(body, digestBody(body, null), null, testMasker)
  expect(recorded.bytes).toBe(body)
  expect(recorded).toMatchObject({ masked: 0, fingerprints: [] } satisfies Partial<RecordedBody>)
  expect(recorded.keptSha256).toBe(recorded.sha256)
})
