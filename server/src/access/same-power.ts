import type { Actor } from './actor.ts'

/**
 * Whether a credential means at this moment what it meant before: the same person with the same roles, memberships and
 * scope. What was begun for an actor, as a stream of what he may see, is no longer for him when this changed.
 */
export const samePower = (before: Actor, now: Actor): boolean => before === now || powerOf(before) === powerOf(now)

/** What roles let their holder do, in one order: the one in which the database tells of them says nothing. */
export function powerOfRoles(roles: Actor['roles']): string[] {
  const held = roles.map(({ name, organizationId, site, organization, own }) =>
    [name, organizationId ?? '', ...[site, organization, own].map((granted) => [...granted].sort().join())].join(' '),
  )
  return held.sort()
}
function powerOf({ userId, organizationIds, groupIds, roles, scopes, allowList }: Actor): string {
  const objects = allowList?.map(({ type, id }) => `${type}:${id}`).sort() ?? null
  return JSON.stringify([
    userId,
    [...organizationIds].sort(),
    [...groupIds].sort(),
    powerOfRoles(roles),
    [...scopes].sort(),
    objects,
  ])
}
