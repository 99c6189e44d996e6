import type { AuditEntry } from './journal.ts'
import { caDigest } from './sinks/change.ts'
import type { SinkRow } from './sinks/queries.ts'

/** The audit entries of this room, as data. */
export type AuditLogEvent = Omit<AuditEntry, 'scope' | 'at'>

export const logExported = (format: string, q: string, upToSeq: number, reason: string | undefined): AuditLogEvent => ({
  action: 'export',
  resourceType: 'audit_log',
  resourceId: format,
  resourceTarget: q === '' ? 'everything' : q,
  diff: { format: { old: null, new: format }, filter: { old: null, new: q }, up_to_seq: { old: null, new: upToSeq } },
  ...(reason === undefined ? {} : { reason }),
})

export const eventsRemoved = (firstSeq: number, lastSeq: number, count: number): AuditLogEvent => ({
  action: 'delete',
  resourceType: 'audit_log',
  resourceId: `${firstSeq}-${lastSeq}`,
  resourceTarget: `events ${firstSeq} to ${lastSeq}`,
  diff: { events: { old: count, new: 0 } },
  reason: 'retention',
})

const sink = (action: string, { id, name }: Pick<SinkRow, 'id' | 'name'>): AuditLogEvent => ({
  action,
  resourceType: 'audit_sink',
  resourceId: id,
  resourceTarget: name,
})

export const sinkCreated = (
  row: Pick<
    SinkRow,
    'id' | 'name' | 'kind' | 'format' | 'url' | 'allow_private' | 'delivered_seq' | 'secret' | 'sends' | 'content'
  >,
): AuditLogEvent => ({
  ...sink('create', row),
  diff: {
    kind: { old: null, new: row.kind },
    format: { old: null, new: row.format },
    url: { old: null, new: row.url },
    allow_private: { old: null, new: row.allow_private },
    after_seq: { old: null, new: row.delivered_seq },
    sends: { old: null, new: row.sends.join(', ') },
    content: { old: null, new: row.content },
    secret: { old: null, new: row.secret === null ? null : true, secret: true },
  },
})

/** What was changed; of a secret only that it was. */
export function sinkUpdated(before: SinkRow, after: SinkRow): AuditLogEvent {
  const facts = (row: SinkRow) => ({
    name: row.name,
    url: row.url,
    format: row.format,
    allow_private: row.allow_private,
    ca: caDigest(row.ca),
    enabled: row.disabled_at === null,
    sends: row.sends.toSorted().join(', '),
    content: row.content,
  })
  const [old, now] = [facts(before), facts(after)]
  const names = ['name', 'url', 'format', 'allow_private', 'ca', 'enabled', 'sends', 'content'] as const
  return {
    ...sink('write', after),
    diff: {
      ...Object.fromEntries(
        names.filter((name) => old[name] !== now[name]).map((name) => [name, { old: old[name], new: now[name] }]),
      ),
      ...(before.secret === after.secret ? {} : { secret: { old: before.secret, new: after.secret, secret: true } }),
    },
  }
}

export const sinkTested = (row: SinkRow, error: string | null): AuditLogEvent => ({
  ...sink('test', row),
  outcome: error === null ? 'ok' : 'refused',
  diff: { error: { old: null, new: error } },
})

export const sinkDeleted = (row: SinkRow): AuditLogEvent => ({
  ...sink('delete', row),
  diff: { url: { old: row.url, new: null }, delivered_seq: { old: row.delivered_seq, new: null } },
})
