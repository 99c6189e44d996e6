import type { Actor } from './actor.ts'

/**
 * Whether a credential means at this moment what it meant before: the same person with the same roles, memberships and
 * scope. What was begun for an actor, as a stream of what he may see, is no longer for him when this changed.
 */
export const samePower = (before: Actor, now: Actor): boolean => before === now || powerOf(before) === powerOf(now)

/** The order in which the database tells of roles and groups says nothing. */
function powerOf({ userId, organizationIds, groupIds, roles, scopes, allowList }: Actor): string {
  const held = roles.map(({ name, organizationId, site, organization, own }) =>
    [name, organizationId ?? '', ...[site, organization, own].map((granted) => [...granted].sort().join())].join(' '),
  )
  const objects = allowList?.map(({ type, id }) => `${type}:${id}`).sort() ?? null
  return JSON.stringify([
    userId,
    [...organizationIds].sort(),
    [...groupIds].sort(),
    held.sort(),
    [...scopes].sort(),
    objects,
  ])
}
