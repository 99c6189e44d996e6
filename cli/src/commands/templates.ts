import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, isUuid } from '@reeve/base'
import { type Client, DayOfWeek, endpoints, type PortShareLevel, type Template, type TemplateVersion } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

/** Templates as they are; pushing one is in `template-push.ts`. */

export const templateColumns: readonly Column<Template>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'organization', value: (row) => row.organization_name, priority: 1 },
  { name: 'version', value: (row) => row.active_version_name, priority: 0 },
  { name: 'description', value: (row) => row.description, priority: 1, elastic: true },
  { name: 'for', value: (row) => (row.everyone ? 'everyone' : 'its list'), priority: 1 },
  {
    name: 'deprecated',
    value: (row) => (row.deprecated ? row.deprecation_message : null),
    priority: 2,
    tone: () => 'yellow',
  },
  { name: 'by', value: (row) => row.created_by?.username ?? null, priority: 3 },
  instantColumn('updated', (row) => row.updated_at, 2),
  { name: 'id', value: (row) => row.id, priority: 6 },
]
const idOfTemplate = (row: Template): string => row.name

export const versionColumns: readonly Column<TemplateVersion>[] = [
  { name: 'name', value: (row) => row.name, priority: 0 },
  {
    name: 'import',
    value: (row) => row.job.status,
    priority: 0,
    tone: ({ job: { status } }) => (status === 'succeeded' ? 'green' : status === 'failed' ? 'red' : null),
  },
  { name: 'active', value: (row) => row.active, priority: 0 },
  { name: 'archived', value: (row) => row.archived, priority: 2 },
  instantColumn('pushed', (row) => row.created_at, 0),
  { name: 'by', value: (row) => row.created_by?.username ?? null, priority: 1 },
  { name: 'message', value: (row) => row.message, priority: 1, elastic: true },
  { name: 'error', value: (row) => row.job.error, priority: 2 },
  { name: 'task', value: (row) => row.has_ai_task, priority: 3 },
  { name: 'sha256', value: (row) => row.sha256, priority: 5 },
  { name: 'id', value: (row) => row.id, priority: 6 },
]
export const idOfVersion = (row: TemplateVersion): string => row.name

interface Within {
  readonly organization: string | undefined
}

export async function listTemplates(context: Context, { organization }: Within): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const templates =
    organization === undefined
      ? await client.call(endpoints.listTemplates, { signal })
      : await client.call(endpoints.listOrganizationTemplates, { params: { organization }, signal })
  return table(templates, templateColumns, idOfTemplate, 'no templates; reeve templates push makes one of a folder')
}

/** By id, or by name in the organization, which is the default one where none was named. */
export async function findTemplate(
  { io: { signal } }: Context,
  client: Client,
  ref: string,
  organization = 'default',
): Promise<Template> {
  if (isUuid(ref)) return client.call(endpoints.getTemplate, { params: { template: ref }, signal })
  return client.call(endpoints.getTemplateByName, { params: { organization, name: ref }, signal })
}

/** Where it may well be missing. */
export const orNull = <T>(found: Promise<T>): Promise<T | null> =>
  found.catch((thrown: unknown) => {
    if (thrown instanceof Fault && thrown.code === 'not_found') return null
    throw thrown
  })

interface Named extends Within {
  readonly template: string
}

export async function showTemplate(context: Context, { template, organization }: Named): Promise<Answer> {
  return one(await findTemplate(context, await context.client(), template, organization), templateColumns, idOfTemplate)
}

export async function listVersions(
  context: Context,
  { template, organization, archived }: Named & { readonly archived: boolean },
): Promise<Answer> {
  const client = await context.client()
  const { id } = await findTemplate(context, client, template, organization)
  const query = { limit: 100, ...(archived ? { include_archived: 'true' as const } : {}) }
  const { signal } = context.io
  const versions = await client.call(endpoints.listTemplateVersions, { params: { template: id }, query, signal })
  return table(versions, versionColumns, idOfVersion, 'no versions')
}

