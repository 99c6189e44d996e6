import { Fault, uuidv7Floor, uuidv7Time } from '@reeve/base'
import { AuditEvent, endpoints } from '@reeve/sdk'
import type { Database } from '../db/database.ts'
import { implement, type Route } from '../http/implement.ts'
import { readSearch } from '../http/search.ts'
import { type AuditRow, selectAuditEvents } from './queries.ts'

const dayMs = 86_400_000

export function auditRoutes(db: Database): Route[] {
  return [
    implement(endpoints.listAuditEvents, async ({ query: { q = '', limit = 100, after_id } }) => {
      const { values, words } = readSearch(q, [
        'action',
        'resource_type',
        'resource_id',
        'username',
        'outcome',
        'date_from',
        'date_to',
      ])
      if (words.length > 0) throw badSearch(`${words[0]} has no key`)
      const to = day(values('date_to').at(-1))
      const from = day(values('date_from').at(-1))
      const filter = {
        actions: values('action'),
        resourceTypes: values('resource_type'),
        resourceIds: values('resource_id'),
        outcomes: values('outcome'),
        usernames: values('username'),
        from: from === null ? null : uuidv7Floor(from),
        // The last day is meant as a whole.
        before: to === null ? null : uuidv7Floor(new Date(to.getTime() + dayMs)),
      }
      const { rows, count } = await selectAuditEvents(db.sql, filter, { limit, afterId: after_id ?? null })
      return { audit_logs: rows.map(presentAuditEvent), count }
    }),
  ]
}

function day(text: string | undefined): Date | null {
  if (text === undefined) return null
  const date = new Date(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(date.getTime()))
    throw badSearch(`${text} is not a day such as 2026-01-31`)
  return date
}

const badSearch = (detail: string) =>
  new Fault('invalid', 'the search is not understood', { problems: [{ field: 'q', detail }] })

function presentAuditEvent(row: AuditRow): AuditEvent {
  const time = uuidv7Time(row.id)
  if (time === null) throw new Fault('internal', 'an audit event has an id without a time', { detail: row.id })
  const actor =
    row.actor_id === null
      ? null
      : { id: row.actor_id, username: row.username ?? '', name: row.name ?? '', avatar_url: row.avatar_url ?? '' }
  return {
    id: row.id,
    time: time.toISOString(),
    organization_id: row.organization_id,
    actor,
    api_key_id: row.api_key_id,
    action: row.action,
    resource_type: row.resource_type,
    resource_id: row.resource_id,
    resource_target: row.resource_target,
    outcome: row.outcome === 'ok' ? 'ok' : 'refused',
    diff: AuditEvent.shape.diff.parse(row.diff),
    ip: row.ip,
    user_agent: row.user_agent,
    request_id: row.request_id,
  }
}
