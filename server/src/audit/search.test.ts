import { Fault, manualClock, type Uuid, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { appendAudit, type AuditEntry } from './journal.ts'
import { selectAuditEvents } from './queries.ts'
import { readAuditSearch } from './search.ts'
import { everybodysEvents } from './testing.ts'

const clock = manualClock('2026-05-01T10:00:00Z')
const people = { dana: uuidv7(clock.now()), robot: uuidv7(clock.now()) }
const research = uuidv7(clock.now())
let db: TestDatabase
/** By the name that each event has here. */
const ids: Record<string, Uuid> = {}

beforeAll(async () => {
  db = await testDatabase()
  const made = { created_at: clock.now(), updated_at: clock.now() }
  for (const [username, id] of Object.entries(people)) {
    const facts = { email: `${username}@example.com`, login_type: 'none', is_service_account: username === 'robot' }
    await db.sql
      .insertInto('users')
      .values({ ...made, ...facts, id, username, name: '', status: 'active' })
      .execute()
  }
  await db.sql
    .insertInto('organizations')
    .values({ ...made, id: research, name: 'Research', display_name: '' })
    .execute()
  const browser = { sourceIp: '10.1.2.3', userAgent: 'Mozilla/5.0' }
  await event('grant', {
    scope: { actor: { userId: people.dana, apiKeyId: 'k1' }, requestId: 'req-grant', ...browser },
    action: 'assign_roles',
    resourceTarget: 'max_100%',
    reason: 'on call',
  })
  await event('rotate', {
    scope: {
      actor: { userId: people.robot, apiKeyId: 'k2' },
      requestId: 'req-rotate',
      sourceIp: '2001:db8::7',
      userAgent: 'curl/8',
    },
    action: 'write',
    resourceType: 'keyring_key',
    resourceId: 'KEY-1',
    resourceTarget: 'the first key',
    organizationId: research,
  })
  await event('guess', {
    scope: { actor: null, requestId: 'req-guess', sourceIp: '203.0.113.9', userAgent: 'reeve-cli/1' },
    action: 'login',
    resourceTarget: 'nobody',
    outcome: 'refused',
  })
  await event('sweep', {
    scope: { actor: null, requestId: 'retention', sourceIp: null, userAgent: null },
    action: 'delete',
    resourceType: 'audit_log',
    resourceTarget: 'events 1 to 9',
    reason: 'retention',
  })
})
afterAll(() => db[Symbol.asyncDispose]())

/** A day after the one before it, at ten. */
async function event(
  name: string,
  given: Pick<AuditEntry, 'scope' | 'action' | 'resourceTarget'> & Partial<AuditEntry>,
) {
  const entry = { resourceType: 'user', resourceId: name, ...given, at: clock.now() }
  await db.transaction((tx) => appendAudit(tx, entry))
  const newest = await db.sql.selectFrom('audit_events').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow()
  ids[name] = newest.id
  clock.advance(86_400_000)
}

async function found(q: string): Promise<string[]> {
  const { rows, count } = await selectAuditEvents(db.sql, readAuditSearch(q), everybodysEvents, {
    limit: 9,
    afterId: null,
  })
  expect(count).toBe(rows.length)
  return rows.map(({ id }) => Object.entries(ids).find(([, known]) => known === id)?.[0] ?? id).toReversed()
}

/** For each key, what is asked and what is found; two values of one key are alternatives. */
const cases: Readonly<Record<string, readonly (readonly [q: () => string, names: readonly string[]])[]>> = {
  id: [
    [() => `id:${ids['guess']?.toUpperCase()}`, ['guess']],
    [() => 'id:x', []],
  ],
  action: [
    [() => 'action:LOGIN action:delete', ['guess', 'sweep']],
    [() => 'action:log', []],
  ],
  resource_type: [[() => 'resource_type:keyring_key', ['rotate']]],
  resource_id: [[() => 'resource_id:key-1', ['rotate']]],
  resource_target: [
    [() => 'resource_target:"the first key"', ['rotate']],
    [() => 'resource_target:first', []],
  ],
  username: [
    [() => 'username:DANA', ['grant']],
    [() => 'username:dan', []],
  ],
  actor_type: [
    [() => 'actor_type:user', ['grant']],
    [() => 'actor_type:service_account', ['rotate']],
    [() => 'actor_type:nobody', ['guess', 'sweep']],
  ],
  outcome: [
    [() => 'outcome:refused', ['guess']],
    [() => 'outcome:ok', ['grant', 'rotate', 'sweep']],
  ],
  ip: [
    [() => 'ip:10.1.2.3', ['grant']],
    [() => 'ip:10.0.0.0/8 ip:2001:db8::/32', ['grant', 'rotate']],
    [() => 'ip:10.1.2.4', []],
  ],
  source: [[() => 'source:SYSTEM', ['sweep']]],
  reason: [
    [() => 'reason:call', ['grant']],
    [() => 'reason:"on call" reason:retention', ['grant', 'sweep']],
  ],
  organization: [
    [() => 'organization:research', ['rotate']],
    [() => `organization:${research}`, ['rotate']],
  ],
  request_id: [[() => 'request_id:req-guess', ['guess']]],
  date_from: [
    [() => 'date_from:2026-05-03', ['guess', 'sweep']],
    [() => 'date_from:2026-05-03T10:00:00.001Z', ['sweep']],
    [() => 'date_from:2026-05-03T12:00:00+02:00', ['guess', 'sweep']],
  ],
  date_to: [
    [() => 'date_to:2026-05-02', ['grant', 'rotate']],
    [() => 'date_to:2026-05-02T09:59:59Z', ['grant']],
    [() => 'date_from:2026-05-02 date_to:2026-05-02', ['rotate']],
  ],
}

test('every key that there is finds what it says and nothing else', async () => {
  expect(Object.keys(cases).toSorted()).toEqual(keysThatThereAre().toSorted())
  for (const [q, names] of Object.values(cases).flat()) expect(await found(q()), q()).toEqual(names)
})

function keysThatThereAre(): string[] {
  try {
    readAuditSearch('no_such_key:1')
  } catch (thrown) {
    const detail = thrown instanceof Fault ? thrown.problems[0]?.detail : undefined
    return detail?.split('there are ')[1]?.split(', ') ?? []
  }
  return []
}

test('words are looked for in any of the texts, all of them, as they are written', async () => {
  expect(await found('')).toEqual(['grant', 'rotate', 'guess', 'sweep'])
  expect(await found('dana')).toEqual(['grant'])
  expect(await found('ON CALL')).toEqual(['grant'])
  expect(await found('dana retention')).toEqual([])
  expect(await found('max_100%')).toEqual(['grant'])
  expect(await found('max%')).toEqual([])
  expect(await found('m_x')).toEqual([])
  expect(await found("x' or '1'='1")).toEqual([])
  expect(await found('first action:write ip:2001:db8::/32 username:robot')).toEqual(['rotate'])
})

test('what is not understood is refused with the reason, and never looks like nothing found', () => {
  const problem = (q: string): string => {
    try {
      readAuditSearch(q)
    } catch (thrown) {
      return thrown instanceof Fault ? (thrown.problems[0]?.detail ?? thrown.message) : 'no fault'
    }
    return 'understood'
  }
  expect(problem('colour:red')).toContain('there is no key colour')
  expect(problem('outcome:maybe')).toBe('outcome is one of ok, refused, not maybe')
  expect(problem('source:web')).toBe('source is one of ui, cli, api, system, not web')
  expect(problem('actor_type:robot')).toContain('user, service_account, nobody')
  for (const ip of ['home', '10.0.0.0/33', '10.0.0.1/', '10.0.0.1/8/8', 'fe80::1%eth0', '2001:db8::/129', '10.1']) {
    expect(problem(`ip:${ip}`), ip).toContain('neither an address nor a range')
  }
  for (const day of [
    'yesterday',
    '2026-02-30',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '1969-01-01',
    '2026-5-1',
    '2026-05-01T10:00',
  ]) {
    expect(problem(`date_from:${day}`), day).toContain('neither a day')
  }
  expect(problem(Array.from({ length: 21 }, () => 'a').join(' '))).toContain('more than 20 terms')
})
