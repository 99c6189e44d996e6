import type { Clock } from '@reeve/base'
import { endpoints } from '@reeve/sdk'
import { visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { demand } from '../http/demand.ts'
import { implement, implementBytes, type Route, signedIn } from '../http/implement.ts'
import type { CheckpointLog } from './checkpoint-log.ts'
import { type CheckpointRow, lastCheckpoint, selectKeys } from './checkpoint-queries.ts'
import { logExported } from './events.ts'
import { exportEvents } from './export.ts'
import { appendAudit } from './journal.ts'
import { presentAuditEvent } from './present.ts'
import { selectAuditEvents, selectChain } from './queries.ts'
import { readAuditSearch } from './search.ts'
import type { Signer } from './signing-key.ts'

export interface AuditLog {
  readonly db: Database
  readonly clock: Clock
  readonly signer: Signer
  readonly checkpointLog: CheckpointLog
}

const contentTypes = {
  jsonl: 'application/jsonl; charset=utf-8',
  ocsf: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
} as const

export function auditRoutes(audit: AuditLog): Route[] {
  const { db, clock, signer } = audit
  return [
    implement(endpoints.listAuditEvents, async ({ query: { q = '', limit = 100, after_id } }, scope) => {
      const visible = visibility(signedIn(scope), 'audit_log:read')
      const page = { limit, afterId: after_id ?? null }
      const { rows, count } = await selectAuditEvents(db.sql, readAuditSearch(q), visible, page)
      return { audit_logs: rows.map(presentAuditEvent), count }
    }),

    implementBytes(endpoints.exportAuditEvents, async ({ query: { format = 'jsonl', q = '', reason } }, scope) => {
      const visible = visibility(signedIn(scope), 'audit_log:export')
      const filter = readAuditSearch(q)
      // On record before the first byte leaves, and therefore in the file itself.
      await db.transaction(async (tx) => {
        const { seq } = await selectChain(tx)
        await appendAudit(tx, { scope, at: clock.now(), ...logExported(format, q, seq, reason) })
      })
      const day = clock.now().toISOString().slice(0, 10)
      return {
        bytes: exportEvents(audit, { format, filter, visible }),
        contentType: contentTypes[format],
        fileName: `reeve-audit-${day}.${format === 'csv' ? 'csv' : 'jsonl'}`,
      }
    }),

    implement(endpoints.getAuditChain, async (_, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const chain = await selectChain(db.sql)
      const checkpoint = await lastCheckpoint(db.sql)
      const keys = await selectKeys(db.sql)
      return {
        origin: signer.origin,
        seq: chain.seq,
        hash: chain.hash.toString('base64'),
        removed_seq: chain.removed_seq,
        checkpoint: checkpoint === null ? null : presentCheckpoint(checkpoint),
        keys: keys.map(({ key_id, key, replica, created_at }) => ({
          id: key_id,
          key,
          replica,
          created_at: created_at.toISOString(),
        })),
      }
    }),
  ]
}

const presentCheckpoint = ({ number, seq, key_id, note, created_at }: CheckpointRow) => ({
  number,
  seq,
  key_id,
  note,
  time: created_at.toISOString(),
})
