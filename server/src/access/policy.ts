import type { Uuid } from '@reeve/base'
import type { Permission, Scope } from '@reeve/sdk'
import type { Actor, Role } from './actor.ts'

/**
 * Who may do what. A request passes when the actor's roles grant the permission and the scope of the credential covers
 * it: either can only take away from the other. What nothing grants is denied.
 */

/** How far a grant reaches: every object, the objects of the actor's organizations, or the actor's own. */
type Reach = 'all' | 'organizations' | 'own'
type Grants = Partial<Record<Permission, Reach>>

const member: Grants = {
  'user:read': 'own',
  'api_key:create': 'own',
  'api_key:read': 'own',
  'api_key:update': 'own',
  'api_key:delete': 'own',
  'organization:read': 'organizations',
  // Creating an interception is calling a model through the bridge.
  'interception:create': 'own',
  'interception:read': 'own',
}

const auditor: Grants = {
  'user:read': 'all',
  'interception:read': 'all',
  'audit_log:read': 'all',
}

/** What a thing is checked by. A permission without an object asks whether there can be an object that it is for. */
export interface AccessObject {
  readonly ownerId?: Uuid
  readonly organizationId?: Uuid
}

export function allows(actor: Actor, permission: Permission, object?: AccessObject): boolean {
  if (permission === 'public') return true
  if (!actor.scopes.some((scope) => covers(scope, permission))) return false
  if (permission === 'signed_in') return true
  return reachesOf(actor, permission).some((reach) => reaches(reach, actor, object))
}

/** Whose objects a list may contain: everybody's, or those of these users. */
export function visibleOwners(actor: Actor, permission: Permission): 'all' | readonly Uuid[] {
  if (!allows(actor, permission)) return []
  return reachesOf(actor, permission).includes('all') ? 'all' : [actor.userId]
}

/** The organizations whose objects a list may contain. */
export function visibleOrganizations(actor: Actor, permission: Permission): 'all' | readonly Uuid[] {
  if (!allows(actor, permission)) return []
  return reachesOf(actor, permission).includes('all') ? 'all' : actor.organizationIds
}

/** Whether a credential with these scopes may hand out the scope: nobody gives what he does not hold. */
export function mayGrant(held: readonly Scope[], wanted: Scope): boolean {
  return held.includes('all') || held.includes(wanted)
}

function covers(scope: Scope, permission: Permission): boolean {
  if (scope === 'all') return true
  return (scope === 'gateway') === (permission === 'interception:create')
}

function reachesOf(actor: Actor, permission: Permission): Reach[] {
  const roles: readonly Role[] = [...actor.roles, 'member']
  return roles.flatMap((role) => {
    const reach = role === 'owner' ? 'all' : (role === 'auditor' ? auditor : member)[permission]
    return reach === undefined ? [] : [reach]
  })
}

function reaches(reach: Reach, actor: Actor, object: AccessObject | undefined): boolean {
  if (reach === 'all' || object === undefined) return true
  if (reach === 'own') return object.ownerId === actor.userId
  return object.organizationId !== undefined && actor.organizationIds.includes(object.organizationId)
}
