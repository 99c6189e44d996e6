import { Fault } from '@reeve/base'
import { type Client, endpoints, type Workspace, type WorkspaceAcl } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { findWorkspace } from './workspaces.ts'

/** What holds for a workspace between its builds: its name, its times, who else may use it. */

const idOf = (row: Workspace): string => `${row.owner_name}/${row.name}`
const named = { name: 'workspace', value: idOf, priority: 0 } as const
const times = [
  named,
  { name: 'starts', value: (row: Workspace) => row.autostart_schedule, priority: 0 },
  instantColumn('next_start', (row: Workspace) => row.next_start_at, 1),
  {
    name: 'stops_after',
    value: (row: Workspace) => (row.ttl_ms === null ? 'template' : `${Math.round(row.ttl_ms / 60_000)}m`),
    priority: 0,
  },
  instantColumn('stops', (row: Workspace) => row.latest_build.deadline, 0),
  instantColumn('at_the_latest', (row: Workspace) => row.latest_build.max_deadline, 2),
  { name: 'updates', value: (row: Workspace) => row.automatic_updates, priority: 2 },
  { name: 'favorite', value: (row: Workspace) => row.favorite, priority: 3 },
  instantColumn('last_used', (row: Workspace) => row.last_used_at, 2),
  instantColumn('dormant', (row: Workspace) => row.dormant_at, 1),
  instantColumn('deleted', (row: Workspace) => row.deleting_at, 1),
]

interface Named {
  readonly workspace: string
}

async function shown({ io: { signal } }: Context, client: Client, { id }: Workspace): Promise<Answer> {
  return one(await client.call(endpoints.getWorkspace, { params: { workspace: id }, signal }), times, idOf)
}

interface Schedule extends Named {
  readonly start: string | undefined
  readonly stopAfter: number | undefined
  readonly asTemplate: boolean
  readonly update: 'never' | 'always' | undefined
}

/** Without options, what holds. */
export async function scheduleWorkspace(context: Context, input: Schedule): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, input.workspace)
  const common = { params: { workspace: found.id }, signal: context.io.signal }
  const { start, stopAfter, asTemplate, update } = input
  if (stopAfter !== undefined && asTemplate)
    throw new Fault('invalid', '--stop-after and --as-template are one or the other')
  if (start !== undefined) await client.call(endpoints.setWorkspaceAutostart, { ...common, body: { schedule: start } })
  if (stopAfter !== undefined || asTemplate) {
    await client.call(endpoints.setWorkspaceTtl, { ...common, body: { ttl_ms: stopAfter ?? null } })
  }
  if (update !== undefined) {
    await client.call(endpoints.setWorkspaceAutomaticUpdates, { ...common, body: { automatic_updates: update } })
  }
  return shown(context, client, found)
}

export async function extendWorkspace(
  context: Context,
  { workspace, by }: Named & { readonly by: number | undefined },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const { deadline: before } = found.latest_build
  if (before === null) throw new Fault('conflict', 'the workspace does not stop by itself')
  const deadline = new Date(Date.parse(before) + (by ?? 3_600_000)).toISOString()
  const params = { workspace: found.id }
  const { signal } = context.io
  const extended = await client.call(endpoints.extendWorkspace, { params, body: { deadline }, signal })
  return one(extended, times, idOf)
}

export async function renameWorkspace(
  context: Context,
  { workspace, name }: Named & { readonly name: string },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const params = { workspace: found.id }
  await client.call(endpoints.renameWorkspace, { params, body: { name }, signal: context.io.signal })
  return shown(context, client, found)
}

export async function favorWorkspace(
  context: Context,
  { workspace, off }: Named & { readonly off: boolean },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const endpoint = off ? endpoints.unfavorWorkspace : endpoints.favorWorkspace
  await client.call(endpoint, { params: { workspace: found.id }, signal: context.io.signal })
  return shown(context, client, found)
}

export async function putToSleep(
  context: Context,
  { workspace, wake }: Named & { readonly wake: boolean },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const params = { workspace: found.id }
  const { signal } = context.io
  const changed = await client.call(endpoints.setWorkspaceDormant, { params, body: { dormant: !wake }, signal })
  return one(changed, times, idOf)
}

interface Share extends Named {
  readonly user: readonly string[]
  readonly group: readonly string[]
  readonly admin: boolean
  readonly off: boolean
}

/** Without options, with whom. */
export async function shareWorkspace(context: Context, input: Share): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, input.workspace)
  const { signal } = context.io
  const params = { workspace: found.id }
  const role = input.off ? '' : input.admin ? 'admin' : 'use'
  const users = await Promise.all(
    input.user.map((user) => client.call(endpoints.getUser, { params: { user }, signal })),
  )
  const teams = await Promise.all(
    input.group.map((group) => {
      const where = { organization: found.organization_id, group }
      return client.call(endpoints.getGroupByName, { params: where, signal })
    }),
  )
  const body = {
    user_roles: Object.fromEntries(users.map(({ id }) => [id, role] as const)),
    group_roles: Object.fromEntries(teams.map(({ id }) => [id, role] as const)),
  }
  const acl =
    users.length + teams.length === 0
      ? await client.call(endpoints.getWorkspaceAcl, { params, signal })
      : await client.call(endpoints.updateWorkspaceAcl, { params, body, signal })
  return table(rowsOf(acl), sharedWith, ({ who }) => who, 'shared with nobody')
}

interface SharedWith {
  readonly kind: 'user' | 'group'
  readonly who: string
  readonly role: string
}

const rowsOf = ({ users, group }: WorkspaceAcl): SharedWith[] => [
  ...users.map(({ username, role }) => ({ kind: 'user' as const, who: username, role })),
  ...group.map(({ name, role }) => ({ kind: 'group' as const, who: name, role })),
]
const sharedWith = [
  { name: 'kind', value: (row: SharedWith) => row.kind, priority: 1 },
  { name: 'who', value: (row: SharedWith) => row.who, priority: 0 },
  { name: 'role', value: (row: SharedWith) => row.role, priority: 0 },
]

export async function showQuota(
  context: Context,
  {
    user = 'me',
    organization = 'default',
  }: { readonly user: string | undefined; readonly organization: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const params = { user, organization }
  const quota = await client.call(endpoints.getMemberWorkspaceQuota, { params, signal: context.io.signal })
  return one({ ...quota, user }, quotaColumns, (row) => row.user)
}

interface ShownQuota {
  readonly user: string
  readonly budget: number
  readonly credits_consumed: number
}

const quotaColumns = [
  { name: 'user', value: (row: ShownQuota) => row.user, priority: 0 },
  { name: 'used', value: (row: ShownQuota) => row.credits_consumed, priority: 0 },
  { name: 'budget', value: (row: ShownQuota) => (row.budget < 0 ? 'unlimited' : row.budget), priority: 0 },
  {
    name: 'left',
    value: (row: ShownQuota) => (row.budget < 0 ? '' : Math.max(0, row.budget - row.credits_consumed)),
    priority: 0,
  },
]
