import { isUuid } from '@reeve/base'
import { type Client, endpoints, type Group, type GroupWithMembers } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { idColumn, instantColumn } from '../output/fields.ts'

const columns: readonly Column<Group>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'organization', value: (row) => row.organization_name, priority: 2 },
  { name: 'display_name', value: (row) => row.display_name, priority: 3 },
  { name: 'members', value: (row) => row.total_member_count, priority: 1 },
  { name: 'quota', value: (row) => row.quota_allowance, priority: 4 },
  { name: 'source', value: (row) => row.source, priority: 3 },
  instantColumn('created', (row) => row.created_at, 4),
  { ...idColumn<Group>(), priority: 5 },
]
const withMembers: readonly Column<GroupWithMembers>[] = [
  ...columns,
  { name: 'usernames', value: (row) => row.members.map(({ username }) => username).join(' '), priority: 1 },
]
const oneGroup = (row: GroupWithMembers): Answer => one(row, withMembers, ({ id }) => id)

interface InOrganization {
  readonly organization: string | undefined
}

export async function listGroups(context: Context, input: InOrganization): Promise<Answer> {
  const client = await context.client()
  const params = { organization: input.organization ?? 'default' }
  const rows = await client.call(endpoints.listGroups, { params, signal: context.io.signal })
  return table(rows, columns, (row) => row.id, 'no groups; reeve groups create makes one')
}

/** By id, or by name within the organization. */
function find(
  client: Client,
  { group, organization = 'default' }: InOrganization & { readonly group: string },
  signal: AbortSignal,
): Promise<GroupWithMembers> {
  if (isUuid(group) && organization === 'default') return client.call(endpoints.getGroup, { params: { group }, signal })
  return client.call(endpoints.getGroupByName, { params: { organization, group }, signal })
}

export async function showGroup(context: Context, input: InOrganization & { readonly group: string }): Promise<Answer> {
  return oneGroup(await find(await context.client(), input, context.io.signal))
}

interface Fields {
  readonly displayName: string | undefined
  readonly avatarUrl: string | undefined
  readonly quota: number | undefined
}

const named = (input: Fields) => ({
  ...(input.displayName === undefined ? {} : { display_name: input.displayName }),
  ...(input.avatarUrl === undefined ? {} : { avatar_url: input.avatarUrl }),
  ...(input.quota === undefined ? {} : { quota_allowance: input.quota }),
})

export async function createGroup(
  context: Context,
  input: InOrganization & Fields & { readonly name: string },
): Promise<Answer> {
  const client = await context.client()
  const params = { organization: input.organization ?? 'default' }
  const body = { name: input.name, ...named(input) }
  return oneGroup(await client.call(endpoints.createGroup, { params, body, signal: context.io.signal }))
}

interface EditInput extends InOrganization, Fields {
  readonly group: string
  readonly name: string | undefined
  readonly addUser: readonly string[]
  readonly removeUser: readonly string[]
}

export async function editGroup(context: Context, input: EditInput): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const group = await find(client, input, signal)
  const body = {
    ...(input.name === undefined ? {} : { name: input.name }),
    ...named(input),
    ...(input.addUser.length === 0 ? {} : { add_users: [...input.addUser] }),
    ...(input.removeUser.length === 0 ? {} : { remove_users: [...input.removeUser] }),
  }
  return oneGroup(await client.call(endpoints.updateGroup, { params: { group: group.id }, body, signal }))
}

export async function removeGroup(
  context: Context,
  input: InOrganization & { readonly group: string },
): Promise<Answer> {
  const client = await context.client()
  const signal = context.io.signal
  const group = await find(client, input, signal)
  await context.confirm(`Delete the group ${group.name} of ${group.organization_name}?`)
  await client.call(endpoints.deleteGroup, { params: { group: group.id }, signal })
  return oneGroup(group)
}
