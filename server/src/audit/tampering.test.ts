import { manualClock } from '@reeve/base'
import { formatKey, type FindingKind, type Verification, verifyExport } from '@reeve/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256, verifySignature } from './proof.ts'
import { testSigner } from './testing.ts'
import { type SignedLog, signedLog, tampering } from './testing-signed-log.ts'

/** What somebody does who owns the database, and what is found of it. The signing key is not in the database. */

let log: SignedLog
beforeEach(async () => void (log = await signedLog()))
afterEach(() => log[Symbol.asyncDispose]())

const { chainEndsAt, cutAfter, edit, putBeside, rehashFrom, remove, swap } = tampering

async function verify(lines: readonly string[], witnessed: readonly string[] = []): Promise<Verification> {
  async function* each() {
    yield* lines
  }
  return verifyExport({ lines: each(), witnessed, keys: [formatKey(log.signer.key)], sha256, verify: verifySignature })
}

async function findings(witnessed: readonly string[] = []): Promise<[FindingKind, number | null, number | null][]> {
  const { findings: found } = await verify(await log.exported(), witnessed)
  return found.map(({ kind, from_seq, to_seq }) => [kind, from_seq, to_seq])
}

test('an untouched log verifies, with every value that its events can hold', async () => {
  await log.event('after the last checkpoint')
  const result = await verify(await log.exported(), log.elsewhere)
  expect(result.findings).toEqual([])
  expect(result).toMatchObject({ events: 13, from_seq: 1, to_seq: 13, covered_seq: 12, checkpoints: 3, keys: 'given' })
})

test('a deleted event is found, with its place in the chain and without', async () => {
  await log.asOwner(remove(5))
  expect(await findings()).toEqual([['deleted', 5, 5]])
  await log.asOwner('delete from audit_links where seq = 5')
  expect(await findings()).toEqual([['deleted', 5, 5]])
  await log.asOwner('delete from audit_links where seq in (6, 7)')
  expect((await findings()).filter(([kind]) => kind === 'deleted')).toEqual([['deleted', 5, 7]])
})

test('an edited event is found, whichever of its fields', async () => {
  for (const change of [
    "action = 'read'",
    "diff = '{}'",
    'actor_id = gen_random_uuid()',
    "ip = '10.0.0.1'",
    "reason = 'x'",
  ]) {
    await log.asOwner(`create table kept as select * from audit_events`, edit(6, change))
    expect(await findings(), change).toEqual([['edited', 6, 6]])
    await log.asOwner('delete from audit_events', 'insert into audit_events select * from kept', 'drop table kept')
  }
})

test('two swapped events are found, by their contents or with their places', async () => {
  await log.asOwner(...swap(3, 7))
  expect(await findings()).toEqual([['swapped', 3, 7]])
  await log.asOwner('update audit_links set event_id = s.event_id from swapped s where s.seq = audit_links.seq')
  expect(await findings()).toEqual([])
  const place = (from: number, to: number) => `update audit_links set seq = ${to} where seq = ${from}`
  await log.asOwner(place(3, -1), place(7, 3), place(-1, 7))
  expect(await findings()).toContainEqual(['swapped', 3, 7])
})

test('a truncated log is found, also when the end of the chain was moved', async () => {
  await log.asOwner(...cutAfter(9))
  expect(await findings()).toEqual([['truncated', 10, 12]])
  await log.asOwner(chainEndsAt(9))
  expect(await findings()).toEqual([['truncated', 10, 12]])
})

test('a rewritten chain is found by the checkpoints, from where it differs', async () => {
  await log.asOwner(edit(6, "resource_target = 'nothing', content_sha256 = sha256('x')"), rehashFrom(6))
  expect(await findings()).toContainEqual(['rewritten', 5, 8])
})

test('a wholly rewritten log without any checkpoint in the database is found by those that left it', async () => {
  await log.asOwner('delete from audit_checkpoints', rehashFrom(1, "sha256(one.content_sha256 || 'x')"))
  const found = await findings(log.elsewhere)
  expect(found).toContainEqual(['rewritten', 1, 12])
})

test('a backup that was put back is found by the file beside the key, and still after new checkpoints', async () => {
  await log.asOwner(
    ...cutAfter(6),
    chainEndsAt(6),
    'delete from audit_checkpoints where seq > 6',
    ...['audit_events', 'audit_links', 'audit_checkpoints'].map((table) => `alter table ${table} enable trigger all`),
  )
  expect(await findings()).toEqual([['restored', 7, 12]])
  while ((await log.length()) < 20) await log.event('a new life')
  await log.checkpoint()
  expect(await findings()).toEqual([['restored', 5, 12]])
})

test('checkpoints that were removed from the database are missed', async () => {
  await log.asOwner('truncate audit_checkpoints')
  expect(await findings()).toEqual([['checkpoints_missing', 4, 12]])
  expect((await verify(await log.exported())).covered_seq).toBe(12)
})

test('an event that was put in beside the chain is found', async () => {
  await log.asOwner(putBeside)
  expect(await findings()).toEqual([['unchained', null, null]])
})

test('a checkpoint of another key is not believed, and a forged one is named', async () => {
  const foreign = testSigner(manualClock('2026-11-20T12:00:00Z'))
  const note = foreign.sign(`${log.signer.origin}\n12\nAAAA\nnumber 9\ntime 2026-11-20T12:00:00Z\n`)
  expect(await findings([note])).toEqual([['unknown_key', null, null]])
  const [first = ''] = log.elsewhere
  expect(await findings([first.replace('\n4\n', '\n5\n')])).toEqual([['forged', null, null]])
})

test('a file that was changed, cut off or continued after the export is found', async () => {
  const lines = await log.exported()
  const kinds = async (changed: readonly string[]) => (await verify(changed)).findings.map(({ kind }) => kind)
  expect(await kinds(lines.slice(0, -1))).toContain('file_damaged')
  expect(await kinds([...lines, lines.at(-2) ?? ''])).toContain('file_damaged')
  expect(await kinds(lines.map((line) => line.replace('thing 3', 'thing 9')))).toEqual(
    expect.arrayContaining(['file_damaged', 'edited']),
  )
  expect(await kinds(lines.filter((line) => !line.includes('"thing 3"')))).toEqual(
    expect.arrayContaining(['file_damaged', 'deleted']),
  )
  await expect(verify(['hello'])).rejects.toThrow('not an export of the audit log')
})

test('whoever brings no key learns that those of the file were believed', async () => {
  async function* each() {
    yield* await log.exported()
  }
  const result = await verifyExport({ lines: each(), witnessed: [], keys: [], sha256, verify: verifySignature })
  expect(result.keys).toBe('of_the_export')
})
