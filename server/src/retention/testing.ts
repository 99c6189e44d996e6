import { type Clock, type Uuid, uuidv7, uuidv7Floor } from '@reeve/base'
import type { DataClass } from '@reeve/sdk'
import { testSigner } from '../audit/testing.ts'
import type { Database } from '../db/database.ts'
import {
  bodyOf,
  type Ids,
  record,
  someone,
  startFacts,
  streamOf,
  type TestRecord,
  testRecord,
} from '../gateway/testing.ts'
import { dayMs, type KeepDays } from './policies.ts'
import { insertDecision } from './policy-queries.ts'
import type { RunContext } from './run-context.ts'

export const forEver: KeepDays = { content: 0, metadata: 0, usage: 0, reads: 0, boundary: 0, audit: 0 }

/** A record to age, and what a run needs. Nothing is decided: everything is kept for ever. */
export interface TestRetention extends RunContext, AsyncDisposable {
  readonly kept: TestRecord
  /** From now on the deployment, or an organization, keeps a class so long. */
  decide(dataClass: DataClass, keepDays: number | null, organizationId?: Uuid | null): Promise<void>
  /** A request so many days ago, with words that are found again. Drained. */
  request(daysAgo: number, words: string, who?: Ids, more?: { call?: string }): Promise<Uuid>
  /** Marks all bytes as last used so many days ago. */
  ageBlobs(daysAgo: number): Promise<void>
  hold(about: { user_id?: Uuid; session_id?: Uuid; from_at?: Date; to_at?: Date }): Promise<Uuid>
}

export async function testRetention(db: Database, clock: Clock): Promise<TestRetention> {
  const kept = await testRecord({ db, clock })
  const ago = (days: number) => new Date(clock.now().getTime() - days * dayMs)
  let made = 0
  return {
    db,
    clock,
    signer: testSigner(clock),
    signal: new AbortController().signal,
    kept,
    async decide(data_class, keep_days, organization_id = null) {
      const at = clock.now()
      await db.transaction((tx) =>
        insertDecision(tx, { data_class, organization_id, keep_days, set_at: at, effective_at: at, set_by: null }),
      )
    },
    async request(daysAgo, words, who = someone(), { call } = {}) {
      const startedAt = ago(daysAgo)
      const id = uuidv7Floor(startedAt).slice(0, -4) + String(++made).padStart(4, '0')
      const body = bodyOf([{ role: 'user', content: `prompt ${words}` }])
      const start = startFacts(who, body, { id, startedAt, clientSessionId: `session ${words}` })
      const answer = streamOf({
        thinking: `thought ${words}`,
        text: `answer ${words}`,
        ...(call === undefined
          ? {}
          : { call: { id: `call ${made}`, name: call, input: { secret: `input ${words}` } } }),
      })
      await record(kept.recorder, start, answer, { endedAt: startedAt })
      await kept.drain()
      return id
    },
    async ageBlobs(daysAgo) {
      await db.sql
        .updateTable('blobs')
        .set({ last_referenced_at: ago(daysAgo) })
        .execute()
    },
    async hold(about) {
      const id = uuidv7(clock.now())
      await db.sql
        .insertInto('legal_holds')
        .values({ id, reason: 'case 17', created_at: clock.now(), ...about })
        .execute()
      return id
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}
