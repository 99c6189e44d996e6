import type { Permission, Scope } from '@reeve/sdk'
import type { Actor } from './actor.ts'

/** What a credential may be used for, whatever its owner may do. */

export function covers(
  { scopes, allowList }: Pick<Actor, 'scopes' | 'allowList'>,
  permission: Permission,
  objectId?: string,
): boolean {
  if (!scopes.some((scope) => scopeCovers(scope, permission))) return false
  if (allowList === null || permission === 'public' || permission === 'signed_in') return true
  const resource = permission.slice(0, permission.indexOf(':'))
  return allowList.some(
    ({ type, id }) => (type === '*' || type === resource) && (id === '*' || objectId === undefined || id === objectId),
  )
}

function scopeCovers(scope: Scope, permission: Permission): boolean {
  if (scope === 'all') return true
  if (scope === 'gateway') return permission === 'interception:create'
  if (scope === 'boundary') return ofBoundaries.has(permission)
  if (permission === 'signed_in' || permission === 'public') return true
  if (scope === 'api') return permission !== 'interception:create'
  const [resource, action] = scope.split(':')
  return permission === scope || (action === '*' && permission.startsWith(`${resource}:`))
}

/** What a boundary itself asks. */
const ofBoundaries: ReadonlySet<Permission> = new Set(['boundary:create', 'access_request:create'])

/** Whether a credential with these scopes may hand out the scope: nobody gives what he does not hold. */
export function mayHandOut(held: readonly Scope[], wanted: Scope): boolean {
  if (held.includes('all') || held.includes(wanted)) return true
  if (!wanted.includes(':')) return false
  const [resource] = wanted.split(':')
  if (held.some((scope) => scope === `${resource}:*`)) return true
  return held.includes('api') && wanted !== 'interception:create' && wanted !== 'interception:*'
}
