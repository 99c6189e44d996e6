import { Fault, isUuid, type Uuid, uuidv7 } from '@reeve/base'
import type { Grantable, Workspace } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { resolveUser } from '../identity/identity.ts'
import { findUser } from '../identity/queries.ts'
import { findTemplate } from '../templates/queries.ts'
import type { Room } from '../templates/room.ts'
import { templateFor } from '../templates/templates.ts'
import { findVersion } from '../templates/version-queries.ts'
import { beginBuild, type Values } from './begin-build.ts'
import { selectBuildsById } from './build-queries.ts'
import { presentBuilds } from './builds.ts'
import { workspaceCreated } from './events.ts'
import { presentWorkspace } from './present.ts'
import {
  countWorkspaces,
  findWorkspace,
  findWorkspaceByName,
  insertWorkspace,
  selectLastSaid,
  selectWorkspaces,
  type WorkspaceRow,
} from './queries.ts'
import { objectOf } from './reachable.ts'
import { readSearch } from './search.ts'
import { demandSchedule } from './settings.ts'
import { selectFavorites } from './time-queries.ts'

/** Workspaces: made, listed and found. What is done to one is a build of it. */

const missing = (): Fault => new Fault('not_found', 'there is no such workspace')

async function presentAll(room: Room, actor: Actor, rows: readonly WorkspaceRow[]): Promise<Workspace[]> {
  const latest = await selectBuildsById(
    room.db.sql,
    rows.map(({ latest_build_id: id }) => id),
  )
  const ids = rows.map(({ id }) => id)
  const [favorites, lastSaid] = await Promise.all([
    selectFavorites(room.db.sql, actor.userId, ids),
    selectLastSaid(room.db.sql, ids),
  ])
  const now = room.clock.now()
  const builds = new Map((await presentBuilds(room, latest)).map((build) => [build.id, build]))
  return rows.flatMap((row) => {
    const build = builds.get(row.latest_build_id)
    const more = { said: lastSaid.get(row.id), isFavorite: favorites.has(row.id), now }
    return build === undefined ? [] : [presentWorkspace(row, build, more)]
  })
}

async function presentOne(room: Room, actor: Actor, row: WorkspaceRow | undefined): Promise<Workspace> {
  if (row === undefined || !allows(actor, 'workspace:read', objectOf(row))) throw missing()
  const [shown] = await presentAll(room, actor, [row])
  if (shown === undefined) throw missing()
  return shown
}

export const workspaceById = async (room: Room, actor: Actor, id: Uuid): Promise<Workspace> =>
  presentOne(room, actor, await findWorkspace(room.db.sql, id))

export async function workspaceByName(room: Room, actor: Actor, ref: string, name: string): Promise<Workspace> {
  const { sql: db } = room.db
  const by = ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref }
  const owner = await findUser(db, by)
  return presentOne(room, actor, owner === undefined ? undefined : await findWorkspaceByName(db, owner.id, name))
}

export async function listWorkspaces(
  room: Room,
  actor: Actor,
  query: {
    readonly q?: string | undefined
    readonly after_id?: string | undefined
    readonly limit?: number | undefined
  },
): Promise<{ workspaces: Workspace[]; count: number }> {
  const { q = '', after_id: afterId = null, limit = 25 } = query
  const filter = readSearch(q, actor.username)
  const visible = visibleRows(visibility(actor, 'workspace:read'), {
    id: sql`w.id`,
    owner: sql`w.owner_id`,
    organization: sql`w.organization_id`,
    accessList: sql`w.access_list`,
  })
  const [rows, count] = await Promise.all([
    selectWorkspaces(room.db.sql, visible, filter, { afterId, limit }),
    countWorkspaces(room.db.sql, visible, filter),
  ])
  return { workspaces: await presentAll(room, actor, rows), count }
}

interface NewWorkspace extends Values {
  readonly name: string
  readonly template_id?: string | undefined
  readonly template_version_id?: string | undefined
  readonly reason?: string | undefined
  readonly autostart_schedule?: string | null | undefined
  readonly ttl_ms?: number | null | undefined
  readonly automatic_updates?: 'never' | 'always' | undefined
}

