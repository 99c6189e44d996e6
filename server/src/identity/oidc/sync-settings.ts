import { Fault, type Problem, type Uuid } from '@reeve/base'
import { GroupSync, OrganizationSync, RoleSync } from '@reeve/sdk'
import type { Actor } from '../../access/actor.ts'
import { allows } from '../../access/policy.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { type Scope, signedIn } from '../../http/implement.ts'
import { demand } from '../../http/demand.ts'
import { type Identity } from '../identity.ts'
import { lockOwners } from '../queries.ts'
import { checkGrants } from '../roles/roles.ts'
import { actorNow } from '../roles/standing.ts'
import { readDirectory } from './access-queries.ts'
import { syncSettingsChanged } from './events.ts'
import type { Directory } from './mapping.ts'
import { patternProblem } from './pattern.ts'
import { saveSyncSettings, setGroupSource } from './queries.ts'
import { noGroupSync, noRoleSync, type OidcConfig } from './settings.ts'
import { readSyncSettings } from './sync.ts'

/** The settings by which claims are read: looked at and changed by whoever may, at the site or in one organization. */

type Organization = Directory['organizations'][number]

export interface SettingsRoom {
  readonly identity: Identity
  /** Null when no provider is configured: settings can be prepared all the same. */
  readonly config: OidcConfig | null
}

export async function getOrganizationSync(room: SettingsRoom, actor: Actor): Promise<OrganizationSync> {
  demand(actor, 'idp_settings:read', {})
  const { db } = room.identity
  return (await readSyncSettings(db.sql, room.config, await readDirectory(db.sql))).organization
}

export async function getGroupSync(room: SettingsRoom, actor: Actor, ref: string): Promise<GroupSync> {
  const { organization, directory } = await organizationOf(room.identity.db.sql, actor, ref, 'idp_settings:read')
  return groupsIn(room, room.identity.db.sql, directory, organization.id)
}

export async function getRoleSync(room: SettingsRoom, actor: Actor, ref: string): Promise<RoleSync> {
  const { db } = room.identity
  const { organization, directory } = await organizationOf(db.sql, actor, ref, 'idp_settings:read')
  return (await readSyncSettings(db.sql, room.config, directory)).roles.get(organization.id) ?? noRoleSync
}

/** Saved settings have no names of groups: those are a configured shorthand, and are shown as what they stand for. */
async function groupsIn(room: SettingsRoom, db: Executor, directory: Directory, id: Uuid): Promise<GroupSync> {
  const found = (await readSyncSettings(db, room.config, directory)).groups.get(id)
  if (found === undefined) return noGroupSync
  const { names, ...own } = found
  const byName = Object.entries(names).flatMap(([value, name]) => {
    const group = directory.groups.find((each) => each.organizationId === id && each.name === name)
    return group === undefined ? [] : [[value, group.id] as const]
  })
  const mapping: Record<string, string[]> = {}
  for (const [value, group] of byName) mapping[value] = [group]
  return { ...own, mapping: { ...mapping, ...own.mapping } }
}

export async function patchOrganizationSync(
  room: SettingsRoom,
  scope: Scope,
  patch: Partial<OrganizationSync>,
): Promise<OrganizationSync> {
  const { clock, db } = room.identity
  demand(signedIn(scope), 'idp_settings:update', {})
  return db.transaction(async (tx) => {
    await lockOwners(tx)
    const directory = await readDirectory(tx)
    const old = (await readSyncSettings(tx, room.config, directory)).organization
    const next = OrganizationSync.parse({ ...old, ...patch })
    checkTargets(directory, { organization: next })
    const now = clock.now()
    await saveSyncSettings(tx, { kind: 'organization', organization_id: null, settings: next }, now)
    await appendAudit(tx, { scope, at: now, ...syncSettingsChanged('organization', null, old, next) })
    return next
  })
}

export async function patchGroupSync(
  room: SettingsRoom,
  scope: Scope,
  ref: string,
  patch: Partial<GroupSync>,
): Promise<GroupSync> {
  return inOrganization(room, scope, ref, async (tx, directory, organization, now) => {
    const old = await groupsIn(room, tx, directory, organization.id)
    const next = GroupSync.parse({ ...old, ...patch })
    checkTargets(directory, { groups: { [organization.id]: next } })
    const id = organization.id
    await saveSyncSettings(tx, { kind: 'groups', organization_id: id, settings: next }, now)
    await handOver(tx, id, old, next, now)
    const target = { id, username: organization.name }
    await appendAudit(tx, { scope, at: now, ...syncSettingsChanged('groups', target, old, next) })
    return next
  })
}

