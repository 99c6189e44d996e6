import { Fault, isUuid } from '@reeve/base'
import { type Client, endpoints, type Workspace, type WorkspaceBuild } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'
import { buildEnded } from './build-ended.ts'
import { pairsOf } from './name-values.ts'
import { paged, type PagingInput } from './paging.ts'
import { findTemplate } from './templates.ts'

/** Workspaces: made, started, stopped, deleted. */

export const statusTone = (status: string) =>
  status === 'running' ? 'green' : status === 'failed' ? 'red' : status === 'canceled' ? 'yellow' : null

const columns: readonly Column<Workspace>[] = [
  { name: 'owner', value: (row) => row.owner_name, priority: 1 },
  { name: 'name', value: (row) => row.name, priority: 0 },
  {
    name: 'status',
    value: (row) => row.latest_build.status,
    priority: 0,
    tone: (row) => statusTone(row.latest_build.status),
  },
  { name: 'template', value: (row) => row.template_name, priority: 0 },
  { name: 'version', value: (row) => row.latest_build.template_version_name, priority: 1 },
  { name: 'task', value: (row) => (row.task_id === null ? null : row.task_name), priority: 2 },
  { name: 'outdated', value: (row) => row.outdated, priority: 2 },
  { name: 'build', value: (row) => row.latest_build.build_number, priority: 2 },
  { name: 'error', value: (row) => row.latest_build.job.error, priority: 2, elastic: true },
  instantColumn('built', (row) => row.latest_build.created_at, 1),
  { name: 'organization', value: (row) => row.organization_name, priority: 4 },
  { name: 'id', value: (row) => row.id, priority: 6 },
]
const idOf = (row: Workspace): string => `${row.owner_name}/${row.name}`

export async function listWorkspaces(
  context: Context,
  { query, ...paging }: PagingInput & { readonly query: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const q = query ?? 'owner:me'
  const rows = paged<Workspace>(context, paging, async (limit, last) => {
    const after = last === undefined ? {} : { after_id: last.id }
    const page = await client.call(endpoints.listWorkspaces, {
      query: { q, limit, ...after },
      signal: context.io.signal,
    })
    return { rows: page.workspaces, count: page.count }
  })
  return table(rows, columns, idOf, 'no workspaces; reeve workspaces create makes one of a template')
}

/** By id, as owner/name, or one's own by its name. */
export async function findWorkspace({ io: { signal } }: Context, client: Client, ref: string): Promise<Workspace> {
  if (isUuid(ref)) return client.call(endpoints.getWorkspace, { params: { workspace: ref }, signal })
  const [first = '', second, ...more] = ref.split('/')
  if (more.length > 0) throw new Fault('invalid', `${ref} is no workspace`, { fix: 'name it as owner/name' })
  const params = second === undefined ? { user: 'me', name: first } : { user: first, name: second }
  return client.call(endpoints.getWorkspaceByName, { params, signal })
}

interface Named {
  readonly workspace: string
}

export async function showWorkspace(context: Context, { workspace }: Named): Promise<Answer> {
  return one(await findWorkspace(context, await context.client(), workspace), columns, idOf)
}

interface Create {
  readonly name: string
  readonly template: string
  readonly organization: string | undefined
  readonly owner: string | undefined
  readonly parameter: readonly string[]
  readonly detach: boolean
}

export async function createWorkspace(context: Context, input: Create): Promise<Answer> {
  const { name, owner = 'me', parameter, detach } = input
  const values = pairsOf(parameter)
  const client = await context.client()
  const template = await findTemplate(context, client, input.template, input.organization)
  const made = await client.call(endpoints.createWorkspace, {
    params: { user: owner },
    body: { name, template_id: template.id, rich_parameter_values: values, reason: 'cli' },
    signal: context.io.signal,
  })
  return finished(context, client, made, made.latest_build, detach)
}

/** What it says is shown as it says it; one that does not end well is an error. */
async function finished(
  context: Context,
  client: Client,
  workspace: Workspace,
  { id }: WorkspaceBuild,
  detach: boolean,
): Promise<Answer> {
  const { signal } = context.io
  if (!detach) {
    const ended = await buildEnded(context, client, id)
    context.note(`${workspace.name} is ${ended.status}`)
    if (ended.status === 'deleted') return one({ ...workspace, latest_build: ended }, columns, idOf)
  }
  const params = { workspace: workspace.id }
  return one(await client.call(endpoints.getWorkspace, { params, signal }), columns, idOf)
}

interface Start extends Named {
  readonly parameter: readonly string[]
  readonly detach: boolean
}

export async function startWorkspace(context: Context, { workspace, parameter, detach }: Start): Promise<Answer> {
  const rich_parameter_values = pairsOf(parameter)
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  return build(context, client, found, { transition: 'start', rich_parameter_values }, detach)
}

/** Whatever it was built with: with the version that new workspaces are made of. */
export async function updateWorkspace(context: Context, { workspace, parameter, detach }: Start): Promise<Answer> {
  const rich_parameter_values = pairsOf(parameter)
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  if (!found.outdated) context.note(`${found.name} has the active version of ${found.template_name} already`)
  const template_version_id = found.template_active_version_id
  return build(context, client, found, { transition: 'start', template_version_id, rich_parameter_values }, detach)
}

export async function stopWorkspace(
  context: Context,
  { workspace, detach }: Named & { readonly detach: boolean },
): Promise<Answer> {
  const client = await context.client()
  return build(context, client, await findWorkspace(context, client, workspace), { transition: 'stop' }, detach)
}

export async function deleteWorkspace(
  context: Context,
  { workspace, orphan, detach }: Named & { readonly orphan: boolean; readonly detach: boolean },
): Promise<Answer> {
  const client = await context.client()
  const found = await findWorkspace(context, client, workspace)
  const what = orphan ? 'What it is made of stays where it is.' : 'Everything that it is made of goes with it.'
  await context.confirm(`Delete the workspace ${idOf(found)}? ${what}`)
  return build(context, client, found, { transition: 'delete', ...(orphan ? { orphan } : {}) }, detach)
}

interface Body {
  readonly transition: 'start' | 'stop' | 'delete'
  readonly template_version_id?: string
  readonly rich_parameter_values?: { name: string; value: string }[]
  readonly orphan?: boolean
}

async function build(context: Context, client: Client, found: Workspace, body: Body, detach: boolean): Promise<Answer> {
  const params = { workspace: found.id }
  const { signal } = context.io
  const made = await client.call(endpoints.createWorkspaceBuild, { params, body: { ...body, reason: 'cli' }, signal })
  return finished(context, client, found, made, detach)
}
