import { type RawBuilder, sql } from 'kysely'
import type { Visibility } from './policy.ts'

/** Where a table keeps what access is decided by. Null where it has no such thing. */
export interface AccessColumns {
  readonly id: RawBuilder<unknown>
  readonly owner: RawBuilder<unknown> | null
  readonly organization: RawBuilder<unknown> | null
  /** jsonb: `{users: {id: [action]}, groups: {id: [action]}}`. */
  readonly accessList: RawBuilder<unknown> | null
}

/**
 * The condition under which a row is visible. Null, where a row has no owner or organization, means that it is not. It is
 * not wrapped into anything, so that an index of owners serves who sees only their own.
 */
export function visibleRows(visible: Visibility, columns: AccessColumns): RawBuilder<boolean> {
  const reasons: RawBuilder<boolean>[] = []
  const { id, owner, organization, accessList } = columns
  if (visible.everything) reasons.push(sql`true`)
  if (organization !== null && visible.organizationIds.length > 0) {
    reasons.push(sql`${organization} = any(${visible.organizationIds}::uuid[])`)
  }
  if (owner !== null && visible.own.within === 'anywhere') reasons.push(sql`${owner} = ${visible.own.ownerId}::uuid`)
  else if (owner !== null && organization !== null && visible.own.within.length > 0) {
    reasons.push(
      sql`(${owner} = ${visible.own.ownerId}::uuid and ${organization} = any(${visible.own.within}::uuid[]))`,
    )
  }
  if (accessList !== null && visible.listed.action !== '') {
    const { userId, groupIds, action } = visible.listed
    reasons.push(sql`(${accessList} -> 'users' -> ${userId}::text ? ${action}::text or exists (
      select from unnest(${groupIds}::text[]) as g(id) where ${accessList} -> 'groups' -> g.id ? ${action}::text))`)
  }
  const any = reasons.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(reasons, sql` or `)})`
  return visible.ids === 'any' ? any : sql<boolean>`(${any} and ${id}::text = any(${visible.ids}::text[]))`
}