export async function findVersion(
  context: Context,
  client: Client,
  { id }: Template,
  name: string,
): Promise<TemplateVersion> {
  const { signal } = context.io
  return client.call(endpoints.getTemplateVersionByName, { params: { template: id, name }, signal })
}

export async function promoteVersion(
  context: Context,
  { template: ref, version: name, organization }: Named & { readonly version: string },
): Promise<Answer> {
  const client = await context.client()
  const template = await findTemplate(context, client, ref, organization)
  const { id } = await findVersion(context, client, template, name)
  const { signal } = context.io
  const params = { template: template.id }
  const changed = await client.call(endpoints.promoteTemplateVersion, { params, body: { id }, signal })
  return one(changed, templateColumns, idOfTemplate)
}

export async function archiveVersions(
  context: Context,
  { template: ref, organization, all }: Named & { readonly all: boolean },
): Promise<Answer> {
  const client = await context.client()
  const { id, name } = await findTemplate(context, client, ref, organization)
  await context.confirm(
    all ? `Archive all versions of ${name} but the active one?` : `Archive failed versions of ${name}?`,
  )
  const { signal } = context.io
  const params = { template: id }
  const { archived_ids: ids } = await client.call(endpoints.archiveTemplateVersions, { params, body: { all }, signal })
  const columns: readonly Column<string>[] = [{ name: 'id', value: (row) => row, priority: 0 }]
  return table(ids, columns, (row) => row, 'nothing was archived')
}

export async function pullTemplate(
  context: Context,
  {
    template: ref,
    version,
    organization,
    out,
  }: Named & { readonly version: string | undefined; readonly out: string | undefined },
): Promise<Answer> {
  const client = await context.client()
  const template = await findTemplate(context, client, ref, organization)
  const found = await findVersion(context, client, template, version ?? template.active_version_name)
  const body = await archiveOf(context, client, found)
  if (out === undefined) return raw(body)
  const bytes = new Uint8Array(await new Response(body).arrayBuffer())
  await writeFile(resolve(context.io.cwd, out), bytes, { flag: 'wx' })
  context.note(`${bytes.length} bytes are in ${out}`)
  return one(found, versionColumns, idOfVersion)
}

/** As it was pushed. */
export async function archiveOf(
  { io: { signal } }: Context,
  client: Client,
  { job: { file_id: file } }: TemplateVersion,
): Promise<ReadableStream<Uint8Array>> {
  if (file === null) throw new Fault('not_found', 'this version has no archive')
  return (await client.download(endpoints.downloadFile, { params: { file }, signal })).body
}

interface Edit extends Named {
  readonly name: string | undefined
  readonly displayName: string | undefined
  readonly description: string | undefined
  readonly icon: string | undefined
  readonly deprecated: string | undefined
  readonly defaultTtl: number | undefined
  readonly activityBump: number | undefined
  readonly failureTtl: number | undefined
  readonly dormantTtl: number | undefined
  readonly deleteTtl: number | undefined
  readonly startDays: string | undefined
  readonly stopDays: string | undefined
  readonly sharePorts: PortShareLevel | undefined
}

export async function editTemplate(context: Context, input: Edit): Promise<Answer> {
  const client = await context.client()
  const { id } = await findTemplate(context, client, input.template, input.organization)
  const { name, displayName, description, icon, deprecated } = input
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(description === undefined ? {} : { description }),
    ...(icon === undefined ? {} : { icon }),
    ...(deprecated === undefined ? {} : { deprecation_message: deprecated }),
    ...(input.sharePorts === undefined ? {} : { max_port_share_level: input.sharePorts }),
    ...timesOf(input),
  }
  if (Object.keys(body).length === 0) throw new Fault('invalid', 'there is nothing to change')
  const { signal } = context.io
  const changed = await client.call(endpoints.updateTemplate, { params: { template: id }, body, signal })
  return one(changed, templateColumns, idOfTemplate)
}

