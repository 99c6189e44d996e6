import { Fault, isUuid } from '@reeve/base'
import { type ContentRead, ContentReadHow } from '@reeve/sdk'
import { reachesOthers, visibility } from '../access/policy.ts'
import type { Database } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { findUser } from '../identity/queries.ts'
import { type ContentReadRow, findContentReads } from './content-queries.ts'

/**
 * Who read the words of one person: his own for everybody, those of others for whoever may read the audit log, as far as
 * that reaches. Missing and not to be seen look the same.
 */
export async function listContentReads(
  db: Database,
  scope: Scope,
  ref: string,
  query: { readonly limit?: number | undefined; readonly after_id?: string | undefined },
): Promise<{ content_reads: ContentRead[]; count: number }> {
  const actor = signedIn(scope)
  const owner =
    ref === 'me' ? { id: actor.userId } : await findUser(db.sql, isUuid(ref) ? { id: ref } : { username: ref })
  const isOwn = owner?.id === actor.userId
  if (owner === undefined || (!isOwn && !reachesOthers(actor, 'audit_log:read'))) {
    throw new Fault('not_found', 'there is no such user')
  }
  const visible = isOwn ? null : visibility(actor, 'audit_log:read')
  const page = { limit: query.limit ?? 100, afterId: query.after_id ?? null }
  const { rows, count } = await findContentReads(db.sql, owner.id, visible, page)
  return { content_reads: rows.map(present), count }
}

const present = (row: ContentReadRow): ContentRead => ({
  id: row.id,
  reader: {
    id: row.reader_id,
    username: row.reader_username,
    name: row.reader_name,
    avatar_url: row.reader_avatar_url,
  },
  reader_roles: row.reader_roles,
  owner: { id: row.owner_id, username: row.owner_username, name: row.owner_name, avatar_url: row.owner_avatar_url },
  organization_id: row.organization_id,
  session_id: row.session_id,
  interception_id: row.interception_id,
  how: ContentReadHow.parse(row.how),
  reason: row.reason,
  first_at: row.first_at.toISOString(),
  last_at: row.last_at.toISOString(),
  times: row.times,
  request_id: row.request_id,
})
