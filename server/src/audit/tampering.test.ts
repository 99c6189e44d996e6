import { manualClock, silentLog } from '@reeve/base'
import { formatKey, type FindingKind, type Verification, verifyExport } from '@reeve/sdk'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { takeCheckpoint } from './checkpoints.ts'
import { exportEvents } from './export.ts'
import { appendAudit } from './journal.ts'
import { sha256, verifySignature } from './proof.ts'
import { readAuditSearch } from './search.ts'
import { everybodysEvents, memoryCheckpointLog, testSigner } from './testing.ts'

/** What somebody does who owns the database, and what is found of it. The signing key is not in the database. */

const clock = manualClock('2026-11-20T12:00:00Z')
const signer = testSigner(clock)
let db: TestDatabase
let checkpointLog: ReturnType<typeof memoryCheckpointLog>
/** Notes that were shipped elsewhere before anything happened. */
let elsewhere: string[]

beforeEach(async () => {
  db = await testDatabase()
  checkpointLog = memoryCheckpointLog()
  for (const upTo of [4, 8, 12]) {
    while ((await length()) < upTo) await event(`thing ${await length()}`)
    await checkpoint()
  }
  elsewhere = [...checkpointLog.notes]
})
afterEach(() => db[Symbol.asyncDispose]())

const length = async () => (await db.sql.selectFrom('audit_chain').select('seq').executeTakeFirstOrThrow()).seq

const event = (resourceTarget: string) =>
  db.transaction((tx) =>
    appendAudit(tx, {
      scope: { actor: null, requestId: 'r', sourceIp: '2001:DB8:0::1', userAgent: null },
      at: clock.now(),
      action: 'write',
      resourceType: 'thing',
      resourceId: '1',
      resourceTarget,
      diff: { size: { old: 1e21, new: -0.5 }, note: { old: null, new: { b: ['é\0'], a: 1 } } },
    }),
  )

async function checkpoint(): Promise<void> {
  clock.advance(60_000)
  const signed = await takeCheckpoint({ db, clock, log: silentLog, signer, checkpointLog })
  expect(signed?.seq).toBe(await length())
}

/** As a database administrator: nothing refuses. */
async function asOwner(...statements: string[]): Promise<void> {
  for (const table of ['audit_events', 'audit_links', 'audit_checkpoints']) {
    await sql.raw(`alter table ${table} disable trigger all`).execute(db.sql)
  }
  for (const statement of statements) await sql.raw(statement).execute(db.sql)
}

async function exported(): Promise<string[]> {
  const request = { format: 'jsonl', filter: readAuditSearch(''), visible: everybodysEvents } as const
  const pieces = await Array.fromAsync(exportEvents({ db, clock, signer, checkpointLog }, request))
  return Buffer.concat(pieces).toString().trimEnd().split('\n')
}

async function verify(lines: readonly string[], witnessed: readonly string[] = []): Promise<Verification> {
  async function* each() {
    yield* lines
  }
  return verifyExport({ lines: each(), witnessed, keys: [formatKey(signer.key)], sha256, verify: verifySignature })
}

async function findings(witnessed: readonly string[] = []): Promise<[FindingKind, number | null, number | null][]> {
  const { findings: found } = await verify(await exported(), witnessed)
  return found.map(({ kind, from_seq, to_seq }) => [kind, from_seq, to_seq])
}

const chainEndsAt = (seq: number) =>
  `update audit_chain set seq = ${seq}, hash = (select hash from audit_links where seq = ${seq})`
/** Makes the hashes anew from somewhere on, of contents as somebody wants them. */
const rehashFrom = (seq: number) => `do $$
  declare one record; before bytea := coalesce((select hash from audit_links where seq = ${seq - 1}), decode(repeat('00', 32), 'hex'));
  begin
    for one in select l.seq, e.content_sha256 from audit_links l join audit_events e on e.id = l.event_id where l.seq >= ${seq} order by l.seq loop
      before := sha256(before || int8send(one.seq) || one.content_sha256);
      update audit_links set hash = before where seq = one.seq;
    end loop;
    update audit_chain set hash = before;
  end $$`

test('an untouched log verifies, with every value that its events can hold', async () => {
  await event('after the last checkpoint')
  const result = await verify(await exported(), elsewhere)
  expect(result.findings).toEqual([])
  expect(result).toMatchObject({ events: 13, from_seq: 1, to_seq: 13, covered_seq: 12, checkpoints: 3, keys: 'given' })
})

