import { manualClock } from '@reeve/base'
import { formatKey, parseReceipt, readNote, receiptText, verifyReceipts } from '@reeve/sdk'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256, verifySignature } from '../audit/proof.ts'
import { testSigner } from '../audit/testing.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { runRetention } from './run.ts'
import { type TestRetention, testRetention } from './testing.ts'

const clock = manualClock('2026-06-30T12:00:00Z')
let db: TestDatabase
let world: TestRetention
let ids: string[]
beforeEach(async () => {
  db = await testDatabase()
  world = await testRetention(db, clock)
  await world.decide('content', 10)
  ids = []
  for (const daysAgo of [12, 12, 13, 14]) ids.push(await world.request(daysAgo, `words ${ids.length}`))
  await runRetention(world)
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const notes = async () =>
  (await db.sql.selectFrom('retention_receipts').select('note').orderBy('number').execute()).map(({ note }) => note)

/** What the audit log says of receipts, as the command line reads it out of an export. */
async function audited(): Promise<Map<number, string>> {
  const events = await db.sql
    .selectFrom('audit_events')
    .select(['resource_id', 'diff'])
    .where('resource_type', '=', 'retention_receipt')
    .execute()
  return new Map(
    events.map(({ resource_id, diff }) => {
      // SAFETY: the events of this test were written by the code under test.
      const { receipt_sha256 } = diff as { receipt_sha256: { new: string } }
      return [Number(resource_id), receipt_sha256.new]
    }),
  )
}

async function verify(given: readonly string[], { keys = [formatKey(world.signer.key)], log = true } = {}) {
  const lines = async function* () {
    for (const note of given) yield note.startsWith('{') ? note : JSON.stringify({ kind: 'receipt', note })
  }
  const known = log ? await audited() : null
  const result = await verifyReceipts({ lines: lines(), keys, audited: known, sha256, verify: verifySignature })
  return result.findings.map(({ kind, number }) => [kind, number])
}

test('a receipt says what went of whom by whose decision, with a digest of the ids', async () => {
  const [first = ''] = await notes()
  const reading = readNote(first, [world.signer.key], verifySignature)
  const receipt = reading.kind === 'signed' ? parseReceipt(reading.text) : null
  const digest = createHash('sha256').update(`${ids[3]}\n`).digest('hex')
  expect(receipt).toMatchObject({
    number: 1,
    dataClass: 'content',
    unit: 'requests',
    day: '2026-06-16',
    removed: 1,
    ids: digest,
    keepDays: 10,
    policyVersion: 1,
    setBy: 'settings',
  })
  expect(receipt === null ? null : receiptText(receipt)).toBe(reading.kind === 'signed' ? reading.text : '')
})

test('what was removed, forged, cut off, swapped or made up is found; what is whole is not blamed', async () => {
  const all = await notes()
  expect(all.length).toBe(4)
  expect(await verify(all)).toEqual([])
  expect(await verify([])).toEqual([['missing', 1]])
  expect(await verify(all.slice(0, -1))).toEqual([['missing', 4]])
  expect(await verify(all.slice(0, -1), { log: false })).toEqual([])
  expect(await verify([all[0]!, all[2]!, all[3]!])).toEqual([['missing', 2]])
  expect(await verify(all.slice(1))).toEqual([['missing', 1]])
  expect((await verify([all[1]!, all[0]!, all[2]!, all[3]!])).length).toBeGreaterThan(0)
  expect(await verify([all[0]!.replace('removed 1', 'removed 2'), ...all.slice(1)])).toContainEqual(['forged', 1])
  expect(await verify(['{broken', ...all])).toEqual([['file_damaged', null]])
  expect(await verify(all, { keys: [formatKey(testSigner(clock).key)] })).toContainEqual(['unknown_key', 1])
})

test('receipts cannot be changed or deleted', async () => {
  await expect(db.sql.updateTable('retention_receipts').set({ removed: 0 }).execute()).rejects.toThrow('only grows')
  await expect(db.sql.deleteFrom('retention_receipts').execute()).rejects.toThrow('only grows')
  await expect(db.sql.updateTable('retention_policies').set({ keep_days: 0 }).execute()).rejects.toThrow('only grows')
})
