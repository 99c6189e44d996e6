import { Fault } from '@reeve/base'
import { type Client, endpoints, type Role, type RolePermission } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { memberColumns } from './members.ts'
import { userColumns } from './users.ts'

const words = (list: readonly RolePermission[]): string =>
  list.map(({ resource_type, action }) => `${resource_type}:${action}`).join(' ')

const columns: readonly Column<Role>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'display_name', value: (row) => row.display_name, priority: 3 },
  { name: 'built_in', value: (row) => row.built_in, priority: 2 },
  { name: 'assignable', value: (row) => row.assignable, priority: 1 },
  { name: 'description', value: (row) => row.description, priority: 2, elastic: true },
]
const contents: readonly Column<Role>[] = [
  ...columns,
  { name: 'everywhere', value: (row) => words(row.site_permissions), priority: 6 },
  { name: 'in_organization', value: (row) => words(row.organization_permissions), priority: 6 },
  { name: 'own', value: (row) => words(row.user_permissions), priority: 6 },
  { name: 'you_lack', value: (row) => row.missing.join(' '), priority: 6 },
]
const oneRole = (row: Role): Answer => one(row, contents, ({ name }) => name)

interface Place {
  readonly organization: string | undefined
}

function rolesOf(client: Client, { organization }: Place, signal: AbortSignal): Promise<Role[]> {
  return organization === undefined
    ? client.call(endpoints.listSiteRoles, { signal })
    : client.call(endpoints.listOrganizationRoles, { params: { organization }, signal })
}

export async function listRoles(context: Context, input: Place): Promise<Answer> {
  const rows = await rolesOf(await context.client(), input, context.io.signal)
  return table(rows, contents, (row) => row.name, 'no roles')
}

async function find(client: Client, input: Place & { readonly role: string }, signal: AbortSignal): Promise<Role> {
  const roles = await rolesOf(client, input, signal)
  const found = roles.find(({ name }) => name === input.role)
  if (found !== undefined) return found
  const place = input.organization === undefined ? 'held everywhere' : `of ${input.organization}`
  throw new Fault('not_found', `there is no role ${input.role} ${place}`, {
    fix: input.organization === undefined ? 'name its organization with --organization' : 'see reeve roles list',
  })
}

export async function showRole(context: Context, input: Place & { readonly role: string }): Promise<Answer> {
  return oneRole(await find(await context.client(), input, context.io.signal))
}

interface Fields extends Place {
  readonly displayName: string | undefined
  readonly description: string | undefined
  readonly permission: readonly string[]
  readonly ownPermission: readonly string[]
}

/** `template:read` as the API takes it. */
function read(flag: string, list: readonly string[]) {
  return list.map((text) => {
    const [resource_type = '', action = '', ...rest] = text.split(':')
    if (resource_type === '' || action === '' || rest.length > 0) {
      throw new Fault('invalid', `${flag}: "${text}" is not resource:action, such as template:read or group:*`)
    }
    return { resource_type, action }
  })
}

export async function createRole(context: Context, input: Fields & { readonly name: string }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const permissions = read('--permission', input.permission)
  const body = {
    name: input.name,
    ...(input.displayName === undefined ? {} : { display_name: input.displayName }),
    ...(input.description === undefined ? {} : { description: input.description }),
    user_permissions: read('--own-permission', input.ownPermission),
  }
  const { organization } = input
  if (organization === undefined) {
    const site = { ...body, site_permissions: permissions }
    return oneRole(await client.call(endpoints.createSiteRole, { body: site, signal }))
  }
  const within = { ...body, organization_permissions: permissions }
  const params = { organization }
  return oneRole(await client.call(endpoints.createOrganizationRole, { params, body: within, signal }))
}

/** The API replaces a role as a whole: what was not named is sent as it is. */
export async function editRole(context: Context, input: Fields & { readonly role: string }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const old = await find(client, input, signal)
  const next = (flag: string, given: readonly string[], before: readonly RolePermission[]) =>
    given.length === 0 ? [...before] : read(flag, given)
  const body = {
    name: old.name,
    display_name: input.displayName ?? old.display_name,
    description: input.description ?? old.description,
    user_permissions: next('--own-permission', input.ownPermission, old.user_permissions),
  }
  const { organization } = input
  if (organization === undefined) {
    const site = { ...body, site_permissions: next('--permission', input.permission, old.site_permissions) }
    return oneRole(await client.call(endpoints.updateSiteRole, { body: site, signal }))
  }
  const permissions = next('--permission', input.permission, old.organization_permissions)
  const within = { ...body, organization_permissions: permissions }
  const params = { organization }
  return oneRole(await client.call(endpoints.updateOrganizationRole, { params, body: within, signal }))
}

export async function removeRole(context: Context, input: Place & { readonly role: string }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const found = await find(client, input, signal)
  await context.confirm(`Delete the role ${found.name} and take it from everybody who holds it?`)
  const { organization } = input
  if (organization === undefined) await client.call(endpoints.deleteSiteRole, { params: { role: found.name }, signal })
  else await client.call(endpoints.deleteOrganizationRole, { params: { organization, role: found.name }, signal })
  return oneRole(found)
}

interface AssignInput extends Place {
  readonly user: string
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** Changes what is named and leaves the other roles as they are. */
export async function assignRoles(context: Context, input: AssignInput): Promise<Answer> {
  const { user, add, remove, organization } = input
  if (add.length + remove.length === 0) throw new Fault('invalid', 'name a role with --add or --remove')
  const client = await context.client()
  const signal = context.io.signal
  const changed = (held: readonly string[]) => [...new Set([...held, ...add])].filter((name) => !remove.includes(name))
  if (organization === undefined) {
    const params = { user }
    const { roles } = await client.call(endpoints.getUserRoles, { params, signal })
    const next = await client.call(endpoints.setUserRoles, { params, body: { roles: changed(roles) }, signal })
    return one(next, userColumns, ({ id }) => id)
  }
  const params = { organization, user }
  const member = await client.call(endpoints.getMember, { params, signal })
  const roles = changed(member.roles.map(({ name }) => name))
  const next = await client.call(endpoints.setMemberRoles, { params, body: { roles }, signal })
  return one(next, memberColumns, ({ user_id }) => user_id)
}

interface CanInput extends Place {
  readonly user: string
  readonly permission: string
  readonly owner: string | undefined
}

export async function canDo(context: Context, input: CanInput): Promise<Answer> {
  const client = await context.client()
  const answer = await client.call(endpoints.explainAccess, {
    params: { user: input.user },
    query: {
      permission: input.permission,
      ...(input.organization === undefined ? {} : { organization: input.organization }),
      ...(input.owner === undefined ? {} : { owner: input.owner }),
    },
    signal: context.io.signal,
  })
  const list = (reasons: typeof answer.reasons) =>
    reasons.map(({ role, reach }) => (reach === 'everything' ? role : `${role} (${reach})`)).join(' ')
  const answerColumns: readonly Column<typeof answer>[] = [
    { name: 'allowed', value: (row) => row.allowed, priority: 0, tone: (row) => (row.allowed ? 'green' : 'red') },
    { name: 'because', value: (row) => row.because, priority: 0 },
    { name: 'granted_by', value: (row) => list(row.reasons), priority: 1 },
    { name: 'would_help', value: (row) => list(row.would_help), priority: 1 },
  ]
  return one(answer, answerColumns, ({ user_id }) => user_id)
}
