import type { Uuid } from '@reeve/base'
import type { AgentApiMessage, TaskStatus } from '@reeve/sdk'
import { type Insertable, type RawBuilder, type Selectable, type SqlBool, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import { wordsOf } from './lifecycle.ts'

/** All SQL of tasks. */

type Kept = Omit<Selectable<Schema['tasks']>, 'snapshot' | 'boundary_policy'>

export interface TaskRow extends Kept {
  readonly organization_name: string
  readonly owner_username: string
  readonly owner_avatar_url: string
  readonly version_name: string
  readonly template_id: Uuid
  readonly template_name: string
  readonly template_display_name: string
  readonly template_icon: string
  readonly workspace_name: string | null
  readonly workspace_deleted_at: Date | null
  readonly build_id: Uuid | null
  readonly build_number: number | null
  readonly build_transition: string | null
  readonly build_reason: string | null
  readonly build_created_at: Date | null
  readonly job_status: string | null
  readonly job_error: string | null
  readonly agent_id: Uuid | null
  readonly agent_lifecycle: string | null
  readonly agent_apps: unknown
  readonly agent_created_at: Date | null
  readonly connection_timeout_seconds: number | null
  readonly first_connected_at: Date | null
  readonly last_connected_at: Date | null
  readonly disconnected_at: Date | null
  readonly app_slug: string | null
  readonly app_health: string | null
  readonly app_status: unknown
  /** `wordOf` what is known of it. */
  readonly word: string
  readonly seconds_used: number
  readonly builds_counted: number
}

/**
 * With the latest build, and with the latest start: through its agent the task is talked to, also while it is asked what
 * was said last.
 */
const tasks = (db: Executor) =>
  db
    .selectFrom('tasks as k')
    .innerJoin('organizations as o', 'o.id', 'k.organization_id')
    .innerJoin('users as u', 'u.id', 'k.owner_id')
    .innerJoin('template_versions as v', 'v.id', 'k.template_version_id')
    .innerJoin('templates as t', 't.id', 'v.template_id')
    .leftJoin('workspaces as w', 'w.id', 'k.workspace_id')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('workspace_builds')
          .selectAll()
          .whereRef('workspace_id', '=', 'k.workspace_id')
          .orderBy('number', 'desc')
          .limit(1)
          .as('b'),
      (join) => join.onTrue(),
    )
    .leftJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
    .leftJoinLateral(
      (from) =>
        from
          .selectFrom('workspace_builds')
          .select(['id', 'task_agent_id', 'task_app_slug'])
          .whereRef('workspace_id', '=', 'k.workspace_id')
          .where('transition', '=', 'start')
          .orderBy('number', 'desc')
          .limit(1)
          .as('s'),
      (join) => join.onTrue(),
    )
    .leftJoin('workspace_agents as a', (join) =>
      join.on(
        'a.id',
        '=',
        sql<Uuid>`coalesce(s.task_agent_id, (select a.id from workspace_agents a
          join workspace_resources r on r.id = a.resource_id where r.build_id = s.id order by a.name limit 1))`,
      ),
    )

const health = sql<
  string | null
>`case when s.task_app_slug is not null then coalesce(a.app_health ->> s.task_app_slug, 'disabled') end`
const word = sql<string>`case when b.id is null then 'none'
  else j.status || '/' || b.transition || '/' || coalesce(a.lifecycle, '') || '/' || coalesce(${health}, '') end`

/** From the end of a start that went well to the next build, or until now. */
const secondsUsed = (now: Date) => sql<number>`(
  select coalesce(floor(sum(extract(epoch from greatest(until - begun, interval '0')))), 0)::bigint
  from (
    select job.completed_at as begun, build.transition, job.status,
      coalesce(lead(build.created_at) over (order by build.number), ${now}::timestamptz) as until
    from workspace_builds build join provisioner_jobs job on job.id = build.job_id
    where build.workspace_id = k.workspace_id) as run
  where transition = 'start' and status = 'succeeded')`

const buildsCounted = sql<number>`(
  select count(*)::int from agent_workspace_builds l where l.task_id = k.id and l.counted)`

