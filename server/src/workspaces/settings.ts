import { Fault, type Uuid } from '@reeve/base'
import { type Actor } from '../access/actor.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { changesOf } from '../templates/events.ts'
import { findTemplate } from '../templates/queries.ts'
import type { Room } from '../templates/room.ts'
import { findVersion } from '../templates/version-queries.ts'
import { askedBy } from './begin-build.ts'
import { type BuildRow, findBuild, selectParameters } from './build-queries.ts'
import { asleep, awake, endsOf } from './deadlines.ts'
import { workspaceChanged } from './events.ts'
import { chooseParameters } from './parameters.ts'
import { findWorkspace, lockWorkspace, type WorkspaceRow } from './queries.ts'
import { workspaceFor } from './reachable.ts'
import { readSchedule } from './schedule.ts'
import { findLasting, noteUse, setEnds, setFavorite, updateWorkspace } from './time-queries.ts'
import type { WorkspaceRoom } from './workspace-room.ts'

/** What holds for a workspace between its builds: its name, its times, whether somebody needs it. */

type Change = Partial<
  Pick<
    WorkspaceRow,
    'name' | 'autostart_schedule' | 'autostart_set_at' | 'ttl_ms' | 'automatic_updates' | 'dormant_at' | 'deleting_at'
  > & { readonly last_used_at: Date }
>

/** The row is this transaction's until it ends; nothing is on record of what does not change. */
async function change(
  room: Room,
  scope: Scope,
  id: Uuid,
  next: (row: WorkspaceRow, now: Date) => Change,
  then?: (tx: Tx, row: WorkspaceRow, now: Date) => Promise<void>,
): Promise<void> {
  const { db, clock } = room
  await workspaceFor(db.sql, signedIn(scope), id, 'workspace:update')
  const now = clock.now()
  await db.transaction(async (tx) => {
    const old = (await lockWorkspace(tx, id)) ? await findWorkspace(tx, id) : undefined
    if (old === undefined) throw new Fault('not_found', 'there is no such workspace')
    const set = next(old, now)
    const { autostart_set_at: _, last_used_at: __, ...told } = set
    const diff = changesOf<object>(old, told)
    if (Object.keys(diff).length === 0) return
    await updateWorkspace(tx, id, { ...set, updated_at: now })
    await appendAudit(tx, { scope, at: now, ...workspaceChanged(old, diff) })
    await then?.(tx, old, now)
  })
}

const refused = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the workspace cannot be changed so', { problems: [{ field, detail }] })

export async function rename(room: Room, scope: Scope, id: Uuid, name: string): Promise<void> {
  await change(room, scope, id, () => ({ name })).catch((thrown: unknown) => {
    if (!isUniqueViolation(thrown, 'workspaces_name')) throw thrown
    throw new Fault('conflict', 'this person has a workspace of this name already', { fix: 'give it another name' })
  })
}

/** The schedule as it is kept; null for none. Throws `invalid` for one that cannot be read. */
export function demandSchedule(text: string): string | null {
  const schedule = text.trim()
  if (schedule === '') return null
  const read = readSchedule(schedule)
  if ('problem' in read) throw refused('schedule', read.problem)
  return schedule
}

export async function setAutostart(
  room: Room,
  scope: Scope,
  id: Uuid,
  given: string | null | undefined,
): Promise<void> {
  const schedule = demandSchedule(given ?? '')
  await change(room, scope, id, (row, now) => {
    if (schedule !== null && !row.allow_user_autostart) {
      throw new Fault('conflict', 'workspaces of this template do not start by themselves')
    }
    return { autostart_schedule: schedule, autostart_set_at: schedule === null ? null : now }
  })
}

export async function setAutomaticUpdates(
  room: Room,
  scope: Scope,
  id: Uuid,
  updates: 'never' | 'always',
): Promise<void> {
  await change(room, scope, id, () => ({ automatic_updates: updates }))
}

