import type { AuditDiff, AuditEntry } from '../../audit/journal.ts'
import type { UserRow } from '../queries.ts'
import type { AccessChange, Directory, HeldAccess } from './mapping.ts'

/** The audit entries of signing in through an identity provider. `scope` and `at` are added by whoever appends them. */
type OidcEvent = Omit<AuditEntry, 'scope' | 'at'>

type Target = Pick<UserRow, 'id' | 'username'>

/** Who it was is what the provider said, as far as it came to that; what was typed or sent is not repeated. */
export const oidcSignInRefused = (user: Target | null, reason: string, subject: string | null): OidcEvent => ({
  action: 'login',
  resourceType: 'user',
  resourceId: user?.id ?? '',
  resourceTarget: user?.username ?? 'unknown',
  outcome: 'refused',
  reason,
  diff: {
    method: { old: null, new: 'oidc' },
    ...(subject === null ? {} : { subject: { old: null, new: subject } }),
  },
})

export const userLinked = (user: Target, issuer: string, subject: string): OidcEvent => ({
  action: 'write',
  resourceType: 'user',
  resourceId: user.id,
  resourceTarget: user.username,
  diff: { issuer: { old: null, new: issuer }, subject: { old: null, new: subject } },
})

export const profileSynced = (user: Target, diff: AuditDiff): OidcEvent => ({
  action: 'write',
  resourceType: 'user',
  resourceId: user.id,
  resourceTarget: user.username,
  reason: 'idp sync',
  diff,
})

export function accessSynced(user: Target, held: HeldAccess, change: AccessChange, directory: Directory): OidcEvent {
  const organization = (id: string) => directory.organizations.find((each) => each.id === id)?.name ?? id
  const group = (id: string) => directory.groups.find((each) => each.id === id)?.name ?? id
  const held_in = (id: string) => held.memberships.find(({ organizationId }) => organizationId === id)?.roles ?? []
  const { siteRoles, joins, leaves, roles, newGroups, groupsJoined, groupsLeft } = change
  const diff: Record<string, { old: unknown; new: unknown }> = {}
  if (siteRoles !== null) diff['roles'] = { old: held.siteRoles, new: siteRoles }
  for (const { organizationId, roles: given } of joins) {
    diff[`organization ${organization(organizationId)}`] = { old: null, new: given }
  }
  for (const id of leaves) diff[`organization ${organization(id)}`] = { old: held_in(id), new: null }
  for (const { organizationId, roles: given } of roles) {
    diff[`organization ${organization(organizationId)}`] = { old: held_in(organizationId), new: given }
  }
  const joined = [...groupsJoined.map(group), ...newGroups.map(({ name }) => name)]
  if (joined.length + groupsLeft.length > 0) diff['groups'] = { old: groupsLeft.map(group), new: joined }
  return {
    action: 'write',
    resourceType: 'user',
    resourceId: user.id,
    resourceTarget: user.username,
    reason: 'idp sync',
    diff,
  }
}

/** What somebody is told about his roles when the provider changed them: each place, what came and what went. */
export function rolesToldOf(
  held: HeldAccess,
  { siteRoles, joins, leaves, roles }: AccessChange,
  { organizations }: Directory,
): { readonly where: string; readonly added: string; readonly removed: string }[] {
  const nameOf = (id: string) => organizations.find((each) => each.id === id)?.name ?? id
  const heldIn = (id: string) => held.memberships.find(({ organizationId }) => organizationId === id)?.roles ?? []
  const changes: (readonly [string, readonly string[], readonly string[]])[] = [
    ...(siteRoles === null ? [] : [['everywhere', held.siteRoles, siteRoles] as const]),
    ...[...joins, ...roles].map(
      (each) => [nameOf(each.organizationId), heldIn(each.organizationId), each.roles] as const,
    ),
    ...leaves.map((id) => [nameOf(id), heldIn(id), []] as const),
  ]
  return changes
    .map(([where, old, now]) => ({
      where,
      added: now.filter((name) => !old.includes(name)).join(', '),
      removed: old.filter((name) => !now.includes(name)).join(', '),
    }))
    .filter(({ added, removed }) => added !== '' || removed !== '')
}

export const sessionsEndedByProvider = (user: Target, count: number, reason: string): OidcEvent => ({
  action: 'logout',
  resourceType: 'user',
  resourceId: user.id,
  resourceTarget: user.username,
  reason: `idp sync: ${reason}`,
  diff: { sessions: { old: count, new: 0 } },
})

export const syncSettingsChanged = (kind: string, organization: Target | null, old: object, now: object): OidcEvent => {
  const changed = Object.entries(now).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(Object(old)[name]),
  )
  return {
    action: 'write',
    resourceType: 'idp_sync_settings',
    resourceId: organization?.id ?? '',
    resourceTarget: organization === null ? kind : `${kind} of ${organization.username}`,
    organizationId: organization?.id ?? null,
    diff: Object.fromEntries(changed.map(([name, value]) => [name, { old: Object(old)[name] ?? null, new: value }])),
  }
}

export const testLoginMade = (id: string, outcome: 'ok' | 'refused', reason: string | null): OidcEvent => ({
  action: 'test_login',
  resourceType: 'idp_sync_settings',
  resourceId: id,
  resourceTarget: 'test login',
  outcome,
  ...(reason === null ? {} : { reason }),
})
