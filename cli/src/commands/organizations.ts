import { endpoints, type Organization } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

const columns: readonly Column<Organization>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'display_name', value: (row) => row.display_name, priority: 1 },
  { name: 'default', value: (row) => row.is_default, priority: 2 },
  { name: 'new_members_get', value: (row) => row.default_member_roles.join(' '), priority: 4 },
  { name: 'boundary', value: (row) => (row.require_boundary ? 'required' : 'optional'), priority: 4 },
  { name: 'description', value: (row) => row.description, priority: 3, elastic: true },
  instantColumn('created', (row) => row.created_at, 3),
  { ...idColumn<Organization>(), priority: 4 },
]

export async function listOrganizations(context: Context): Promise<Answer> {
  const client = await context.client()
  const rows = await client.call(endpoints.listOrganizations, { signal: context.io.signal })
  return table(rows, columns, (row) => row.id, 'no organizations')
}

export async function showOrganization(
  context: Context,
  input: { readonly organization: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { organization: input.organization ?? 'default' }
  return one(
    await client.call(endpoints.getOrganization, { params, signal: context.io.signal }),
    columns,
    (row) => row.id,
  )
}

const oneOrganization = (row: Organization): Answer => one(row, columns, ({ id }) => id)

interface Fields {
  readonly displayName: string | undefined
  readonly description: string | undefined
  readonly icon: string | undefined
  readonly memberRole: readonly string[]
  readonly noMemberRoles: boolean
  readonly requireBoundary: 'yes' | 'no' | undefined
}

/** What was named, and nothing else. */
function named(input: Fields) {
  const roles = input.noMemberRoles ? [] : input.memberRole.length > 0 ? [...input.memberRole] : undefined
  return {
    ...(input.displayName === undefined ? {} : { display_name: input.displayName }),
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.icon === undefined ? {} : { icon: input.icon }),
    ...(roles === undefined ? {} : { default_member_roles: roles }),
    ...(input.requireBoundary === undefined ? {} : { require_boundary: input.requireBoundary === 'yes' }),
  }
}

export async function createOrganization(context: Context, input: Fields & { readonly name: string }): Promise<Answer> {
  const client = await context.client()
  const body = { name: input.name, ...named(input) }
  return oneOrganization(await client.call(endpoints.createOrganization, { body, signal: context.io.signal }))
}

export async function editOrganization(
  context: Context,
  input: Fields & { readonly organization: string; readonly name: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const body = { ...(input.name === undefined ? {} : { name: input.name }), ...named(input) }
  const params = { organization: input.organization }
  return oneOrganization(await client.call(endpoints.updateOrganization, { params, body, signal: context.io.signal }))
}

export async function removeOrganization(context: Context, input: { readonly organization: string }): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const found = await client.call(endpoints.getOrganization, { params: { organization: input.organization }, signal })
  await context.confirm(`Delete the organization ${found.name}, with its groups and roles?`)
  await client.call(endpoints.deleteOrganization, { params: { organization: found.id }, signal })
  return oneOrganization(found)
}
