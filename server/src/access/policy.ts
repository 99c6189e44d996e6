import type { Uuid } from '@reeve/base'
import type { Action, Grantable, Permission } from '@reeve/sdk'
import type { Actor, HeldRole } from './actor.ts'
import { covers } from './scopes.ts'

/**
 * Who may do what. A request passes when the scope of the credential covers the permission, and a role of the actor or
 * the access list of the object grants it: the credential can only take away. What nothing grants is denied.
 *
 * `allows` decides about one object and `visibility` about all of them, for lists, which `sql-filter.ts` turns into a
 * condition. A test holds the two together.
 */

/** What a thing is checked by. A permission without an object asks whether there can be an object that it is for. */
export interface AccessObject {
  readonly id?: string
  readonly ownerId?: Uuid | null
  readonly organizationId?: Uuid | null
  readonly accessList?: AccessList
}

/** Who else may do what with one object. */
export interface AccessList {
  readonly users: Readonly<Record<Uuid, readonly Action[]>>
  readonly groups: Readonly<Record<Uuid, readonly Action[]>>
}

export function allows(actor: Actor, permission: Permission, object?: AccessObject): boolean {
  if (permission === 'public') return true
  if (!covers(actor, permission, object?.id)) return false
  if (permission === 'signed_in') return true
  return (
    actor.roles.some((role) => reachOf(role, permission, actor.userId, object) !== null) ||
    isListed(actor, permission, object)
  )
}

/** The objects that a list may contain. Any of the reasons is enough, and `ids` bounds all of them. */
export interface Visibility {
  readonly everything: boolean
  readonly organizationIds: readonly Uuid[]
  /** Objects of this owner: all of them, or those within these organizations. */
  readonly own: { readonly ownerId: Uuid; readonly within: 'anywhere' | readonly Uuid[] }
  /** Objects whose access list names one of these with the action. */
  readonly listed: { readonly userId: Uuid; readonly groupIds: readonly Uuid[]; readonly action: string }
  readonly ids: 'any' | readonly string[]
}

export function visibility(actor: Actor, permission: Grantable): Visibility {
  const nobody = !covers(actor, permission)
  const organizationIds: Uuid[] = []
  const ownWithin: Uuid[] = []
  let everything = false
  let ownAnywhere = false
  for (const role of nobody ? [] : actor.roles) {
    if (role.site.has(permission)) everything = true
    if (role.organizationId === null) ownAnywhere ||= role.own.has(permission)
    else {
      if (role.organization.has(permission)) organizationIds.push(role.organizationId)
      if (role.own.has(permission)) ownWithin.push(role.organizationId)
    }
  }
  const [type = '', action = ''] = permission.split(':')
  const entries = actor.allowList?.filter((entry) => entry.type === '*' || entry.type === type) ?? null
  return {
    everything,
    organizationIds,
    own: { ownerId: actor.userId, within: ownAnywhere ? 'anywhere' : ownWithin },
    listed: { userId: actor.userId, groupIds: nobody ? [] : actor.groupIds, action: nobody ? '' : action },
    ids: entries === null || entries.some(({ id }) => id === '*') ? 'any' : entries.map(({ id }) => id),
  }
}

/** Whether there is an organization, or everything, in which the actor has the permission beyond his own objects. */
export const reachesOthers = (actor: Actor, permission: Grantable): boolean => {
  const { everything, organizationIds } = visibility(actor, permission)
  return everything || organizationIds.length > 0
}

/** How far a role lets its holder go. */
export type Reach = 'everything' | 'organization' | 'own'

/** For which objects the role grants it, if the object is one of them; without an object, if it grants it for any. */
export function reachOf(
  role: HeldRole,
  permission: Grantable,
  holderId: Uuid,
  object: AccessObject | undefined,
): Reach | null {
  if (role.site.has(permission)) return 'everything'
  const isWithin = role.organizationId === null || object?.organizationId === role.organizationId
  if (role.organization.has(permission) && (object === undefined || isWithin)) return 'organization'
  const isOwn = object === undefined || (object.ownerId === holderId && isWithin)
  return role.own.has(permission) && isOwn ? 'own' : null
}

function isListed(actor: Actor, permission: Grantable, object: AccessObject | undefined): boolean {
  const list = object?.accessList
  if (list === undefined) return false
  const action = permission.slice(permission.indexOf(':') + 1)
  const has = (actions: readonly string[] | undefined): boolean => actions?.includes(action) === true
  return has(list.users[actor.userId]) || actor.groupIds.some((id) => has(list.groups[id]))
}
