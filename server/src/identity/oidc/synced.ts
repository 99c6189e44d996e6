import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor } from '../../db/database.ts'

/**
 * What the identity provider decides about, so that a change by hand would be undone within minutes: whoever is about to
 * make one asks here, and refuses. Groups say it themselves: their `source` is `oidc`.
 */

/** Whether the provider decides about the roles that the user holds everywhere (null), or in the organization. */
export async function syncedRoles(db: Executor, userId: Uuid, organizationId: Uuid | null): Promise<boolean> {
  const links = db.selectFrom('user_links').select('id').where('user_id', '=', userId)
  if (organizationId === null) {
    return (await links.where('syncs_site_roles', '=', true).executeTakeFirst()) !== undefined
  }
  const settings = db
    .selectFrom('idp_sync_settings')
    .select('kind')
    .where('kind', '=', 'roles')
    .where('organization_id', '=', organizationId)
    .where(sql<boolean>`settings ->> 'field' <> ''`)
  return (await links.where(({ exists }) => exists(settings)).executeTakeFirst()) !== undefined
}

/** Whether the provider decides about the organizations that the user is a member of. */
export async function syncedMemberships(db: Executor, userId: Uuid): Promise<boolean> {
  const links = db.selectFrom('user_links').select('id').where('user_id', '=', userId)
  return (await links.where('syncs_organizations', '=', true).executeTakeFirst()) !== undefined
}
