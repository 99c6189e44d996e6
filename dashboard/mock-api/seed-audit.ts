import { systemClock, uuidv7 } from '@reeve/base'
import type { AuditEvent, MinimalUser } from '@reeve/sdk'
import { hostileTexts } from './hostile.ts'

/** What an audit log of some weeks has in it: ordinary days, what an auditor looks for, and names that are traps. */

type Facts = Partial<Omit<AuditEvent, 'diff'>> & {
  readonly diff?: Readonly<Record<string, readonly [old: unknown, now: unknown] | 'secret'>>
}

export function auditStory(
  at: (minutesAgo: number) => Date,
  [dana, eli, ava]: readonly [MinimalUser, MinimalUser, MinimalUser],
  sessionId: string,
): AuditEvent[] {
  const events: AuditEvent[] = []
  const add = (minutesAgo: number, action: string, type: string, target: string, facts: Facts = {}) => {
    const { diff = {}, ...rest } = facts
    events.push({
      id: uuidv7(at(minutesAgo)),
      seq: null,
      hash: null,
      time: at(minutesAgo).toISOString(),
      organization_id: null,
      actor: dana,
      api_key_id: 'k7mf2p9q4x',
      action,
      resource_type: type,
      resource_id: uuidv7(at(minutesAgo)),
      resource_target: target,
      outcome: 'ok',
      diff: Object.fromEntries(
        Object.entries(diff).map(([field, change]) => [
          field,
          change === 'secret'
            ? { old: null, new: '[secret]', secret: true }
            : { old: change[0], new: change[1], secret: false },
        ]),
      ),
      reason: null,
      source: 'ui',
      ip: '192.0.2.14',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
      request_id: `0197f3a2-0000-7000-9000-${String(minutesAgo).padStart(12, '0')}`,
      ...rest,
    })
  }
  const created = (name: string): NonNullable<Facts['diff']> => ({
    username: [null, name],
    email: [null, `${name}@example.com`],
    roles: [null, ['member']],
    password: 'secret',
  })
  add(9000, 'create', 'user', 'dana', { actor: null, resource_id: dana.id, diff: created('dana'), source: 'cli' })
  add(8000, 'create', 'user', 'eli', { resource_id: eli.id, diff: created('eli') })
  add(7000, 'create', 'user', 'ava', { resource_id: ava.id, diff: created('ava') })
  add(6999, 'assign_roles', 'user', 'ava', {
    resource_id: ava.id,
    diff: { roles: [['member'], ['auditor', 'content-reviewer']] },
    reason: 'internal audit, ticket 4711',
  })
  add(5000, 'create', 'api_key', 'laptop', { source: 'cli', diff: { scopes: [null, ['gateway']], secret: 'secret' } })
  for (let day = 0; day < 90; day++) {
    const who = [dana, eli, ava][day % 3]!
    add(4500 - day * 40, 'login', 'user', who.username, {
      actor: who,
      resource_id: who.id,
      diff: { session: [null, `s${day}`] },
      source: day % 4 === 0 ? 'cli' : 'ui',
    })
  }
  add(880, 'write', 'role', 'night-shift', {
    diff: {
      site_permissions: [['interception:read'], ['interception:read', 'audit_log:read']],
      description: ['', 'who watches at night'],
    },
  })
  add(700, 'write', 'idp_sync_settings', 'groups', {
    diff: { mapping: [{}, { engineering: ['core', 'tools'] }], auto_create_missing_groups: [false, true] },
  })
  add(500, 'login', 'user', 'dana', { resource_id: dana.id, reason: 'break-glass', diff: { session: [null, 'bg'] } })
  for (const [n, text] of hostileTexts.entries()) {
    add(300 - n, 'write', 'group', text, {
      actor: eli,
      diff: { [`name ${text.slice(0, 40)}`]: [text, hostileTexts[(n + 1) % hostileTexts.length]] },
      reason: n % 3 === 0 ? text.slice(0, 500) : null,
      user_agent: text.slice(0, 200),
      source: 'api',
    })
  }
  add(120, 'export', 'audit_log', 'everything', {
    actor: ava,
    resource_id: 'jsonl',
    reason: 'quarterly review',
    diff: { format: [null, 'jsonl'], filter: [null, ''], up_to_seq: [null, 100] },
  })
  add(90, 'login', 'user', 'mallory', {
    actor: null,
    api_key_id: null,
    resource_id: '',
    outcome: 'refused',
    ip: '203.0.113.66',
    diff: { reason: [null, 'wrong password'] },
  })
  add(30, 'read_content', 'session', 'eli', {
    actor: ava,
    resource_id: sessionId,
    reason: 'incident 17',
    request_id: 'shared-request',
    diff: { how: [null, 'view'], owner_id: [null, eli.id] },
  })
  add(29, 'read_content', 'search', 'eli, dana', {
    actor: ava,
    reason: 'incident 17',
    request_id: 'shared-request',
    diff: { how: [null, 'search'], q: [null, 'password'] },
  })
  add(3, 'delete', 'api_key', 'old-ci', { source: 'cli', diff: { owner: ['dana', null] } })
  return events
}

/** Another event, now: what is exported is on record. */
export function exportedNow(actor: MinimalUser, format: string, q: string, reason: string | null): AuditEvent {
  const [event] = auditStory(() => systemClock.now(), [actor, actor, actor], '')
  return {
    ...event!,
    id: uuidv7(systemClock.now()),
    actor,
    action: 'export',
    resource_type: 'audit_log',
    resource_id: format,
    resource_target: q === '' ? 'everything' : q,
    reason,
    source: 'ui',
    diff: { format: { old: null, new: format, secret: false } },
  }
}
