import type { Uuid } from '@reeve/base'
import type { UsageGroupBy } from '@reeve/sdk'
import { type RawBuilder, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Executor } from '../db/database.ts'
import { type TokenColumns, tokenColumns } from '../gateway/record/token-classes.ts'

/** All SQL of usage. The drain writes the table that it reads, in `gateway/drain/queries.ts`. */

export interface Period {
  readonly from: Date
  readonly to: Date
}

/** Dates begin with the day in the zone; without a beginning it is 30 days, of which the last is that of the end. */
export async function findPeriod(
  db: Executor,
  asked: { readonly from: string | null; readonly to: string | null; readonly zone: string; readonly now: Date },
): Promise<Period> {
  const { zone, now } = asked
  const moment = (text: string): RawBuilder<Date> =>
    /^\d{4}-\d\d-\d\d$/.test(text)
      ? sql`(${text}::date::timestamp at time zone ${zone}::text)`
      : sql`${new Date(text)}::timestamptz`
  const to = asked.to === null ? sql`${now}::timestamptz` : moment(asked.to)
  const lately = sql`(((${to} - interval '1 microsecond') at time zone ${zone}::text)::date - 29)::timestamp at time zone ${zone}::text`
  const from = asked.from === null ? lately : moment(asked.from)
  const { rows } = await sql<Period>`select ${from} as "from", ${to} as "to"`.execute(db)
  return rows[0]!
}

export interface UsageFilter extends Period {
  readonly zone: string
  readonly groupBy: UsageGroupBy
  readonly user: string | null
  readonly group: Uuid | null
  readonly organization: string | null
  readonly model: string | null
  readonly provider: string | null
  readonly client: string | null
}

/** Whose usage somebody may see, and which groups he may see people to be in. */
export interface UsageSight {
  readonly rows: Visibility
  readonly groups: Visibility
}

export interface CountRow extends TokenColumns {
  readonly part: 'total' | 'row' | 'other'
  readonly key: string | null
  readonly name: string | null
  /** How many rows are in it. */
  readonly count: number
  readonly requests: number
  readonly errors: number
}

/** A sum that fits a number, with three others like it as well, whatever providers have stated. */
const sumMax = 1e15

const summed = (): RawBuilder<unknown> =>
  sql.join(
    ['requests', 'errors', ...Object.values(tokenColumns)].map(
      (name) => sql`least(coalesce(sum(${sql.ref(name)}), 0), ${sumMax}::numeric)::bigint as ${sql.ref(name)}`,
    ),
  )

/** The total and the rows are read by one statement: what the drain adds meanwhile is in both or in neither. */
export async function findUsage(
  db: Executor,
  sight: UsageSight,
  filter: UsageFilter,
  top: number,
): Promise<readonly CountRow[]> {
  const { key, name, from } = grouping(sight, filter)
  const isTime = filter.groupBy === 'day' || filter.groupBy === 'hour'
  const order = isTime
    ? sql`key`
    : sql`input_tokens + cache_read_tokens + cache_write_tokens + output_tokens desc, requests desc, key`
  const { rows } = await sql<CountRow>`
    with used as materialized (select u.* from usage_hourly u where ${matching(sight, filter)}),
    keyed as (select ${key} collate "C" as key, max(${name}) as name, ${summed()} from ${from} group by 1),
    ranked as (select *, row_number() over (order by ${order}) as rank from keyed)
    select 'total' as part, null as key, null as name, 1 as count, 0 as rank, ${summed()} from used
    union all
    select case when rank <= ${top} then 'row' else 'other' end, case when rank <= ${top} then key end,
      case when rank <= ${top} then name end, count(*)::int, min(rank), ${summed()}
    from ranked group by 1, 2, 3
    order by rank`.execute(db)
  return rows
}

function matching(sight: UsageSight, filter: UsageFilter): RawBuilder<unknown> {
  const { from, to, user, group, organization, model, provider, client } = filter
  const conditions: RawBuilder<unknown>[] = [
    sql`u.hour >= ${from} and u.hour < ${to}`,
    visibleRows(sight.rows, {
      // Usage has no ids; a credential that is bound to some ids is bound to none of it.
      id: sql`null`,
      owner: sql`u.user_id`,
      organization: sql`u.organization_id`,
      accessList: null,
    }),
  ]
  if (user !== null) {
    conditions.push(
      sql`u.user_id in (select id from users where id::text = lower(${user}) or lower(username) = lower(${user}))`,
    )
  }
  if (organization !== null) {
    conditions.push(
      sql`u.organization_id in (select id from organizations where id::text = lower(${organization}) or lower(name) = lower(${organization}))`,
    )
  }
  if (group !== null) {
    conditions.push(sql`exists (select from group_members m join groups g on g.id = m.group_id where g.id = ${group}::uuid
      and m.user_id = u.user_id and g.organization_id = u.organization_id and ${mayKnow(sight)})`)
  }
  if (model !== null) conditions.push(sql`u.model = ${model}`)
  if (provider !== null) conditions.push(sql`${provider} in (u.provider, u.provider_name)`)
  if (client !== null) conditions.push(sql`lower(u.client) = lower(${client})`)
  return sql.join(conditions, sql` and `)
}

/** That somebody is in a group, `m` in `g`, is known to whoever may read groups there, and to himself. */
const mayKnow = ({ rows, groups }: UsageSight): RawBuilder<unknown> =>
  sql`(m.user_id = ${rows.own.ownerId}::uuid or ${visibleRows(groups, {
    id: sql`g.id`,
    owner: null,
    organization: sql`g.organization_id`,
    accessList: null,
  })})`

interface Grouping {
  readonly key: RawBuilder<unknown>
  readonly name: RawBuilder<unknown>
  readonly from: RawBuilder<unknown>
}

function grouping(sight: UsageSight, { groupBy, from, to, zone }: UsageFilter): Grouping {
  const named = (name: string): Grouping => ({
    key: sql.ref(`used.${name}`),
    name: sql.ref(`used.${name}`),
    from: sql`used`,
  })
  const inTime = (key: RawBuilder<unknown>): Grouping => ({
    key,
    name: key,
    from: sql`generate_series(date_trunc('hour', ${from}::timestamptz + interval '3599999999 microseconds', 'UTC'),
      ${to}::timestamptz - interval '1 microsecond', '1 hour') as hours (h) left join used on used.hour = hours.h`,
  })
  switch (groupBy) {
    case 'model':
      return named('model')
    case 'provider':
      return named('provider_name')
    case 'client':
      return named('client')
    case 'day':
      return inTime(sql`to_char(h at time zone ${zone}::text, 'YYYY-MM-DD')`)
    case 'hour':
      return inTime(sql`to_char(h at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`)
    case 'user':
      return {
        key: sql`used.user_id::text`,
        name: sql`coalesce(p.username, '')`,
        from: sql`used left join users p on p.id = used.user_id`,
      }
    case 'organization':
      return {
        key: sql`used.organization_id::text`,
        name: sql`coalesce(nullif(o.display_name, ''), o.name, '')`,
        from: sql`used left join organizations o on o.id = used.organization_id`,
      }
    case 'group':
      return {
        key: sql`coalesce(found.id::text, '')`,
        name: sql`coalesce(nullif(found.display_name, ''), found.name, '')`,
        from: sql`used left join lateral (
          select g.id, g.name, g.display_name from group_members m join groups g on g.id = m.group_id
          where m.user_id = used.user_id and g.organization_id = used.organization_id and ${mayKnow(sight)}) as found on true`,
      }
  }
}
