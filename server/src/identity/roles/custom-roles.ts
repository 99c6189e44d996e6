import type { Uuid } from '@reeve/base'
import { type Grantable, isGrantable, resources } from '@reeve/sdk'
import { z } from 'zod'
import type { Actor } from '../../access/actor.ts'
import { heldRoles, type RoleDefinition } from '../../access/built-in-roles.ts'
import { mayStandAt, type RoleLevel } from '../../access/role-levels.ts'

/** A role that people made, as the database has it. */
export interface CustomRoleRow {
  readonly organization_id: Uuid | null
  readonly name: string
  readonly display_name: string
  readonly description: string
  readonly site_permissions: readonly string[]
  readonly organization_permissions: readonly string[]
  readonly own_permissions: readonly string[]
}

/** What was stored and may not stand there, or is not known to this version, grants nothing. */
const known = (permissions: readonly string[], level: RoleLevel): ReadonlySet<Grantable> =>
  new Set(permissions.filter(isGrantable).filter((permission) => mayStandAt(permission, level)))

export function defineCustomRole(row: CustomRoleRow): RoleDefinition & { readonly organizationId: Uuid | null } {
  return {
    organizationId: row.organization_id,
    name: row.name,
    displayName: row.display_name === '' ? row.name : row.display_name,
    description: row.description,
    level: row.organization_id === null ? 'site' : 'organization',
    site: row.organization_id === null ? known(row.site_permissions, 'site') : new Set(),
    organization: row.organization_id === null ? new Set() : known(row.organization_permissions, 'organization'),
    own: known(row.own_permissions, 'own'),
  }
}

/** Of a row that tells what somebody holds: what an actor is made of beside his credential. */
export function holdings(row: {
  readonly roles: readonly string[]
  readonly memberships: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[]
  readonly group_ids: readonly Uuid[]
  readonly custom_roles: readonly CustomRoleRow[]
}): Pick<Actor, 'organizationIds' | 'groupIds' | 'roles'> {
  return {
    organizationIds: row.memberships.map(({ organizationId }) => organizationId),
    groupIds: row.group_ids,
    roles: heldRoles(row.roles, row.memberships, row.custom_roles.map(defineCustomRole)),
  }
}

/** One line of a token's allow list, on the wire and in the database. */
export const AllowedObject = z.object({ type: z.enum([...resources, '*']), id: z.string().min(1).max(64) })
