import { type Clock, Fault, uuidv7 } from '@reeve/base'
import { type AuditSink, endpoints } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
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
import { bad, changesOf, checkCa, secretFor, type SinkPatch } from './change.ts'
import { testMessage } from './message.ts'
import { deleteSink, insertSink, lockSink, selectSink, selectSinks, type SinkRow, updateSink } from './queries.ts'
import { forgetJournals, moveJournals, type RecordLags, selectRecordLags } from './record-cursors.ts'
import { readHeads, type RecordSources } from './records.ts'
import { recordStreams } from './record-streams.ts'
import { openTarget, readSinkUrl, secretContext } from './target.ts'

export interface Sinks {
  readonly db: Database
  readonly clock: Clock
  readonly keyring: Keyring
  readonly outboundAllowed: readonly AllowedNetwork[]
  readonly records: RecordSources
}

export function sinkRoutes(sinks: Sinks): Route[] {
  const { db, clock, keyring, records } = sinks
  return [
    implement(endpoints.listAuditSinks, async (_, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const { seq } = await selectChain(db.sql)
      const lags = await selectRecordLags(db.sql, await readHeads(records))
      return { sinks: (await selectSinks(db.sql)).map((row) => presentSink(row, seq, lags)) }
    }),

    implement(endpoints.createAuditSink, async ({ body }, scope) => {
      const { name, kind, format = 'reeve', ca, allow_private = false, from = 'now' } = body
      const { sends = ['audit'], content = false } = body
      demandWhatIsSent(signedIn(scope), { sends, content })
      const url = readSinkUrl(kind, body.url).href
      checkCa(ca)
      const secret = secretFor(kind, body.secret)
      const now = clock.now()
      const id = uuidv7(now)
      const heads = await readHeads(records)
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
            sends: [...new Set(sends)],
            content,
            secret: secret === null ? null : keyring.seal(secret.text, secretContext(id)),
            created_at: now,
            delivered_seq: from === 'beginning' ? removed_seq : seq,
            delivered_checkpoint: from === 'beginning' ? 0 : ((await lastCheckpoint(tx))?.number ?? 0),
          })
          for (const stream of recordStreams.filter((one) => row.sends.includes(one))) {
            const place = from === 'beginning' ? await records[stream].beginnings() : heads.get(stream)
            await moveJournals(tx, id, stream, place ?? new Map())
          }
          await appendAudit(tx, { scope, at: now, ...sinkCreated(row) })
          return { row, seq, lags: await selectRecordLags(tx, heads) }
        })
        return {
          ...presentSink(created.row, created.seq, created.lags),
          secret: secret?.isNew === true ? secret.text : null,
        }
      })
    }),

    implement(endpoints.updateAuditSink, async ({ params, body }, scope) =>
      named(body.name ?? '', () =>
        db.transaction(async (tx) => {
          const now = clock.now()
          const before = mustHave(await lockSink(tx, params.sink))
          const { seq } = await selectChain(tx)
          const { columns, shown } = changesOf(before, body, keyring, now)
          const after = await updateSink(tx, before.id, { ...columns, ...beginningAudit(before, body.sends, seq) })
          if (!isHarmless(body)) demandWhatIsSent(signedIn(scope), after)
          const heads = await readHeads(records)
          for (const stream of recordStreams) {
            if (!after.sends.includes(stream)) await forgetJournals(tx, after.id, stream)
            else if (!before.sends.includes(stream))
              await moveJournals(tx, after.id, stream, heads.get(stream) ?? new Map())
          }
          const event = sinkUpdated(before, after)
          // Saying what is so already ends the pause of a sink that fails, and is no change.
          if (Object.keys(event.diff ?? {}).length > 0) await appendAudit(tx, { scope, at: now, ...event })
          return { ...presentSink(after, seq, await selectRecordLags(tx, heads)), secret: shown }
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

/**
 * Whoever makes a sink, or changes one, sends what it has to a place of his choice: he has to be one who may read all of
 * it here.
 */
function demandWhatIsSent(actor: Actor, sink: { readonly sends: readonly string[]; readonly content: boolean }): void {
  if (sink.sends.includes('boundaries')) demand(actor, 'boundary:read', {})
  if (!sink.sends.includes('interceptions')) {
    if (sink.content) throw bad('content', 'is of records of interceptions, which this sink does not want')
    return
  }
  demand(actor, 'interception:read', {})
  if (sink.content) demand(actor, 'interception_content:read', {})
}

/** Whoever may not read what a sink is sent may still call it by another name, and end the sending. */
const isHarmless = (change: SinkPatch): boolean =>
  Object.entries(change).every(
    ([name, value]) => name === 'name' || (value === false && ['enabled', 'content'].includes(name)),
  )

/** A sink that has not been sent the audit log is sent what comes from now on. */
const beginningAudit = (before: SinkRow, sends: readonly string[] | undefined, seq: number) =>
  sends?.includes('audit') === true && !before.sends.includes('audit') ? { delivered_seq: seq } : {}

function presentSink(row: SinkRow, headSeq: number, lags: RecordLags): AuditSink {
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
    lag: row.sends.includes('audit') ? Math.max(0, headSeq - row.delivered_seq) : 0,
    // SAFETY: the table checks it.
    sends: row.sends as AuditSink['sends'],
    content: row.content,
    record_lag: lags.get(row.id)?.get('interceptions') ?? 0,
    boundary_lag: lags.get(row.id)?.get('boundaries') ?? 0,
    last_delivered_at: row.last_delivered_at?.toISOString() ?? null,
    last_error: row.last_error,
    failing_since: row.failing_since?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
  }
}
