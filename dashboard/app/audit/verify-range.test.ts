import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import {
  type AuditEvent,
  checkpointText,
  contentHash,
  formatKey,
  genesis,
  linkHash,
  noteKey,
  signNote,
  toBase64,
} from '@reeve/sdk'
import { expect, test } from 'vitest'
import { checkInBrowser, verifyRange } from './verify-range.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

function event(n: number): AuditEvent {
  return {
    id: `0197f3a2-0000-7000-8000-${String(n).padStart(12, '0')}`,
    seq: n,
    hash: null,
    time: '2026-11-20T20:00:00.000Z',
    organization_id: null,
    actor: null,
    api_key_id: null,
    action: 'write',
    resource_type: 'user',
    resource_id: 'x',
    resource_target: `user ${n}`,
    outcome: 'ok',
    diff: { name: { old: null, new: n, secret: false } },
    reason: null,
    source: 'api',
    ip: '2001:db8::1',
    user_agent: null,
    request_id: null,
  }
}

/** Newest first, as the page has them. */
function chained(count: number): AuditEvent[] {
  let before: Uint8Array = genesis
  return Array.from({ length: count }, (_, at) => {
    const made = event(at + 1)
    before = linkHash(before, at + 1, contentHash({ ...made, actor_id: null }, sha256), sha256)
    return { ...made, hash: toBase64(before) }
  }).reverse()
}

const pair = generateKeyPairSync('ed25519')
const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
const key = noteKey('reeve/test/audit', raw, sha256)

function signedAt(rows: readonly AuditEvent[], seq: number) {
  const hash = rows.find((row) => row.seq === seq)?.hash ?? ''
  const text = checkpointText({ origin: 'reeve/test/audit', seq, hash, number: 1, time: '2026-11-20', journals: [] })
  const note = signNote(text, key, (message) => sign(null, message, pair.privateKey))
  return { keys: [{ key: formatKey(key) }], checkpoint: { note } }
}

const rows = chained(8)

test('rows up to a signed event are proved, and how many are newer is told', async () => {
  expect(await verifyRange(rows, signedAt(rows, 6), checkInBrowser)).toEqual({
    kind: 'proved',
    from: 1,
    to: 6,
    unsigned: 2,
  })
  expect(await verifyRange(rows.slice(0, 5), signedAt(rows, 8), checkInBrowser)).toMatchObject({ from: 4, to: 8 })
})

test('an event that says something else than was hashed is named', async () => {
  const edited = rows.map((row) => (row.seq === 4 ? { ...row, resource_target: 'somebody else' } : row))
  expect(await verifyRange(edited, signedAt(rows, 8), checkInBrowser)).toEqual({ kind: 'edited', seqs: [4] })
})

test('a chain that was made anew is not what was signed', async () => {
  const others = chained(8).map((row) => (row.seq === 8 ? { ...row, reason: 'made up' } : row))
  const [newest, before] = [others[0]!, others[1]!]
  const content = contentHash({ ...newest, actor_id: null }, sha256)
  const anew = linkHash(Buffer.from(before.hash ?? '', 'base64'), 8, content, sha256)
  const rewritten = [{ ...newest, hash: toBase64(anew) }, ...others.slice(1)]
  expect(await verifyRange(rewritten, signedAt(rows, 8), checkInBrowser)).toEqual({ kind: 'rewritten', seq: 8 })
})

test('a signature of another key, or over other words, is forged', async () => {
  const { checkpoint, keys } = signedAt(rows, 8)
  expect(await verifyRange(rows, { checkpoint, keys: [] }, checkInBrowser)).toEqual({ kind: 'forged' })
  const note = checkpoint.note.replace('number 1', 'number 2')
  expect(await verifyRange(rows, { checkpoint: { note }, keys }, checkInBrowser)).toEqual({ kind: 'forged' })
})

test('nothing is claimed of rows with gaps, without a checkpoint among them, or without a way to check', async () => {
  const gaps = rows.filter(({ seq }) => seq !== 5)
  expect(await verifyRange(gaps, signedAt(rows, 8), checkInBrowser)).toEqual({ kind: 'gaps', from: 4, to: 6 })
  expect(await verifyRange(rows.slice(0, 2), signedAt(rows, 3), checkInBrowser)).toMatchObject({
    kind: 'elsewhere',
    signedSeq: 3,
  })
  expect(await verifyRange(rows, { keys: [], checkpoint: null }, checkInBrowser)).toMatchObject({ signedSeq: null })
  expect(await verifyRange(rows, signedAt(rows, 8), () => Promise.resolve(null))).toMatchObject({ kind: 'unchecked' })
  expect(await verifyRange([], signedAt(rows, 8), checkInBrowser)).toEqual({ kind: 'nothing' })
})
