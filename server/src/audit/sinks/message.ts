import type { RecordStream } from './record-streams.ts'
import type { SinkRow } from './queries.ts'
import type { CheckpointRow } from '../checkpoint-queries.ts'
import { ocsfCheckpoint, ocsfEvent } from '../ocsf.ts'
import { presentAuditEvent } from '../present.ts'
import type { AuditRow } from '../queries.ts'

/** What is on its way to a sink. Its id is the same however often it is sent: receivers know by it what they have had. */
export interface SinkMessage {
  readonly stream: 'audit' | RecordStream
  /** Messages of one group may go as one request, where each would be one of its own. Null for one that stands alone. */
  readonly group: string | null
  readonly id: string
  readonly seq: number
  readonly at: Date
  readonly refused: boolean
  readonly type: string
  readonly body: Record<string, unknown>
}

const alone = { stream: 'audit', group: null } as const

export function sinkMessage(row: AuditRow, format: SinkRow['format'], at: Date): SinkMessage {
  const event = presentAuditEvent(row)
  return {
    ...alone,
    id: row.id,
    seq: row.seq ?? 0,
    at,
    refused: row.outcome !== 'ok',
    type: `${row.resource_type}.${row.action}`,
    body: format === 'ocsf' ? ocsfEvent(row) : event,
  }
}

/** A checkpoint on its way to a sink: what is kept there, nobody can make anew who owns the database here. */
export function checkpointMessage(row: CheckpointRow, format: SinkRow['format']): SinkMessage {
  const { number, seq, key_id, note, created_at } = row
  return {
    ...alone,
    id: `checkpoint-${number}-${key_id}`,
    seq,
    at: created_at,
    refused: false,
    type: 'audit_log.checkpoint',
    body:
      format === 'ocsf'
        ? ocsfCheckpoint(row)
        : { kind: 'checkpoint', number, seq, time: created_at.toISOString(), key_id, note },
  }
}

/** What a test sends. It has no place in the chain. */
export const testMessage = (id: string, sinkName: string, at: Date): SinkMessage => ({
  ...alone,
  id,
  seq: 0,
  at,
  refused: false,
  type: 'audit_sink.test',
  body: {
    id,
    seq: null,
    time: at.toISOString(),
    action: 'test',
    resource_type: 'audit_sink',
    resource_target: sinkName,
  },
})