/** One that runs has all of its new time from now on. */
export async function setTtl(
  room: WorkspaceRoom,
  scope: Scope,
  id: Uuid,
  ttlMs: number | null | undefined,
): Promise<void> {
  const set = (): Change => ({ ttl_ms: ttlMs ?? null })
  await change(room, scope, id, set, async (tx, row, now) => {
    const lasting = await findLasting(tx, id)
    if (lasting === undefined) return
    if (ttlMs != null && !lasting.template.allowAutostop) {
      throw new Fault('conflict', 'the template says when its workspaces stop')
    }
    const build = await runningBuild(tx, row)
    if (build === undefined) return
    const ends = endsOf(lasting, room.times, now)
    const latest = build.max_deadline
    const deadline = latest !== null && (ends.deadline ?? latest) >= latest ? latest : ends.deadline
    await setEnds(tx, build.id, { ...ends, deadline, max_deadline: latest }, now)
  })
}

/** A build without an end of its own that is on record as a start; its job is looked at by whoever must know. */
async function runningBuild(tx: Tx, { latest_build_id: id }: WorkspaceRow): Promise<BuildRow | undefined> {
  const build = await findBuild(tx, id)
  return build?.transition === 'start' && build.job_status === 'succeeded' ? build : undefined
}

const extendMinMs = 60_000

export async function extend(room: Room, scope: Scope, id: Uuid, text: string): Promise<void> {
  const { db, clock } = room
  await workspaceFor(db.sql, signedIn(scope), id, 'workspace:update')
  const now = clock.now()
  const deadline = new Date(text)
  if (deadline.getTime() < now.getTime() + extendMinMs) throw refused('deadline', 'is not a minute away')
  await db.transaction(async (tx) => {
    const row = (await lockWorkspace(tx, id)) ? await findWorkspace(tx, id) : undefined
    const build = row === undefined ? undefined : await runningBuild(tx, row)
    if (row === undefined || build === undefined) throw new Fault('conflict', 'the workspace does not run')
    const { deadline: before, max_deadline: latest, bump_ms } = build
    if (before === null) throw new Fault('conflict', 'the workspace does not stop by itself')
    if (latest !== null && deadline > latest) {
      throw refused('deadline', `is later than ${latest.toISOString()}, when it has to stop`)
    }
    await setEnds(tx, build.id, { deadline, max_deadline: latest, bump_ms }, now)
    const diff = { deadline: { old: before.toISOString(), new: deadline.toISOString() } }
    await appendAudit(tx, { scope, at: now, ...workspaceChanged(row, diff) })
  })
}

export async function setDormant(room: Room, scope: Scope, id: Uuid, isDormant: boolean): Promise<void> {
  const { delete_ttl_ms: deleteTtl = 0 } = (await templateOf(room, signedIn(scope), id)) ?? {}
  await change(room, scope, id, (row, now) => {
    if ((row.dormant_at !== null) === isDormant) return {}
    return isDormant ? asleep(now, deleteTtl) : awake(now)
  })
}

async function templateOf({ db }: Room, actor: Actor, id: Uuid) {
  const { template_id: templateId } = await workspaceFor(db.sql, actor, id, 'workspace:update')
  return findTemplate(db.sql, templateId)
}

export async function setFavored(room: Room, scope: Scope, id: Uuid, isOne: boolean): Promise<void> {
  const actor = signedIn(scope)
  await workspaceFor(room.db.sql, actor, id, 'workspace:read')
  await setFavorite(room.db.sql, actor.userId, id, isOne)
}

export async function noteUsage(room: Room, scope: Scope, id: Uuid): Promise<void> {
  await workspaceFor(room.db.sql, signedIn(scope), id, 'workspace:application_connect')
  await noteUse(room.db.sql, id, room.clock.now())
}

/** What would keep it from starting by itself: values that the version which it would take asks for. */
export async function resolveAutostart(
  { db }: Room,
  actor: Actor,
  id: Uuid,
): Promise<{ parameter_mismatch: boolean; parameters: string[] }> {
  const row = await workspaceFor(db.sql, actor, id, 'workspace:read')
  const takesActive = row.automatic_updates === 'always' || row.require_active_version
  const version = takesActive ? await findVersion(db.sql, row.active_version_id) : undefined
  if (version === undefined) return { parameter_mismatch: false, parameters: [] }
  const before = await selectParameters(db.sql, row.latest_build_id)
  try {
    chooseParameters({ ...askedBy(version), before, settled: before, given: new Map() })
    return { parameter_mismatch: false, parameters: [] }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'invalid') throw thrown
    const parameters = (thrown.problems ?? []).map(({ field, detail }) => `${field.split('.').at(-1)} ${detail}`)
    return { parameter_mismatch: true, parameters }
  }
}