export interface MadeWorkspace {
  readonly id: Uuid
  readonly organization_id: Uuid
  readonly owner_id: Uuid
  readonly name: string
  readonly created_at: Date
}

/** `within` is done in the transaction that makes it, before its first build is begun. */
export async function createWorkspace(
  room: Room,
  scope: Scope,
  ref: string,
  given: NewWorkspace,
  within?: (tx: Tx, made: MadeWorkspace) => Promise<void>,
): Promise<Workspace> {
  const { db, clock } = room
  const actor = signedIn(scope)
  const owner = await resolveUser(db.sql, actor, ref, 'user:read')
  const template = await templateFor(room, actor, await templateIdOf(room, given), 'template:use')
  demand(actor, 'workspace:create', { ownerId: owner.id, organizationId: template.organization_id })
  if (!owner.organization_ids.includes(template.organization_id)) {
    throw new Fault('conflict', 'the owner is no member of the organization of the template')
  }
  if (template.deprecation_message !== '') {
    throw new Fault('conflict', `no new workspaces are made of this template: ${template.deprecation_message}`)
  }
  const versionId = given.template_version_id ?? template.active_version_id
  if (template.require_active_version && versionId !== template.active_version_id) {
    await templateFor(room, actor, template.id, 'template:update')
  }
  const now = clock.now()
  const row = {
    id: uuidv7(now),
    organization_id: template.organization_id,
    owner_id: owner.id,
    template_id: template.id,
    name: given.name,
    ...timesOf(given, now),
    last_used_at: now,
    created_at: now,
    updated_at: now,
  }
  const work = db.transaction(async (tx) => {
    await insertWorkspace(tx, row)
    // From here on the template waits for us; it may have gone just before.
    if ((await findTemplate(tx, template.id)) === undefined) throw new Fault('not_found', 'there is no such template')
    await appendAudit(tx, { scope, at: now, ...workspaceCreated(row) })
    await within?.(tx, row)
    const { reason = 'initiator' } = given
    const values = given
    await beginBuild(tx, scope, { workspace: row, transition: 'start', versionId, values, reason, orphan: false, now })
  })
  await work.catch(refuseTakenName)
  const made = await findWorkspace(db.sql, row.id)
  if (made === undefined) throw missing()
  const [shown] = await presentAll(room, actor, [made])
  if (shown === undefined) throw missing()
  return shown
}

function timesOf({ autostart_schedule: schedule, ttl_ms: ttlMs, automatic_updates: updates }: NewWorkspace, now: Date) {
  const autostart = demandSchedule(schedule ?? '')
  return {
    autostart_schedule: autostart,
    autostart_set_at: autostart === null ? null : now,
    ttl_ms: ttlMs ?? null,
    automatic_updates: updates ?? 'never',
  }
}

/** Of a version that is no template's nothing can be made, and it is told to nobody here. */
async function templateIdOf({ db }: Room, given: NewWorkspace): Promise<Uuid> {
  const { template_id: id, template_version_id: versionId } = given
  if (id !== undefined) return id
  if (versionId === undefined) {
    const problems = [{ field: 'template_id', detail: 'is needed, or one of its versions' }]
    throw new Fault('invalid', 'the workspace cannot be made', { problems })
  }
  const version = await findVersion(db.sql, versionId)
  if (version?.template_id == null) throw new Fault('not_found', 'there is no such template')
  return version.template_id
}

function demand(actor: Actor, needs: Grantable, object: Parameters<typeof allows>[2]): void {
  if (allows(actor, needs, object)) return
  throw new Fault('forbidden', 'this credential may not do that', {
    fix: `needs the permission ${needs} there, from a role and the scope of the token`,
  })
}

function refuseTakenName(thrown: unknown): never {
  if (!isUniqueViolation(thrown, 'workspaces_name')) throw thrown
  throw new Fault('conflict', 'this person has a workspace of this name already', { fix: 'give it another name' })
}
