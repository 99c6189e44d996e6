import type { Uuid } from '@reeve/base'
import { type Claims, claimValues } from './claims.ts'
import { compilePattern } from './pattern.ts'
import type { SyncSettings } from './settings.ts'

/**
 * From claims to access, without the database: what somebody should have by his claims and the settings, and what has to
 * change so that he has it. A sign-in, a refresh and a test login all ask these two functions.
 */

/** What there is to be given. */
export interface Directory {
  /** The default one first. */
  readonly organizations: readonly {
    readonly id: Uuid
    readonly name: string
    readonly isDefault: boolean
    readonly defaultRoles: readonly string[]
  }[]
  /** `isSynced`: its members are the identity provider's business. */
  readonly groups: readonly {
    readonly id: Uuid
    readonly organizationId: Uuid
    readonly name: string
    readonly isSynced: boolean
  }[]
  readonly siteRoles: ReadonlySet<string>
  readonly organizationRoles: ReadonlyMap<Uuid, ReadonlySet<string>>
}

/** What somebody should have. Null, or absent from a map, is what people decide about. */
export interface WantedAccess {
  readonly siteRoles: readonly string[] | null
  readonly organizations: readonly Uuid[] | null
  readonly groups: ReadonlyMap<Uuid, WantedGroups>
  readonly roles: ReadonlyMap<Uuid, readonly string[]>
  /** Claim values that give nothing, for whoever wonders why. */
  readonly ignored: readonly { readonly value: string; readonly reason: string }[]
}

interface WantedGroups {
  readonly ids: readonly Uuid[]
  /** Names of groups that are not there yet. */
  readonly missing: readonly string[]
  /** The groups whose members the provider decides about; the others are left alone. */
  readonly managed: ReadonlySet<Uuid>
}

type Ignore = (value: string, reason: string) => void

export function wantedAccess(claims: Claims, settings: SyncSettings, directory: Directory): WantedAccess {
  const ignored: { value: string; reason: string }[] = []
  const ignore: Ignore = (value, reason) => void ignored.push({ value, reason })
  return {
    siteRoles: wantedSiteRoles(claims, settings.siteRoles, directory, ignore),
    organizations: wantedOrganizations(claims, settings.organization, directory, ignore),
    groups: new Map(
      [...settings.groups]
        .filter(([, { field }]) => field !== '')
        .map(([id, own]) => [id, wantedGroups(claims, own, groupsOf(directory, id), ignore)]),
    ),
    roles: new Map(
      [...settings.roles]
        .filter(([, { field }]) => field !== '')
        .map(([id, own]) => [id, wantedRoles(claims, own, id, directory, ignore)]),
    ),
    ignored,
  }
}

function wantedSiteRoles(
  claims: Claims,
  { field, mapping, fallback }: SyncSettings['siteRoles'],
  { siteRoles }: Directory,
  ignore: Ignore,
): string[] | null {
  if (field === '') return null
  const mapped = (claimValues(claims, field) ?? []).flatMap((value) => mappedTo(mapping, value, 'role', ignore))
  return known([...fallback, ...mapped], siteRoles, ignore)
}

function wantedOrganizations(
  claims: Claims,
  { field, mapping, organization_assign_default }: SyncSettings['organization'],
  { organizations }: Directory,
  ignore: Ignore,
): Uuid[] | null {
  if (field === '') return null
  const mapped = (claimValues(claims, field) ?? []).flatMap((value) => mappedTo(mapping, value, 'organization', ignore))
  return organizations
    .filter(({ id, isDefault }) => mapped.includes(id) || (isDefault && organization_assign_default))
    .map(({ id }) => id)
}

function wantedGroups(
  claims: Claims,
  settings: SyncSettings['groups'] extends ReadonlyMap<Uuid, infer G> ? G : never,
  groups: Directory['groups'],
  ignore: Ignore,
): WantedGroups {
  const { field, mapping, regex_filter, auto_create_missing_groups, names } = settings
  const passes = regex_filter === null ? () => true : compilePattern(regex_filter)
  const named = new Set(Object.values(names))
  const targets = new Set(Object.values(mapping).flat())
  const managed = new Set(
    groups.filter(({ id, name, isSynced }) => isSynced || targets.has(id) || named.has(name)).map(({ id }) => id),
  )
  const ids = new Set<Uuid>()
  const missing = new Set<string>()
  for (const value of claimValues(claims, field) ?? []) {
    const mapped = own(mapping, value)
    const name = own(names, value) ?? value
    if (!passes(value)) ignore(value, 'the filter of the groups leaves it out')
    else if (mapped !== undefined) {
      for (const { id } of groups) if (mapped.includes(id)) ids.add(id)
    } else {
      const group = groups.find((each) => each.name.toLowerCase() === name.toLowerCase())
      if (group !== undefined && group.name === name && managed.has(group.id)) ids.add(group.id)
      else if (group !== undefined) ignore(value, sameName(group.name, name))
      else if (auto_create_missing_groups && isGroupName(name)) missing.add(name)
      else ignore(value, auto_create_missing_groups ? 'it cannot be the name of a group' : 'it names no group')
    }
  }
  return { ids: [...ids], missing: [...missing], managed }
}

