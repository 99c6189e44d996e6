import type { Action, Grantable } from '@reeve/sdk'
import { type RawBuilder, sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { type AccessList, type AccessObject, allows, visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'

/**
 * Who may do what with a template. One that is for everyone goes by roles alone: workspace access lets its holders use
 * it. One that is not is for those on its access list, for those who administer templates where it is, and for those who
 * read the whole deployment's.
 */

export interface TemplateObject {
  readonly id: string
  readonly organization_id: string
  readonly everyone: boolean
  readonly access_list: unknown
}

export type TemplateRole = 'use' | 'admin'

export const roleActions: Readonly<Record<TemplateRole, readonly Action[]>> = {
  use: ['read', 'use'],
  admin: ['read', 'use', 'update', 'delete'],
}

export const roleOf = (actions: readonly string[]): TemplateRole => (actions.includes('update') ? 'admin' : 'use')

export const accessListOf = ({ access_list: list }: Pick<TemplateObject, 'access_list'>): AccessList =>
  // SAFETY: the column is written by this room alone, from this type.
  list as AccessList

const objectOf = (row: TemplateObject): AccessObject => ({ id: row.id, organizationId: row.organization_id })

export function mayWithTemplate(actor: Actor, permission: Grantable, row: TemplateObject): boolean {
  const object = objectOf(row)
  if (row.everyone && allows(actor, permission, object)) return true
  if (!row.everyone && allows(actor, permission, object)) {
    if (allows(actor, 'template:update', object) || visibility(actor, permission).everything) return true
  }
  // Only the list is left: an object of no organization is reached by no role but those that read everything.
  return allows(actor, permission, { id: row.id, accessList: accessListOf(row) })
}

/** The same for all templates at once; a test holds the two together. */
export function visibleTemplates(actor: Actor): RawBuilder<boolean> {
  const read = visibility(actor, 'template:read')
  const columns = { id: sql`t.id`, owner: null, organization: sql`t.organization_id`, accessList: null }
  const byRole = visibleRows(read, columns)
  const asAdmin = visibleRows(visibility(actor, 'template:update'), columns)
  const listed = visibleRows(
    { ...read, everything: false, organizationIds: [] },
    { ...columns, organization: null, accessList: sql`t.access_list` },
  )
  const restricted = read.everything ? byRole : sql<boolean>`(${byRole} and ${asAdmin})`
  return sql<boolean>`((t.everyone and ${byRole}) or (not t.everyone and ${restricted}) or ${listed})`
}
