import { expect } from 'vitest'

/**
 * What OCSF asks of the classes that we use. From the schema itself (github.com/ocsf/ocsf-schema: events/base_event.json,
 * events/iam/*.json, events/network/*.json, events/system/*.json,
 * events/application/api_activity.json, objects/*.json), version 1.3.0; where a neighbouring version
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
  1001: {
    category: 1,
    caption: 'File System Activity',
    activities: crud,
    required: ['actor', 'device', 'file'],
  },
  1007: {
    category: 1,
    caption: 'Process Activity',
    activities: { 1: 'Launch' },
    required: ['actor', 'device', 'process'],
  },
  4001: {
    category: 4,
    caption: 'Network Activity',
    activities: { 1: 'Open', 2: 'Close', 3: 'Reset', 4: 'Fail', 5: 'Refuse', 6: 'Traffic' },
    required: [],
    oneOf: ['dst_endpoint', 'src_endpoint'],
  },
  4002: {
    category: 4,
    caption: 'HTTP Activity',
    activities: { 1: 'Connect', 2: 'Delete', 3: 'Get', 4: 'Head', 5: 'Options', 6: 'Post', 7: 'Put', 8: 'Trace' },
    required: ['http_request'],
    oneOf: ['dst_endpoint', 'src_endpoint'],
  },
  4003: {
    category: 4,
    caption: 'DNS Activity',
    activities: { 1: 'Query', 2: 'Response', 6: 'Traffic' },
    required: ['query'],
    oneOf: ['dst_endpoint', 'src_endpoint'],
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
    'actor.process': { oneOf: ['pid', 'uid', 'cpid'] },
    process: { oneOf: ['pid', 'uid', 'cpid', 'name'] },
    'process.file': { required: ['name', 'type_id'] },
    file: { required: ['name', 'type_id'] },
    device: { required: ['type_id'], oneOf: ['ip', 'uid', 'name', 'hostname'] },
    query: { required: ['hostname'] },
    dst_endpoint: { oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name'] },
    'api.request': { required: ['uid'] },
    src_endpoint: {
      oneOf: ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name'],
    },
  }
const severities: Readonly<Record<number, string>> = { 1: 'Informational', 2: 'Low', 3: 'Medium' }
const statuses: Readonly<Record<number, string>> = { 1: 'Success', 2: 'Failure' }

/** Has all that its class asks for. */
export function mustBeOcsf(event: Record<string, unknown>): void {
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
