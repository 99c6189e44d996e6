import type { Uuid } from '@reeve/base'
import type { BuildsOfDay, BuildTrigger } from '@reeve/sdk'
import { type RawBuilder, type Selectable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of the meter. */

export type BuildRow = Selectable<Schema['agent_workspace_builds']>

/**
 * False when it was there already. Never stamped before what the deployment has seen: a clock that was set back puts
 * nothing into a period that is over.
 */
export async function insertBuild(tx: Tx, row: BuildRow): Promise<boolean> {
  const { recorded_at, ...rest } = row
  const columns = Object.keys(rest).map((name) => sql.ref(name))
  const { rows } = await sql<{ build_id: Uuid }>`
    with recorded as (
      insert into agent_workspace_builds (recorded_at, ${sql.join(columns)})
      values (greatest(${recorded_at}::timestamptz, (select seen_at from license_clock)), ${sql.join(Object.values(rest))})
      on conflict (build_id) do nothing
      returning *),
    added as (
      insert into agent_workspace_builds_daily as d (day, organization_id, template_id, owner_id, trigger, builds)
      select (recorded_at at time zone 'UTC')::date, organization_id, template_id, owner_id, trigger, 1
      from recorded where counted
      on conflict (day, organization_id, template_id, owner_id, trigger) do update set builds = d.builds + 1)
    select build_id from recorded`.execute(tx)
  return rows.length > 0
}

export interface BuildFilter {
  readonly organization: string | null
  readonly template: string | null
  readonly owner: string | null
  readonly trigger: BuildTrigger | null
}

export interface LedgerFilter extends BuildFilter {
  readonly counted: 'yes' | 'no' | 'all'
  readonly from: Date | null
  readonly to: Date | null
}

type Condition = RawBuilder<unknown>

/** The ledger and the sums by the day have these columns alike; a name is looked up as it was at any time. */
function common(visible: Visibility, { organization, template, owner, trigger }: BuildFilter): Condition[] {
  const named = (what: 'organization' | 'template' | 'owner', given: string | null): Condition[] => {
    if (given === null) return []
    const [id, name] = [sql.ref(`l.${what}_id`), sql.ref(`l.${what}_name`)]
    // An array is found once; a join is what the planner would order by the time first and repeat for each row.
    return [
      sql`b.${sql.ref(`${what}_id`)} = any(array(select distinct ${id} from agent_workspace_builds l
        where ${id}::text = lower(${given}) or lower(${name}) = lower(${given})))`,
    ]
  }
  return [
    visibleRows(visible, {
      // A credential that is bound to some ids is bound to none of it: usage has no ids.
      id: sql`null`,
      owner: sql`b.owner_id`,
      organization: sql`b.organization_id`,
      accessList: null,
    }),
    ...named('organization', organization),
    ...named('template', template),
    ...named('owner', owner),
    ...(trigger === null ? [] : [sql`b.trigger = ${trigger}`]),
  ]
}

const inLedger = (visible: Visibility, filter: LedgerFilter): Condition =>
  sql.join(
    [
      ...common(visible, filter),
      ...(filter.counted === 'all' ? [] : [sql`b.counted = ${filter.counted === 'yes'}`]),
      ...(filter.from === null ? [] : [sql`b.recorded_at >= ${filter.from}`]),
      ...(filter.to === null ? [] : [sql`b.recorded_at < ${filter.to}`]),
    ],
    sql` and `,
  )

/** Newest first. */
export async function selectBuilds(
  db: Executor,
  visible: Visibility,
  filter: LedgerFilter,
  { limit, afterId }: { readonly limit: number; readonly afterId: Uuid | null },
): Promise<BuildRow[]> {
  const after =
    afterId === null
      ? sql`true`
      : sql`(b.recorded_at, b.build_id) < (select recorded_at, build_id from agent_workspace_builds where build_id = ${afterId})`
  const { rows } = await sql<BuildRow>`
    select b.* from agent_workspace_builds b where ${inLedger(visible, filter)} and ${after}
    order by b.recorded_at desc, b.build_id desc limit ${limit}`.execute(db)
  return rows
}

export async function countBuilds(
  db: Executor,
  visible: Visibility,
  filter: LedgerFilter,
  max: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from agent_workspace_builds b where ${inLedger(visible, filter)} limit ${max}) as found`.execute(db)
  return rows[0]?.count ?? 0
}

/** Each day from the first to the last, both as they are written in a date. */
export async function selectDays(
  db: Executor,
  visible: Visibility,
  filter: BuildFilter,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<BuildsOfDay[]> {
  const { rows } = await sql<BuildsOfDay>`
    select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(sum(b.builds), 0)::bigint as builds
    from generate_series(${from}::date::timestamp, ${to}::date::timestamp, interval '1 day') as days (day)
    left join agent_workspace_builds_daily b
      on b.day = days.day::date and ${sql.join(common(visible, filter), sql` and `)}
    group by 1 order by 1`.execute(db)
  return rows
}

/** Of everybody: from the day of UTC of this instant on, for good. Nothing is ahead of the present. */
export async function sumSince(db: Executor, since: Date): Promise<number> {
  const { rows } = await sql<{ builds: number }>`
    select coalesce(sum(builds), 0)::bigint as builds from agent_workspace_builds_daily
    where day >= (${since}::timestamptz at time zone 'UTC')::date`.execute(db)
  return rows[0]?.builds ?? 0
}
