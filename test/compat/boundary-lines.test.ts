import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BoundaryLine, BoundaryNotice, BundlePayload, eachEndpoint } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { readBundle, readRegistration, readSignedBundle } from '../../boundary/src/control/answers.ts'
import { parseEvent } from '../../boundary/src/audit/line.ts'
import { recordLines } from './boundary-lines.ts'

/**
 * The boundary and the control plane do not share a line of code about what passes between them; they share these
 * recordings. Boundaries that are installed write such lines for years: a recording is added to, never changed.
 */
const recorded = readFileSync(join(import.meta.dirname, 'boundary-lines.ndjson'), 'utf8')
  .trimEnd()
  .split('\n')
const answers: Record<string, unknown> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'boundary-answers.json'), 'utf8'),
)

test('the boundary writes the recorded lines, byte for byte', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'reeve-lines-'))
  try {
    expect(await recordLines(directory)).toEqual(recorded)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the control plane reads the recorded lines, and finds their chain in what it parsed', () => {
  let prev: string | null = null
  for (const [seq, text] of recorded.entries()) {
    const parsed: unknown = JSON.parse(text)
    const line = BoundaryLine.parse(parsed)
    expect({ seq: line.seq, prev: line.prev }).toEqual({ seq, prev })
    expect(JSON.stringify(parsed)).toBe(text)
    prev = hash('sha256', text)
  }
})

test('every kind of line is among them, and no secret is', () => {
  const kinds = new Set(recorded.map((line) => parseEvent(Buffer.from(line))?.kind))
  expect([...BoundaryLine.shape.kind.options].filter((kind) => !kinds.has(kind))).toEqual([])
  expect(recorded.join('\n')).not.toContain('hunter2')
})

test('both sides read the recorded answers', () => {
  expect(eachEndpoint.registerBoundary.result.parse(answers['registered'])).toEqual(answers['registered'])
  expect(readRegistration(answers['registered'])).toMatchObject({
    owner: 'dana',
    acknowledgedSeq: 41,
    keys: [{ id: 'k1' }],
  })
  const { bundle } = eachEndpoint.getBoundaryBundle.result.parse(answers['policy'])
  expect(bundle).not.toBeNull()
  const payload = bundle!.payload
  expect(BundlePayload.safeParse(JSON.parse(payload)).error).toBeUndefined()
  expect(readSignedBundle(bundle)?.payload).toBe(payload)
  expect(readBundle(payload)).toMatchObject({
    version: 41,
    keys: [{ id: 'k1' }],
    layers: [{ name: 'claude-task', version: 17 }],
  })
  expect(eachEndpoint.getBoundaryBundle.result.parse(answers['policy-known']).bundle).toBeNull()
  for (const notice of Object(answers['notices'])) expect(BoundaryNotice.safeParse(notice).error).toBeUndefined()
})