function timesOf({ defaultTtl, activityBump, failureTtl, dormantTtl, deleteTtl, startDays, stopDays }: Edit) {
  return {
    ...(defaultTtl === undefined ? {} : { default_ttl_ms: defaultTtl }),
    ...(activityBump === undefined ? {} : { activity_bump_ms: activityBump }),
    ...(failureTtl === undefined ? {} : { failure_ttl_ms: failureTtl }),
    ...(dormantTtl === undefined ? {} : { dormant_ttl_ms: dormantTtl }),
    ...(deleteTtl === undefined ? {} : { delete_ttl_ms: deleteTtl }),
    ...(startDays === undefined ? {} : { autostart_requirement: { days_of_week: daysOf(startDays) } }),
    ...(stopDays === undefined ? {} : { autostop_requirement: { days_of_week: daysOf(stopDays), weeks: 1 } }),
  }
}

function daysOf(text: string): DayOfWeek[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const found = DayOfWeek.options.find((day) => day === name || day.slice(0, 3) === name)
      if (found === undefined) throw new Fault('invalid', `${name} is none of ${DayOfWeek.options.join(', ')}`)
      return found
    })
}

export async function removeTemplate(context: Context, { template: ref, organization }: Named): Promise<Answer> {
  const client = await context.client()
  const template = await findTemplate(context, client, ref, organization)
  await context.confirm(`Delete the template ${template.name}? Its versions stay on record.`)
  const { signal } = context.io
  await client.call(endpoints.deleteTemplate, { params: { template: template.id }, signal })
  return one(template, templateColumns, idOfTemplate)
}

interface AclEdit extends Named {
  readonly use: readonly string[]
  readonly admin: readonly string[]
  readonly take: readonly string[]
  readonly everyone: 'yes' | 'no' | undefined
}

/** People by name; what nobody is called so is a group. */
export async function shareTemplate(context: Context, input: AclEdit): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const template = await findTemplate(context, client, input.template, input.organization)
  const groups = await client.call(endpoints.listGroups, { params: { organization: template.organization_id }, signal })
  const userPerms: Record<string, '' | 'use' | 'admin'> = {}
  const groupPerms: Record<string, '' | 'use' | 'admin'> = {}
  for (const [role, names] of [
    ['use', input.use],
    ['admin', input.admin],
    ['', input.take],
  ] as const) {
    for (const name of names) {
      const group = groups.find((one) => one.name === name || one.id === name)
      if (group !== undefined) groupPerms[group.id] = role
      else userPerms[(await client.call(endpoints.getUser, { params: { user: name }, signal })).id] = role
    }
  }
  if (input.everyone !== undefined) groupPerms[template.organization_id] = input.everyone === 'yes' ? 'use' : ''
  const isChange = Object.keys(userPerms).length + Object.keys(groupPerms).length > 0
  const params = { template: template.id }
  const body = { user_perms: userPerms, group_perms: groupPerms }
  const acl = isChange
    ? await client.call(endpoints.updateTemplateAcl, { params, body, signal })
    : await client.call(endpoints.getTemplateAcl, { params, signal })
  const rows = [
    ...(acl.everyone ? [{ kind: 'everyone', name: 'with workspace access', role: 'use' }] : []),
    ...acl.group.map(({ name, role }) => ({ kind: 'group', name, role })),
    ...acl.users.map(({ username, role }) => ({ kind: 'user', name: username, role })),
  ]
  const columns: readonly Column<(typeof rows)[number]>[] = [
    { name: 'kind', value: (row) => row.kind, priority: 0 },
    { name: 'name', value: (row) => row.name, priority: 0 },
    { name: 'role', value: (row) => row.role, priority: 0 },
  ]
  return table(rows, columns, (row) => row.name, 'nobody but those who administer templates')
}