/** What people made is not taken over because somebody elsewhere chose the same name. */
const sameName = (has: string, wanted: string): string =>
  has === wanted
    ? 'there is a group of this name that people made; map the value to it to have it synced'
    : `it differs from the group ${has} in upper and lower case only`

const isGroupName = (name: string): boolean => /^[\p{L}\p{N}](?:[\p{L}\p{N} ._:@-]{0,62}[\p{L}\p{N}])?$/u.test(name)

/** A new member's roles stay beneath those that are mapped: the provider adds to what everybody has. */
function wantedRoles(
  claims: Claims,
  { field, mapping }: SyncSettings['roles'] extends ReadonlyMap<Uuid, infer R> ? R : never,
  organizationId: Uuid,
  { organizations, organizationRoles }: Directory,
  ignore: Ignore,
): string[] {
  const mapped = (claimValues(claims, field) ?? []).flatMap((value) => mappedTo(mapping, value, 'role', ignore))
  const base = organizations.find(({ id }) => id === organizationId)?.defaultRoles ?? []
  return known([...base, ...mapped], organizationRoles.get(organizationId) ?? new Set(), ignore)
}

function mappedTo(
  mapping: Readonly<Record<string, readonly string[]>>,
  value: string,
  what: string,
  ignore: Ignore,
): readonly string[] {
  const found = own(mapping, value)
  if (found === undefined) ignore(value, `it is mapped to no ${what}`)
  return found ?? []
}

function known(names: readonly string[], all: ReadonlySet<string>, ignore: Ignore): string[] {
  for (const name of new Set(names)) if (!all.has(name)) ignore(name, 'there is no such role')
  return [...new Set(names)].filter((name) => all.has(name)).toSorted()
}

/** A claim value may be `constructor`. */
const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

const groupsOf = ({ groups }: Directory, id: Uuid) => groups.filter(({ organizationId }) => organizationId === id)

/** What somebody has. */
export interface HeldAccess {
  readonly siteRoles: readonly string[]
  readonly memberships: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly groupIds: readonly Uuid[]
}

/** What has to change. Nothing, when every list is empty and `siteRoles` is null. */
export interface AccessChange {
  readonly siteRoles: readonly string[] | null
  readonly joins: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly leaves: readonly Uuid[]
  readonly roles: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly newGroups: readonly { readonly organizationId: Uuid; readonly name: string }[]
  readonly groupsJoined: readonly Uuid[]
  readonly groupsLeft: readonly Uuid[]
}

export function accessChange(held: HeldAccess, wanted: WantedAccess, directory: Directory): AccessChange {
  const before = new Map(held.memberships.map(({ organizationId, roles }) => [organizationId, roles]))
  const members = memberOf(held, wanted, directory)
  const rolesIn = (id: Uuid) => wanted.roles.get(id) ?? before.get(id) ?? defaultRolesOf(directory, id)
  const groups = [...members].flatMap((id) => wanted.groups.get(id)?.ids ?? [])
  return {
    siteRoles: wanted.siteRoles === null || same(wanted.siteRoles, held.siteRoles) ? null : wanted.siteRoles,
    joins: [...members]
      .filter((id) => !before.has(id))
      .map((organizationId) => ({ organizationId, roles: rolesIn(organizationId) })),
    leaves: [...before.keys()].filter((id) => !members.has(id)),
    roles: [...before]
      .filter(([id, roles]) => members.has(id) && !same(rolesIn(id), roles))
      .map(([organizationId]) => ({ organizationId, roles: rolesIn(organizationId) })),
    newGroups: [...members].flatMap((organizationId) =>
      (wanted.groups.get(organizationId)?.missing ?? []).map((name) => ({ organizationId, name })),
    ),
    groupsJoined: groups.filter((id) => !held.groupIds.includes(id)),
    groupsLeft: held.groupIds.filter((id) => {
      const organizationId = directory.groups.find((group) => group.id === id)?.organizationId ?? ''
      if (!members.has(organizationId)) return true
      return wanted.groups.get(organizationId)?.managed.has(id) === true && !groups.includes(id)
    }),
  }
}

/** Everybody belongs somewhere: whoever is nowhere, and whom nobody places, is in the default organization. */
function memberOf(held: HeldAccess, wanted: WantedAccess, { organizations }: Directory): ReadonlySet<Uuid> {
  if (wanted.organizations !== null) return new Set(wanted.organizations)
  const now = held.memberships.map(({ organizationId }) => organizationId)
  return new Set(now.length > 0 ? now : organizations.filter(({ isDefault }) => isDefault).map(({ id }) => id))
}

const defaultRolesOf = ({ organizations }: Directory, id: Uuid): readonly string[] =>
  organizations.find((each) => each.id === id)?.defaultRoles ?? []

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each))

export const isNoChange = ({ siteRoles, ...lists }: AccessChange): boolean =>
  siteRoles === null && Object.values(lists).every((list) => list.length === 0)
