import { Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { Grantable, Template, TemplateAcl } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { appendAudit } from '../audit/journal.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { findJob } from '../jobs/queries.ts'
import { enqueue } from '../outbox/outbox.ts'
import { changesOf, templateChanged, templateCreated, templateRemoved } from './events.ts'
import { accessListOf, mayWithTemplate, roleActions, roleOf, type TemplateRole, visibleTemplates } from './policy.ts'
import { presentTemplate } from './present.ts'
import {
  findTemplate,
  findTemplateByName,
  hasWorkspaces,
  insertTemplate,
  lockTemplate,
  selectListedGroups,
  selectListedUsers,
  selectMembers,
  selectTemplates,
  selectWorkspaceOwners,
  type TemplateRow,
  updateTemplateRow,
} from './queries.ts'
import type { Room } from './room.ts'
import { findVersion, updateVersionRow, type VersionRow } from './version-queries.ts'

/** Templates: made of a version, changed, shared and taken away. */

const missing = (): Fault => new Fault('not_found', 'there is no such template')

export async function readableTemplate({ db }: Room, actor: Actor, id: Uuid): Promise<TemplateRow> {
  const row = await findTemplate(db.sql, id)
  if (row === undefined || !mayWithTemplate(actor, 'template:read', row)) throw missing()
  return row
}

/** What one may not read is not there; what one may read and not do is forbidden. */
export async function templateFor(room: Room, actor: Actor, id: Uuid, needs: Grantable): Promise<TemplateRow> {
  const row = await findTemplate(room.db.sql, id)
  if (row === undefined) throw missing()
  if (mayWithTemplate(actor, needs, row)) return row
  if (!mayWithTemplate(actor, 'template:read', row)) throw missing()
  throw new Fault('forbidden', 'this credential may not do that', {
    fix: `needs the permission ${needs} there, from a role, the access list, and the scope of the token`,
  })
}

const listMax = 1_000

export async function listTemplates(room: Room, actor: Actor, organizationId: Uuid | null): Promise<Template[]> {
  const rows = await selectTemplates(room.db.sql, visibleTemplates(actor), { organizationId, limit: listMax })
  return rows.map(presentTemplate)
}

export async function templateByName(room: Room, actor: Actor, ref: string, name: string): Promise<Template> {
  const { id } = await room.organizationOf(actor, ref, 'organization:read')
  const row = await findTemplateByName(room.db.sql, id, name)
  if (row === undefined || !mayWithTemplate(actor, 'template:read', row)) throw missing()
  return presentTemplate(row)
}

export interface Changeable {
  readonly name?: string | undefined
  readonly display_name?: string | undefined
  readonly description?: string | undefined
  readonly icon?: string | undefined
  readonly default_ttl_ms?: number | undefined
  readonly activity_bump_ms?: number | undefined
  readonly failure_ttl_ms?: number | undefined
  readonly dormant_ttl_ms?: number | undefined
  readonly delete_ttl_ms?: number | undefined
  readonly autostart_requirement?: Template['autostart_requirement'] | undefined
  readonly autostop_requirement?: Template['autostop_requirement'] | undefined
  readonly allow_user_cancel_workspace_jobs?: boolean | undefined
  readonly allow_user_autostart?: boolean | undefined
  readonly allow_user_autostop?: boolean | undefined
  readonly require_active_version?: boolean | undefined
  readonly max_port_share_level?: Template['max_port_share_level'] | undefined
  readonly deprecation_message?: string | undefined
}

/** Without what was not said: an `undefined` would be written as a null. */
const said = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  // SAFETY: only what is undefined is left out.
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

/** As a row has it. */
function storedOf({ autostart_requirement: start, autostop_requirement: stop, ...rest }: Changeable) {
  return said({
    ...rest,
    autostart_requirement: start === undefined ? undefined : JSON.stringify(start),
    autostop_requirement: stop === undefined ? undefined : JSON.stringify(stop),
  })
}

interface NewTemplate extends Changeable {
  readonly name: string
  readonly template_version_id: string
  readonly disable_everyone_group_access?: boolean | undefined
}

export async function createTemplate(room: Room, scope: Scope, ref: string, given: NewTemplate): Promise<Template> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const organization = await room.organizationOf(actor, ref, 'template:create')
  const { template_version_id: versionId, disable_everyone_group_access: isClosed = false, ...rest } = given
  const now = clock.now()
  const id = uuidv7(now)
  const work = db.transaction(async (tx) => {
    const version = await findVersion(tx, versionId)
    if (version === undefined || version.organization_id !== organization.id) {
      throw refused('template_version_id', 'is no version of this organization')
    }
    if (version.template_id !== null) throw refused('template_version_id', 'is a version of a template already')
    await demandImported(version)
    const row = {
      id,
      organization_id: organization.id,
      display_name: '',
      description: '',
      icon: '',
      ...storedOf(rest),
      name: given.name,
      active_version_id: versionId,
      everyone: !isClosed,
      created_by: actor.userId,
      created_at: now,
      updated_at: now,
    }
    await insertTemplate(tx, row)
    await updateVersionRow(tx, versionId, { template_id: id, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...templateCreated(row) })
  })
  await work.catch(refuseTakenName)
  return presentOne(room, id)

  async function demandImported(version: VersionRow): Promise<void> {
    const job = await findJob(db.sql, version.job_id)
    if (job?.status === 'succeeded') return
    throw refused('template_version_id', `cannot be used: its import ${job?.status ?? 'is unknown'}`)
  }
}

