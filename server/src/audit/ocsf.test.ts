import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ocsfCheckpoint, ocsfEvent } from './ocsf.ts'
import type { AuditRow } from './queries.ts'
import { auditRow } from './testing.ts'

/**
 * What OCSF asks of the classes that we use. From the schema itself (github.com/ocsf/ocsf-schema: events/base_event.json,
 * events/iam/*.json, events/application/api_activity.json, objects/*.json), version 1.3.0; where a neighbouring version
 * asks for more, as 1.1 for privileges of user access, more is held.
 */
const required = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid']
interface ClassFacts {
  readonly category: number
  readonly caption: string
  readonly activities: Readonly<Record<number, string>>
  readonly required: readonly string[]
  readonly oneOf?: readonly string[]
}
const crud = { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' }
const classes: Readonly<Record<number, ClassFacts>> = {
  3001: {
    category: 3,
    caption: 'Account Change',
    activities: { 1: 'Create', 2: 'Enable', 3: 'Password Change', 4: 'Password Reset', 5: 'Disable', 6: 'Delete' },
    required: ['user'],
  },
  3002: {
    category: 3,
    caption: 'Authentication',
    activities: { 1: 'Logon', 2: 'Logoff' },
    required: ['user'],
    oneOf: ['service', 'dst_endpoint'],
  },
  3004: { category: 3, caption: 'Entity Management', activities: crud, required: ['entity'] },
  3005: {
    category: 3,
    caption: 'User Access Management',
    activities: { 1: 'Assign Privileges', 2: 'Revoke Privileges' },
    required: ['privileges', 'user'],
  },
  6003: { category: 6, caption: 'API Activity', activities: crud, required: ['actor', 'api', 'src_endpoint'] },
}
const objects: Readonly<Record<string, { readonly required?: readonly string[]; readonly oneOf?: readonly string[] }>> =
  {
    metadata: { required: ['product', 'version'] },
    'metadata.product': { required: ['vendor_name'], oneOf: ['name', 'uid'] },
    actor: { oneOf: ['process', 'user', 'invoked_by', 'session', 'app_name', 'app_uid'] },
    'actor.user': { oneOf: ['account', 'name', 'uid'] },
    user: { oneOf: ['account', 'name', 'uid'] },
    entity: { oneOf: ['name', 'uid'] },
    api: { required: ['operation'] },
    'api.request': { required: ['uid'] },
    src_endpoint: {
      oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name'],
    },
  }
const severities: Readonly<Record<number, string>> = { 1: 'Informational', 2: 'Low', 3: 'Medium' }
const statuses: Readonly<Record<number, string>> = { 1: 'Success', 2: 'Failure' }

function mustBeOcsf(event: Record<string, unknown>): void {
  const facts = classes[Number(event['class_uid'])]
  if (facts === undefined) throw new Error(`class ${String(event['class_uid'])} is not known here`)
  const activity = Number(event['activity_id'])
  expect(event).toMatchObject({
    category_uid: facts.category,
    class_name: facts.caption,
    activity_name: activity === 99 ? 'Other' : facts.activities[activity],
    type_uid: Number(event['class_uid']) * 100 + activity,
    severity: severities[Number(event['severity_id'])],
    status: statuses[Number(event['status_id'])],
  })
  mustHave(event, 'the event', [...required, ...facts.required], facts.oneOf)
  for (const [path, { required: needed = [], oneOf }] of Object.entries(objects)) {
    const part = path.split('.').reduce<unknown>((value, name) => fieldOf(value, name), event)
    if (part !== undefined) mustHave(part, path, needed, oneOf)
  }
  // timestamp_t: milliseconds, as a number.
  expect(Number.isSafeInteger(event['time'])).toBe(true)
}

function mustHave(value: unknown, where: string, needed: readonly string[], oneOf?: readonly string[]): void {
  const isThere = (name: string) => ![undefined, null, ''].some((nothing) => fieldOf(value, name) === nothing)
  expect(
    needed.filter((name) => !isThere(name)),
    where,
  ).toEqual([])
  if (oneOf !== undefined) expect(oneOf.some(isThere), `one of ${oneOf.join(', ')} in ${where}`).toBe(true)
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined

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
