import { type Clock, Fault, uuidv7 } from '@reeve/base'
import { type AuditSink, endpoints } from '@reeve/sdk'
import type { Database, Executor } from '../../db/database.ts'
import { isUniqueViolation } from '../../db/failures.ts'
import type { AllowedNetwork } from '../../http/egress.ts'
import { demand } from '../../http/demand.ts'
import { implement, type Route, signedIn } from '../../http/implement.ts'
import { newWebhookSecret, webhookKey } from '../../http/signed-webhook.ts'
import type { Keyring } from '../../keyring/keyring.ts'
import { sinkCreated, sinkDeleted, sinkTested } from '../events.ts'
import { appendAudit } from '../journal.ts'
import { selectChain } from '../queries.ts'
import { testMessage } from './message.ts'
import { deleteSink, insertSink, selectSink, selectSinks, type SinkRow } from './queries.ts'
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
      if (ca !== undefined && !/-----BEGIN CERTIFICATE-----/.test(ca)) throw bad('ca', 'holds no certificate in PEM')
      const secret = secretFor(kind, body.secret)
      const now = clock.now()
      const id = uuidv7(now)
      try {
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
          })
          await appendAudit(tx, { scope, at: now, ...sinkCreated(row) })
          return { row, seq }
        })
        return { ...presentSink(created.row, created.seq), secret: secret?.isNew === true ? secret.text : null }
      } catch (thrown) {
        if (isUniqueViolation(thrown, 'audit_sinks_name'))
          throw new Fault('conflict', `there is a sink ${name} already`)
        throw thrown
      }
    }),

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

async function find(db: Executor, given: string): Promise<SinkRow> {
  const row = await selectSink(db, given)
  if (row === undefined) throw new Fault('not_found', 'there is no such sink')
  return row
}

function secretFor(kind: SinkRow['kind'], given: string | undefined): { text: string; isNew: boolean } | null {
  if (kind === 'syslog') {
    if (given !== undefined) throw bad('secret', 'is of no use for syslog')
    return null
  }
  if (kind === 'otlp') {
    if (given !== undefined && !/^[\x21-\x7e]+$/.test(given)) throw bad('secret', 'has characters that no token has')
    return given === undefined ? null : { text: given, isNew: false }
  }
  if (given === undefined) return { text: newWebhookSecret().reveal(), isNew: true }
  if (webhookKey(given) === null)
    throw bad('secret', 'must be whsec_ and 24 to 64 bytes in base64; leave it out to have one made')
  return { text: given, isNew: false }
}

const bad = (field: string, detail: string) =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

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
    created_at: row.created_at.toISOString(),
    delivered_seq: row.delivered_seq,
    lag: Math.max(0, headSeq - row.delivered_seq),
    last_delivered_at: row.last_delivered_at?.toISOString() ?? null,
    last_error: row.last_error,
    failing_since: row.failing_since?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
  }
}