/** What it is to do may be long: it is read where somebody may be shown it. */
const shown = (db: Executor, now: Date, { withPrompt = true }: { readonly withPrompt?: boolean } = {}) =>
  tasks(db)
    .select((withPrompt ? sql.ref<string>('k.prompt') : sql<string>`''`).as('prompt'))
    .select([
      'k.id',
      'k.organization_id',
      'k.owner_id',
      'k.name',
      'k.display_name',
      'k.workspace_id',
      'k.template_version_id',
      'k.preset_id',
      'k.template_parameters',
      'k.labels',
      'k.idempotency_key',
      'k.request_sha256',
      'k.token_budget',
      'k.time_limit_seconds',
      'k.on_limit',
      'k.limit_reached',
      'k.tokens_used',
      'k.forked_from',
      'k.snapshot_at',
      'k.last_message',
      'k.noted_phase',
      'k.noted_at',
      'k.active_at',
      'k.created_at',
      'k.updated_at',
      'k.deleted_at',
    ])
    .select(['o.name as organization_name', 'u.username as owner_username', 'u.avatar_url as owner_avatar_url'])
    .select(['v.name as version_name', 't.id as template_id', 't.name as template_name'])
    .select(['t.display_name as template_display_name', 't.icon as template_icon'])
    .select(['w.name as workspace_name', 'w.deleted_at as workspace_deleted_at'])
    .select(['b.id as build_id', 'b.number as build_number', 'b.transition as build_transition'])
    .select(['b.reason as build_reason', 'b.created_at as build_created_at'])
    .select(['j.status as job_status', 'j.error as job_error'])
    .select(['a.id as agent_id', 'a.lifecycle as agent_lifecycle', 'a.apps as agent_apps'])
    .select(['a.created_at as agent_created_at', 'a.connection_timeout_seconds', 'a.first_connected_at'])
    .select(['a.last_connected_at', 'a.disconnected_at', 's.task_app_slug as app_slug', 'a.app_status'])
    .select([health.as('app_health'), word.as('word')])
    .select([secondsUsed(now).as('seconds_used'), buildsCounted.as('builds_counted')])

/** Also one that was deleted. */
export const findTask = (db: Executor, id: Uuid, now: Date): Promise<TaskRow | undefined> =>
  shown(db, now).where('k.id', '=', id).executeTakeFirst()

export const findTaskByName = (db: Executor, ownerId: Uuid, name: string, now: Date): Promise<TaskRow | undefined> =>
  shown(db, now)
    .where('k.owner_id', '=', ownerId)
    .where(sql`lower(k.name)`, '=', name.toLowerCase())
    .where('k.deleted_at', 'is', null)
    .executeTakeFirst()

/** Also one that was deleted since: a key is for one task, for good. */
export const findTaskByKey = (db: Executor, ownerId: Uuid, key: string, now: Date): Promise<TaskRow | undefined> =>
  shown(db, now).where('k.owner_id', '=', ownerId).where('k.idempotency_key', '=', key).executeTakeFirst()

/**
 * Those of which something may have to be told or done. One that rests, as everybody was told, has nothing of that; but
 * what it cost may be on record a little later.
 */
export const selectOpen = (
  db: Executor,
  { now, since }: { readonly now: Date; readonly since: Date },
): Promise<TaskRow[]> =>
  shown(db, now, { withPrompt: false })
    .where('k.noted_phase', '<>', 'deleted')
    .where(
      sql<boolean>`not (k.noted_at < ${since} and k.deleted_at is null and (
        (k.noted_phase = 'paused' and ${word} like 'succeeded/stop/%')
        or (k.noted_phase = 'failed' and (${word} like 'failed/%' or ${word} like 'canceled/%'))))`,
    )
    .orderBy('k.id')
    .execute()

export interface LabelTerm {
  readonly key: string
  /** Null: whatever its value is. */
  readonly value: string | null
}

/** What a list is narrowed to; an empty list narrows nothing. */
export interface TaskFilter {
  readonly owners: readonly string[]
  readonly organizations: readonly string[]
  readonly templates: readonly string[]
  readonly statuses: readonly TaskStatus[]
  /** Each of them, by any of its terms. */
  readonly labels: readonly (readonly LabelTerm[])[]
  readonly words: readonly string[]
}

function conditions({ owners, organizations, templates, statuses, labels, words }: TaskFilter): RawBuilder<SqlBool>[] {
  const among = (column: RawBuilder<unknown>, values: readonly string[]): RawBuilder<SqlBool>[] =>
    values.length === 0 ? [] : [sql`lower(${column}) = any(${values.map((value) => value.toLowerCase())})`]
  return [
    ...among(sql`u.username`, owners),
    ...among(sql`o.name`, organizations),
    ...among(sql`t.name`, templates),
    ...(statuses.length === 0 ? [] : [sql<SqlBool>`${word} = any(${statuses.flatMap(wordsOf)})`]),
    ...labels.map((terms) => sql<SqlBool>`(${sql.join(terms.map(labelled), sql` or `)})`),
    ...words.map(
      (text) => sql<SqlBool>`strpos(lower(k.name || ' ' || k.display_name), ${text.toLowerCase()}::text) > 0`,
    ),
  ]
}