const refused = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the template cannot be made so', { problems: [{ field, detail }] })

function refuseTakenName(thrown: unknown): never {
  if (!isUniqueViolation(thrown, 'templates_name')) throw thrown
  throw new Fault('conflict', 'the organization has a template of this name already', { fix: 'give it another name' })
}

async function presentOne({ db }: Room, id: Uuid): Promise<Template> {
  const row = await findTemplate(db.sql, id)
  if (row === undefined) throw missing()
  return presentTemplate(row)
}

export async function changeTemplate(room: Room, scope: Scope, id: Uuid, given: Changeable): Promise<Template> {
  const { db, clock } = room
  await templateFor(room, signedIn(scope), id, 'template:update')
  const now = clock.now()
  const work = db.transaction(async (tx) => {
    const old = await lockTemplate(tx, id)
    if (old === undefined) throw missing()
    const change = said(given)
    const diff = changesOf<object>(plain(old), change)
    if (Object.keys(diff).length === 0) return
    await updateTemplateRow(tx, id, { ...storedOf(given), updated_at: now })
    await appendAudit(tx, { scope, at: now, ...templateChanged(old, diff) })
  })
  await work.catch(refuseTakenName)
  return presentOne(room, id)
}

/** Numbers as the contract has them: the driver gives large ones as text. */
const plain = <T extends object>(row: T): object =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, key.endsWith('_ms') ? Number(value) : value]))

export async function promoteVersion(room: Room, scope: Scope, id: Uuid, versionId: Uuid): Promise<Template> {
  const { db, clock } = room
  const actor = signedIn(scope)
  await templateFor(room, actor, id, 'template:update')
  const now = clock.now()
  await db.transaction(async (tx) => {
    const old = await lockTemplate(tx, id)
    if (old === undefined) throw missing()
    const version = await findVersion(tx, versionId)
    if (version?.template_id !== id) throw refused('id', 'is no version of this template')
    if (version.archived_at !== null) throw refused('id', 'is archived')
    const job = await findJob(tx, version.job_id)
    if (job?.status !== 'succeeded') throw refused('id', `cannot be used: its import ${job?.status ?? 'is unknown'}`)
    if (old.active_version_id === versionId) return
    await updateTemplateRow(tx, id, { active_version_id: versionId, updated_at: now })
    const diff = { active_version_id: { old: old.active_version_id, new: versionId } }
    await appendAudit(tx, { scope, at: now, ...templateChanged(old, diff) })
    const facts = { template: old.name, version: version.name, by: actor.username }
    const userIds = (await selectWorkspaceOwners(tx, id)).filter((owner) => owner !== actor.userId)
    await enqueue(tx, { event: 'template-updated', userIds, facts, at: now })
  })
  return presentOne(room, id)
}