test('a deleted event is found, with its place in the chain and without', async () => {
  await asOwner('delete from audit_events where id = (select event_id from audit_links where seq = 5)')
  expect(await findings()).toEqual([['deleted', 5, 5]])
  await asOwner('delete from audit_links where seq = 5')
  expect(await findings()).toEqual([['deleted', 5, 5]])
  await asOwner('delete from audit_links where seq in (6, 7)')
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
    await asOwner(
      `create table kept as select * from audit_events`,
      `update audit_events set ${change} where id = (select event_id from audit_links where seq = 6)`,
    )
    expect(await findings(), change).toEqual([['edited', 6, 6]])
    await asOwner('delete from audit_events', 'insert into audit_events select * from kept', 'drop table kept')
  }
})

test('two swapped events are found, by their contents or with their places', async () => {
  const swap = (set: (from: number, to: number) => string) => [set(3, -1), set(7, 3), set(-1, 7)]
  await asOwner(
    'alter table audit_links drop constraint audit_links_event_id_key',
    'create table swapped as select seq, event_id from audit_links where seq in (3, 7)',
    'update audit_links set event_id = (select event_id from swapped where seq = 10 - audit_links.seq) where seq in (3, 7)',
  )
  expect(await findings()).toEqual([['swapped', 3, 7]])
  await asOwner('update audit_links set event_id = s.event_id from swapped s where s.seq = audit_links.seq')
  expect(await findings()).toEqual([])
  await asOwner(...swap((from, to) => `update audit_links set seq = ${to} where seq = ${from}`))
  expect(await findings()).toContainEqual(['swapped', 3, 7])
})

test('a truncated log is found, also when the end of the chain was moved', async () => {
  await asOwner(
    'delete from audit_events where id in (select event_id from audit_links where seq > 9)',
    'delete from audit_links where seq > 9',
  )
  expect(await findings()).toEqual([['truncated', 10, 12]])
  await asOwner(chainEndsAt(9))
  expect(await findings()).toEqual([['truncated', 10, 12]])
})

test('a rewritten chain is found by the checkpoints, from where it differs', async () => {
  await asOwner(
    `update audit_events set resource_target = 'nothing', content_sha256 = sha256('x') where id = (select event_id from audit_links where seq = 6)`,
    rehashFrom(6),
  )
  expect(await findings()).toContainEqual(['rewritten', 5, 8])
})

test('a wholly rewritten log without any checkpoint in the database is found by those that left it', async () => {
  await asOwner(
    'delete from audit_checkpoints',
    rehashFrom(1).replace('one.content_sha256', "sha256(one.content_sha256 || 'x')"),
  )
  const found = await findings(elsewhere)
  expect(found).toContainEqual(['rewritten', 1, 12])
})

test('a backup that was put back is found by the file beside the key, and still after new checkpoints', async () => {
  await asOwner(
    'delete from audit_events where id in (select event_id from audit_links where seq > 6)',
    'delete from audit_links where seq > 6',
    chainEndsAt(6),
    'delete from audit_checkpoints where seq > 6',
    ...['audit_events', 'audit_links', 'audit_checkpoints'].map((table) => `alter table ${table} enable trigger all`),
  )
  expect(await findings()).toEqual([['restored', 7, 12]])
  while ((await length()) < 20) await event('a new life')
  await checkpoint()
  expect(await findings()).toEqual([['restored', 5, 12]])
})

test('checkpoints that were removed from the database are missed', async () => {
  await asOwner('truncate audit_checkpoints')
  expect(await findings()).toEqual([['checkpoints_missing', 4, 12]])
  expect((await verify(await exported())).covered_seq).toBe(12)
})

test('an event that was put in beside the chain is found', async () => {
  await asOwner(`insert into audit_events (id, action, resource_type, resource_id, resource_target, outcome)
    values ('01999999-0000-7000-8000-000000000001', 'login', 'user', '1', 'nobody', 'ok')`)
  expect(await findings()).toEqual([['unchained', null, null]])
})

test('a checkpoint of another key is not believed, and a forged one is named', async () => {
  const foreign = testSigner(clock)
  const note = foreign.sign(`${signer.origin}\n12\nAAAA\nnumber 9\ntime 2026-11-20T12:00:00Z\n`)
  expect(await findings([note])).toEqual([['unknown_key', null, null]])
  const [first = ''] = elsewhere
  expect(await findings([first.replace('\n4\n', '\n5\n')])).toEqual([['forged', null, null]])
})

test('a file that was changed, cut off or continued after the export is found', async () => {
  const lines = await exported()
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
    yield* await exported()
  }
  const result = await verifyExport({ lines: each(), witnessed: [], keys: [], sha256, verify: verifySignature })
  expect(result.keys).toBe('of_the_export')
})