/** Mapped groups come under the provider; those that are mapped no more, or all when it is off, go back to people. */
async function handOver(tx: Tx, organizationId: Uuid, old: GroupSync, next: GroupSync, now: Date): Promise<void> {
  if (next.field === '') return setGroupSource(tx, { organizationId, ids: 'all' }, 'user', now)
  const mapped = Object.values(next.mapping).flat()
  const before = Object.values(old.mapping).flat()
  const freed = before.filter((id) => !mapped.includes(id))
  await setGroupSource(tx, { organizationId, ids: freed }, 'user', now)
  await setGroupSource(tx, { organizationId, ids: mapped }, 'oidc', now)
}

export async function patchRoleSync(
  room: SettingsRoom,
  scope: Scope,
  ref: string,
  patch: Partial<RoleSync>,
): Promise<RoleSync> {
  return inOrganization(room, scope, ref, async (tx, directory, organization, now) => {
    const old = (await readSyncSettings(tx, room.config, directory)).roles.get(organization.id) ?? noRoleSync
    const next = RoleSync.parse({ ...old, ...patch })
    const before = new Set(old.field === '' ? [] : Object.values(old.mapping).flat())
    const added = [...new Set(Object.values(next.mapping).flat())].filter((name) => !before.has(name))
    // A mapping hands roles out: nobody maps a role that he could not give.
    const actor = await actorNow(tx, signedIn(scope))
    await checkGrants(tx, actor, organization.id, { added, field: 'mapping' })
    const id = organization.id
    await saveSyncSettings(tx, { kind: 'roles', organization_id: id, settings: next }, now)
    const target = { id, username: organization.name }
    await appendAudit(tx, { scope, at: now, ...syncSettingsChanged('roles', target, old, next) })
    return next
  })
}

function inOrganization<T>(
  { identity }: SettingsRoom,
  scope: Scope,
  ref: string,
  work: (tx: Tx, directory: Directory, organization: Organization, now: Date) => Promise<T>,
): Promise<T> {
  return identity.db.transaction(async (tx) => {
    await lockOwners(tx)
    const { organization, directory } = await organizationOf(tx, signedIn(scope), ref, 'idp_settings:update')
    return work(tx, directory, organization, identity.clock.now())
  })
}

async function organizationOf(
  db: Executor,
  actor: Actor,
  ref: string,
  permission: 'idp_settings:read' | 'idp_settings:update',
): Promise<{ organization: Organization; directory: Directory }> {
  const directory = await readDirectory(db)
  const wanted = ref.toLowerCase()
  const organization =
    directory.organizations.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted) ??
    directory.organizations.find(({ isDefault }) => wanted === 'default' && isDefault)
  const where = { id: organization?.id ?? '', organizationId: organization?.id ?? '' }
  if (organization === undefined || !allows(actor, 'idp_settings:read', where)) {
    throw new Fault('not_found', 'there is no such organization')
  }
  demand(actor, permission, where)
  return { organization, directory }
}

/** Throws with every target that is not there, and every pattern that is none. */
export function checkTargets(
  { organizations, groups, organizationRoles }: Directory,
  given: {
    readonly organization?: OrganizationSync | undefined
    readonly groups?: Readonly<Record<Uuid, GroupSync>> | undefined
    readonly roles?: Readonly<Record<Uuid, RoleSync>> | undefined
  },
): void {
  const problems: Problem[] = []
  const check = (
    mapping: Readonly<Record<string, readonly string[]>>,
    noun: string,
    isThere: (id: string) => boolean,
  ) => {
    for (const [value, targets] of Object.entries(mapping)) {
      for (const target of targets.filter((each) => !isThere(each))) {
        problems.push({ field: `mapping.${value}`, detail: `there is no ${noun} ${target}` })
      }
    }
  }
  check(given.organization?.mapping ?? {}, 'organization', (id) => organizations.some((each) => each.id === id))
  for (const [id, { mapping, regex_filter }] of Object.entries(given.groups ?? {})) {
    check(mapping, 'group in this organization', (group) =>
      groups.some((each) => each.id === group && each.organizationId === id),
    )
    const problem = regex_filter === null ? null : patternProblem(regex_filter)
    if (problem !== null) problems.push({ field: 'regex_filter', detail: problem })
  }
  for (const [id, { mapping }] of Object.entries(given.roles ?? {})) {
    check(mapping, 'role in this organization', (name) => organizationRoles.get(id)?.has(name) === true)
  }
  if (problems.length > 0) throw new Fault('invalid', 'these settings cannot be used', { problems })
}
