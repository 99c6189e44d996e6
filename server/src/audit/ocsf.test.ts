import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ocsfCheckpoint, ocsfEvent } from './ocsf.ts'
import type { AuditRow } from './queries.ts'
import { auditRow } from './testing.ts'
import { mustBeOcsf } from './testing-ocsf.ts'

const kindOf = (given: Partial<AuditRow>) => {
  const { class_uid, activity_id } = ocsfEvent(auditRow(given))
  return [class_uid, activity_id]
}
const change = (field: string, old: unknown, now: unknown) => ({ diff: { [field]: { old, new: now, secret: false } } })

test('each event is of the class that OCSF has for it', () => {
  const user = (action: string, more: Partial<AuditRow> = {}) => kindOf({ resource_type: 'user', action, ...more })
  expect(user('create')).toEqual([3001, 1])
  expect(user('write', change('status', 'suspended', 'active'))).toEqual([3001, 2])
  expect(user('write', change('password', '[secret]', '[secret]'))).toEqual([3001, 3])
  expect(user('reset_password')).toEqual([3001, 4])
  expect(user('write', change('status', 'active', 'suspended'))).toEqual([3001, 5])
  expect(user('write', change('status', 'active', 'dormant'))).toEqual([3001, 5])
  expect(user('delete')).toEqual([3001, 6])
  expect(user('login')).toEqual([3002, 1])
  expect(user('logout')).toEqual([3002, 2])
  expect(user('write', change('name', 'a', 'b'))).toEqual([3004, 3])
  expect(user('assign_roles', change('roles', [], ['auditor']))).toEqual([3005, 1])
  expect(user('assign_roles', change('roles', ['auditor', 'owner'], ['owner']))).toEqual([3005, 2])
  expect(user('assign_roles', change('roles', ['auditor'], ['owner']))).toEqual([3005, 99])
  expect(kindOf({ resource_type: 'role', action: 'delete' })).toEqual([3004, 4])
  expect(kindOf({ resource_type: 'api_key', action: 'create' })).toEqual([3004, 1])
  expect(kindOf({ resource_type: 'audit_log', action: 'export' })).toEqual([6003, 2])
  expect(kindOf({ resource_type: 'legal_hold', action: 'create' })).toEqual([6003, 1])
  expect(kindOf({ resource_type: 'audit_sink', action: 'test' })).toEqual([6003, 99])
})

test('who, from where, when, by which credential and what stand where OCSF has them', () => {
  const event = ocsfEvent(auditRow({ action: 'assign_roles', ...change('roles', ['member'], ['member', 'auditor']) }))
  expect(event).toMatchObject({
    time: Number.parseInt('019999990000', 16),
    actor: {
      user: { uid: '01999999-0000-7000-8000-0000000000aa', name: 'dana' },
      session: { credential_uid: 'key1' },
      app_name: 'reeve cli',
    },
    user: { uid: '01999999-0000-7000-8000-0000000000bb', name: 'max' },
    privileges: ['auditor'],
    src_endpoint: { ip: '192.0.2.7' },
    http_request: { user_agent: 'reeve-cli/0.1.0 (linux)' },
    metadata: { version: '1.3.0', uid: '01999999-0000-7000-8000-000000000001', sequence: 1, correlation_uid: 'r1' },
    unmapped: { action: 'assign_roles', source: 'cli', diff: { roles: { new: ['member', 'auditor'] } } },
  })
})

test('a failed sign-in of nobody, and what the server does by itself, are events of OCSF too', () => {
  const nobody = { actor_id: null, username: null, api_key_id: null }
  const refused = auditRow({
    ...nobody,
    action: 'login',
    outcome: 'refused',
    resource_id: '',
    resource_target: 'unknown',
  })
  const failed = ocsfEvent(refused)
  expect(failed).toMatchObject({ status: 'Failure', severity: 'Medium', user: { name: 'unknown' } })
  expect(failed).not.toHaveProperty('actor.user')
  mustBeOcsf(failed)
  const own = { ...nobody, resource_type: 'audit_log', ip: null, user_agent: null, request_id: '', source: 'system' }
  const removal = ocsfEvent(auditRow({ ...own, action: 'delete' }))
  expect(removal).toMatchObject({ actor: { app_name: 'reeve system' }, src_endpoint: { svc_name: 'reeve' } })
  mustBeOcsf(removal)
})

test('a checkpoint is an event of OCSF where it is sent as one', () => {
  const event = ocsfCheckpoint({
    number: 7,
    seq: 40,
    state: '',
    key_id: '0123abcd',
    note: 'signed',
    created_at: new Date('2026-11-20T12:00:00Z'),
  })
  mustBeOcsf(event)
  expect(event).toMatchObject({ metadata: { uid: 'checkpoint-7-0123abcd' }, unmapped: { note: 'signed' } })
})

test('whatever an event is, it has all that its class asks for', () => {
  const maybe = (...values: string[]) => fc.constantFrom(null, ...values)
  const types = ['user', 'group', 'role', 'api_key', 'audit_log', 'session', 'keyring_key', 'constructor']
  const actions = [
    'create',
    'write',
    'delete',
    'login',
    'logout',
    'assign_roles',
    'reset_password',
    'export',
    'toString',
  ]
  const side = fc.oneof(fc.constantFrom(null, 'active', 'suspended'), fc.array(fc.constantFrom('owner', 'auditor')))
  const field = fc.record({ old: side, new: side, secret: fc.constant(false) })
  const rows: fc.Arbitrary<Partial<AuditRow>> = fc.record({
    action: fc.constantFrom(...actions),
    resource_type: fc.constantFrom(...types),
    resource_id: fc.constantFrom('', 'x'),
    resource_target: fc.constantFrom('', 'x'),
    outcome: fc.constantFrom('ok', 'refused'),
    actor_id: maybe('01999999-0000-7000-8000-0000000000aa'),
    username: maybe('dana'),
    api_key_id: maybe('k'),
    ip: maybe('192.0.2.1', '2001:db8::1'),
    user_agent: maybe('Mozilla/5.0'),
    request_id: maybe('', 'r'),
    reason: maybe('because'),
    source: maybe('ui', 'cli', 'api', 'system'),
    diff: fc.oneof(fc.constant({}), fc.dictionary(fc.constantFrom('roles', 'status', 'password'), field)),
  })
  fc.assert(fc.property(rows, (row) => mustBeOcsf(ocsfEvent(auditRow(row)))))
})
