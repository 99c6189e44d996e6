import { manualClock, silentLog } from '@reeve/base'
import { sql } from 'kysely'
import { testDatabase, type TestDatabase } from '../db/testing.ts'
import { takeCheckpoint } from './checkpoints.ts'
import { exportEvents } from './export.ts'
import { appendAudit } from './journal.ts'
import { readAuditSearch } from './search.ts'
import type { Signer } from './signing-key.ts'
import { everybodysEvents, memoryCheckpointLog, testSigner } from './testing.ts'

/** A log of twelve events under three checkpoints, and what somebody can do to it who owns the database. */
export interface SignedLog extends AsyncDisposable {
  readonly db: TestDatabase
  readonly signer: Signer
  /** Notes that were shipped elsewhere before anything happened. */
  readonly elsewhere: readonly string[]
  length(): Promise<number>
  event(resourceTarget: string): Promise<void>
  /** A minute later. Throws when it does not cover all there is. */
  checkpoint(): Promise<void>
  /** As a database administrator: nothing refuses. */
  asOwner(...statements: string[]): Promise<void>
  /** The lines of an export of everything. */
  exported(): Promise<string[]>
}

export async function signedLog(): Promise<SignedLog> {
  const clock = manualClock('2026-11-20T12:00:00Z')
  const signer = testSigner(clock)
  const checkpointLog = memoryCheckpointLog()
  const db = await testDatabase()

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
    if (signed?.seq !== (await length())) throw new Error('the checkpoint does not cover the whole chain')
  }
  for (const upTo of [4, 8, 12]) {
    while ((await length()) < upTo) await event(`thing ${await length()}`)
    await checkpoint()
  }

  return {
    db,
    signer,
    elsewhere: [...checkpointLog.notes],
    length,
    event,
    checkpoint,
    async asOwner(...statements) {
      for (const table of ['audit_events', 'audit_links', 'audit_checkpoints']) {
        await sql.raw(`alter table ${table} disable trigger all`).execute(db.sql)
      }
      for (const statement of statements) await sql.raw(statement).execute(db.sql)
    },
    async exported() {
      const request = { format: 'jsonl', filter: readAuditSearch(''), visible: everybodysEvents } as const
      const pieces = await Array.fromAsync(exportEvents({ db, clock, signer, checkpointLog }, request))
      return Buffer.concat(pieces).toString().trimEnd().split('\n')
    },
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  }
}

/** What is done to a log, as SQL of its owner. */
export const tampering = {
  chainEndsAt: (seq: number) =>
    `update audit_chain set seq = ${seq}, hash = (select hash from audit_links where seq = ${seq})`,
  cutAfter: (seq: number) => [
    `delete from audit_events where id in (select event_id from audit_links where seq > ${seq})`,
    `delete from audit_links where seq > ${seq}`,
  ],
  /** The contents of two events, each to the place of the other. */
  swap: (one: number, other: number) => [
    'alter table audit_links drop constraint audit_links_event_id_key',
    `create table swapped as select seq, event_id from audit_links where seq in (${one}, ${other})`,
    `update audit_links set event_id = (select event_id from swapped where seq = ${one + other} - audit_links.seq)
      where seq in (${one}, ${other})`,
  ],
  /** Makes the hashes anew from somewhere on, of contents as somebody wants them. */
  rehashFrom: (seq: number, content = 'one.content_sha256') => `do $$
    declare one record; before bytea := coalesce((select hash from audit_links where seq = ${seq - 1}), decode(repeat('00', 32), 'hex'));
    begin
      for one in select l.seq, e.content_sha256 from audit_links l join audit_events e on e.id = l.event_id where l.seq >= ${seq} order by l.seq loop
        before := sha256(before || int8send(one.seq) || ${content});
        update audit_links set hash = before where seq = one.seq;
      end loop;
      update audit_chain set hash = before;
    end $$`,
  /** A row that no transaction of ours wrote. */
  putBeside: `insert into audit_events (id, action, resource_type, resource_id, resource_target, outcome)
    values ('01999999-0000-7000-8000-000000000001', 'login', 'user', '1', 'nobody', 'ok')`,
  edit: (seq: number, change: string) =>
    `update audit_events set ${change} where id = (select event_id from audit_links where seq = ${seq})`,
  remove: (seq: number) => `delete from audit_events where id = (select event_id from audit_links where seq = ${seq})`,
}