const labelled = ({ key, value }: LabelTerm): RawBuilder<SqlBool> =>
  value === null ? sql`k.labels ? ${key}::text` : sql`k.labels @> ${JSON.stringify({ [key]: value })}::jsonb`

/** The newest first. */
export function selectTasks(
  db: Executor,
  visible: RawBuilder<boolean>,
  filter: TaskFilter,
  { afterId, limit, now }: { readonly afterId: Uuid | null; readonly limit: number; readonly now: Date },
): Promise<TaskRow[]> {
  let found = shown(db, now).where('k.deleted_at', 'is', null).where(visible)
  for (const condition of conditions(filter)) found = found.where(condition)
  return (afterId === null ? found : found.where('k.id', '<', afterId)).orderBy('k.id', 'desc').limit(limit).execute()
}

export async function countTasks(db: Executor, visible: RawBuilder<boolean>, filter: TaskFilter): Promise<number> {
  let found = tasks(db).where('k.deleted_at', 'is', null).where(visible)
  for (const condition of conditions(filter)) found = found.where(condition)
  const { count } = await found.select(sql<number>`count(*)::int`.as('count')).executeTakeFirstOrThrow()
  return count
}

/** How many there are of each word. */
export const countWords = (db: Executor): Promise<{ word: string; count: number }[]> =>
  tasks(db)
    .where('k.deleted_at', 'is', null)
    .select([word.as('word'), sql<number>`count(*)::int`.as('count')])
    .groupBy(word)
    .execute()

/** What its boundaries hold to beside everything else; null for none. */
export async function findBoundaryPolicy(db: Executor, id: Uuid): Promise<string | null> {
  const row = await db.selectFrom('tasks').select('boundary_policy').where('id', '=', id).executeTakeFirst()
  return row?.boundary_policy ?? null
}

export async function insertTask(tx: Tx, row: Insertable<Schema['tasks']>): Promise<void> {
  await tx.insertInto('tasks').values(row).execute()
}

/** False where it was deleted meanwhile. */
export async function updateTaskRow(db: Executor, id: Uuid, set: Updateable<Schema['tasks']>): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('tasks')
    .set(set)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** False where somebody else noted it first: one of several servers tells of it. */
export async function notePhase(
  tx: Tx,
  id: Uuid,
  {
    from,
    to,
    at,
    activeAt,
  }: { readonly from: string; readonly to: string; readonly at: Date; readonly activeAt: Date | null },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('tasks')
    .set({ noted_phase: to, noted_at: at, ...(activeAt === null ? {} : { active_at: activeAt }) })
    .where('id', '=', id)
    .where('noted_phase', '=', from)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

export async function findSnapshot(db: Executor, id: Uuid): Promise<readonly AgentApiMessage[]> {
  const row = await db.selectFrom('tasks').select('snapshot').where('id', '=', id).executeTakeFirst()
  // SAFETY: the column is written by `keepSnapshot` alone, from this type.
  return (row?.snapshot ?? []) as unknown as AgentApiMessage[]
}

/** What its requests cost so far, as far as they are on record. Nothing that was counted is taken back. True: it is more. */
export async function addUpTokens(db: Executor, ids: readonly Uuid[]): Promise<boolean> {
  if (ids.length === 0) return false
  const { numAffectedRows = 0n } = await sql`
    update tasks k set tokens_used = used.tokens
    from tasks as task cross join lateral (
      select least(coalesce(sum(i.input_tokens + i.output_tokens + i.cache_read_tokens + i.cache_write_tokens), 0),
        1e15)::bigint as tokens
      from api_keys key join interceptions i on i.api_key_id = key.id and i.id >= uuidv7_floor(task.created_at)
      where key.workspace_id = task.workspace_id) as used
    where k.id = any(${ids}::uuid[]) and task.id = k.id and used.tokens > k.tokens_used`.execute(db)
  return numAffectedRows > 0n
}

/** The sessions that its workspace had with models, the latest first. */
export async function selectSessionIds(db: Executor, row: TaskRow, limit: number): Promise<Uuid[]> {
  const { rows } = await sql<{ session_id: Uuid }>`
    select i.session_id from api_keys key
    join interceptions i on i.api_key_id = key.id and i.id >= uuidv7_floor(${row.created_at})
    where key.workspace_id = ${row.workspace_id}
    group by i.session_id order by max(i.id::text) desc limit ${limit}`.execute(db)
  return rows.map(({ session_id: id }) => id)
}
