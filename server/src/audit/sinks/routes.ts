import { type Clock, Fault, uuidv7 } from '@reeve/base'
import { type AuditSink, endpoints } from '@reeve/sdk'
import type { Database, Executor } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import type { AllowedNetwork } from '../../http/egress.ts'
import { demand } from '../../http/demand.ts'
import { implement, type Route, signedIn } from '../../http/implement.ts'
import type { Keyring } from '../../keyring/keyring.ts'
import { sinkCreated, sinkDeleted, sinkTested, sinkUpdated } from '../events.ts'
import { appendAudit } from '../journal.ts'
import { lastCheckpoint } from '../checkpoint-queries.ts'
import { selectChain } from '../queries.ts'
import { changesOf, checkCa, secretFor } from './change.ts'
import { testMessage } from './message.ts'
import { deleteSink, insertSink, lockSink, selectSink, selectSinks, type SinkRow, updateSink } from './queries.ts'
import { openTarget, readSinkUrl, secretContext } from './target.ts'

export interface Sinks {
  readonly db: Database
  readonly clock: Clock
  readonly keyring: Keyring
  readonly outboundAllowed: readonly AllowedNetwork[]
}

export function sinkRoutes(sinks: Sinks): Route[] {
  const { db, clock, keyring } = sinks
  return [
    implement(endpoints.listAuditSinks, async (_, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const { seq } = await selectChain(db.sql)
      return { sinks: (await selectSinks(db.sql)).map((row) => presentSink(row, seq)) }
    }),

    implement(endpoints.createAuditSink, async ({ body }, scope) => {
      const { name, kind, format = 'reeve', ca, allow_private = false, from = 'now' } = body
      const url = readSinkUrl(kind, body.url).href
      checkCa(ca)
      const secret = secretFor(kind, body.secret)
      const now = clock.now()
      const id = uuidv7(now)
      return named(name, async () => {
        const created = await db.transaction(async (tx) => {
          const { seq, removed_seq } = await selectChain(tx)
          const row = await insertSink(tx, {
            id,
            name,
            kind,
            format,
            url,
            ca: ca ?? null,
            allow_private,
            secret: secret === null ? null : keyring.seal(secret.text, secretContext(id)),
            created_at: now,
            delivered_seq: from === 'beginning' ? removed_seq : seq,
            delivered_checkpoint: from === 'beginning' ? 0 : ((await lastCheckpoint(tx))?.number ?? 0),
          })
          await appendAudit(tx, { scope, at: now, ...sinkCreated(row) })
          return { row, seq }
        })
        return { ...presentSink(created.row, created.seq), secret: secret?.isNew === true ? secret.text : null }
      })
    }),

    implement(endpoints.updateAuditSink, async ({ params, body }, scope) =>
      named(body.name ?? '', () =>
        db.transaction(async (tx) => {
          const now = clock.now()
          const before = mustHave(await lockSink(tx, params.sink))
          const { columns, shown } = changesOf(before, body, keyring, now)
          const after = await updateSink(tx, before.id, columns)
          const { seq } = await selectChain(tx)
          const event = sinkUpdated(before, after)
          // Saying what is so already ends the pause of a sink that fails, and is no change.
          if (Object.keys(event.diff ?? {}).length > 0) await appendAudit(tx, { scope, at: now, ...event })
          return { ...presentSink(after, seq), secret: shown }
        }),
      ),
    ),

    implement(endpoints.testAuditSink, async ({ params }, scope) => {
      const row = await find(db.sql, params.sink)
      const now = clock.now()
      let error: string | null = null
      try {
        await using target = openTarget(row, sinks)
        await target.send([testMessage(uuidv7(now), row.name, now)], now, scope.signal)
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown
        error = thrown.message
      }
      await db.transaction((tx) => appendAudit(tx, { scope, at: clock.now(), ...sinkTested(row, error) }))
      return { delivered: error === null, error }
    }),

    implement(endpoints.deleteAuditSink, async ({ params }, scope) => {
      await db.transaction(async (tx) => {
        const row = await find(tx, params.sink)
        await deleteSink(tx, row.id)
        await appendAudit(tx, { scope, at: clock.now(), ...sinkDeleted(row) })
      })
    }),
  ]
}

const find = async (db: Executor, given: string): Promise<SinkRow> => mustHave(await selectSink(db, given))

function mustHave(row: SinkRow | undefined): SinkRow {
  if (row === undefined) throw new Fault('not_found', 'there is no such sink')
  return row
}

/** Two sinks of one name cannot be: says so in words. */
async function named<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isUniqueViolation(thrown, 'audit_sinks_name')) throw thrown
    throw new Fault('conflict', `there is a sink ${name} already`, {
      problems: [{ field: 'name', detail: 'is taken' }],
    })
  }
}

function presentSink(row: SinkRow, headSeq: number): AuditSink {
  return {
    id: row.id,
    name: row.name,
    // SAFETY: the table checks it.
    kind: row.kind as AuditSink['kind'],
    // SAFETY: as above.
    format: row.format as AuditSink['format'],
    url: row.url,
    allow_private: row.allow_private,
    has_secret: row.secret !== null,
    has_ca: row.ca !== null,
    disabled_at: row.disabled_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    delivered_seq: row.delivered_seq,
    lag: Math.max(0, headSeq - row.delivered_seq),
    last_delivered_at: row.last_delivered_at?.toISOString() ?? null,
    last_error: row.last_error,
    failing_since: row.failing_since?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
  }
}
