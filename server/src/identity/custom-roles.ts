import type { Uuid } from '@reeve/base'
import { type Grantable, isGrantable, resources } from '@reeve/sdk'
import { z } from 'zod'
import type { RoleDefinition } from '../access/built-in-roles.ts'

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

/** What an older version stored and this one does not know grants nothing. */
const known = (permissions: readonly string[]): ReadonlySet<Grantable> => new Set(permissions.filter(isGrantable))

export function defineCustomRole(row: CustomRoleRow): RoleDefinition & { readonly organizationId: Uuid | null } {
  return {
    organizationId: row.organization_id,
    name: row.name,
    displayName: row.display_name === '' ? row.name : row.display_name,
    description: row.description,
    level: row.organization_id === null ? 'site' : 'organization',
    site: row.organization_id === null ? known(row.site_permissions) : new Set(),
    organization: row.organization_id === null ? new Set() : known(row.organization_permissions),
    own: known(row.own_permissions),
  }
}

/** One line of a token's allow list, on the wire and in the database. */
export const AllowedObject = z.object({ type: z.enum([...resources, '*']), id: z.string().min(1).max(64) })