export async function removeTemplate(room: Room, scope: Scope, id: Uuid): Promise<void> {
  const { db, clock } = room
  await templateFor(room, signedIn(scope), id, 'template:delete')
  const now = clock.now()
  await db.transaction(async (tx) => {
    const old = await lockTemplate(tx, id)
    if (old === undefined) throw missing()
    // What was made of it could be unmade by nobody who administers it.
    if (await hasWorkspaces(tx, id)) {
      throw new Fault('conflict', 'there are workspaces of this template', { fix: 'delete them first' })
    }
    await updateTemplateRow(tx, id, { deleted_at: now, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...templateRemoved(old) })
  })
}

/** Who is on the list is for those who may change it; others learn that there is one. */
export async function readAcl(room: Room, actor: Actor, id: Uuid): Promise<TemplateAcl> {
  const row = await templateFor(room, actor, id, 'template:update')
  const { users, groups } = accessListOf(row)
  const [people, teams] = await Promise.all([
    selectListedUsers(room.db.sql, Object.keys(users)),
    selectListedGroups(room.db.sql, row.organization_id, Object.keys(groups)),
  ])
  return {
    everyone: row.everyone,
    users: people.map((user) => ({ ...user, role: roleOf(users[user.id] ?? []) })),
    group: teams.map((group) => ({ ...group, role: roleOf(groups[group.id] ?? []) })),
  }
}

type Perms = Readonly<Record<string, '' | TemplateRole>>

export async function changeAcl(
  room: Room,
  scope: Scope,
  id: Uuid,
  given: { readonly user_perms?: Perms | undefined; readonly group_perms?: Perms | undefined },
): Promise<TemplateAcl> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const { organization_id: organizationId } = await templateFor(room, actor, id, 'template:update')
  const userPerms = given.user_perms ?? {}
  const { [organizationId]: everyoneRole, ...groupPerms } = given.group_perms ?? {}
  if (everyoneRole === 'admin') throw refused('group_perms', 'everyone cannot administer a template')
  const added = (perms: Perms): string[] => Object.keys(perms).filter((each) => perms[each] !== '')
  const members = await selectMembers(db.sql, organizationId, added(userPerms))
  const stranger = added(userPerms).find((each) => !members.has(each))
  if (stranger !== undefined) throw refused(`user_perms.${stranger}`, 'is no member of the organization')
  const teams = await selectListedGroups(db.sql, organizationId, added(groupPerms))
  const unknown = added(groupPerms).find((each) => !teams.some((team) => team.id === each))
  if (unknown !== undefined) throw refused(`group_perms.${unknown}`, 'is no group of the organization')
  const now = clock.now()
  await db.transaction(async (tx) => {
    const old = await lockTemplate(tx, id)
    if (old === undefined) throw missing()
    const list = accessListOf(old)
    const next = {
      everyone: everyoneRole === undefined ? old.everyone : everyoneRole === 'use',
      access_list: { users: merged(list.users, userPerms), groups: merged(list.groups, groupPerms) },
    }
    const diff = changesOf<object>({ everyone: old.everyone, access_list: list }, next)
    if (Object.keys(diff).length === 0) return
    const row = { everyone: next.everyone, access_list: JSON.stringify(next.access_list), updated_at: now }
    await updateTemplateRow(tx, id, row)
    await appendAudit(tx, { scope, at: now, ...templateChanged(old, diff) })
  })
  return readAcl(room, actor, id)
}

type Entries = Readonly<Record<string, readonly string[]>>

function merged(old: Entries, change: Perms): Entries {
  const next: Record<string, readonly string[]> = { ...old }
  for (const [id, role] of Object.entries(change)) {
    if (role === '') delete next[id]
    else next[id] = roleActions[role]
  }
  return next
}
