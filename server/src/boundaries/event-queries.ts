import { type Uuid, uuidv7Floor } from '@reeve/base'
import { type Selectable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor } from '../db/database.ts'
import { type Condition, type Place, placeColumns } from './session-queries.ts'

/** SQL of reading what boundaries decided. The table of a condition is `e`. */

export interface EventRow extends Selectable<Schema['boundary_events']>, Place {
  readonly username: string
  readonly name: string
  readonly avatar_url: string
}

/** Whose they are, beside what they say. */
export const ownerColumns = sql`u.username, u.name, u.avatar_url,
  ${sql.join(placeColumns.map((name) => sql.ref(`s.${name}`)))}`

const owned = sql`e.*, ${ownerColumns} from boundary_events e
  join users u on u.id = e.user_id join boundary_sessions s on s.id = e.session_id`

/** How far back a page looks before it looks further: a plan of every day costs more than the page. */
const stretchDays = [2, 30]
const dayMs = 86_400_000

export async function selectEvents(
  db: Executor,
  where: Condition,
  { limit, afterId, now }: { readonly limit: number; readonly afterId: Uuid | null; readonly now: Date },
): Promise<EventRow[]> {
  const found: EventRow[] = []
  let below = afterId ?? uuidv7Floor(new Date(now.getTime() + 60_000))
  for (const days of [...stretchDays, null]) {
    const from = days === null ? null : uuidv7Floor(new Date(now.getTime() - days * dayMs))
    if (from !== null && from >= below) continue
    const { rows } = await sql<EventRow>`select ${owned}
      where ${where} and e.id < ${below}::uuid and ${from === null ? sql`true` : sql`e.id >= ${from}::uuid`}
      order by e.id desc limit ${limit - found.length}`.execute(db)
    found.push(...rows)
    if (from === null || found.length >= limit) break
    below = from
  }
  return found
}

export async function countEvents(db: Executor, where: Condition, max: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (select from boundary_events e where ${where} limit ${max + 1}) as found`.execute(
    db,
  )
  return rows[0]?.count ?? 0
}

export async function findDenial(db: Executor, denial: string, where: Condition): Promise<EventRow | undefined> {
  const { rows } = await sql<EventRow>`select ${owned}
    where e.denial = ${denial} and ${where} order by e.id limit 1`.execute(db)
  return rows[0]
}

export interface IdenticalRow {
  readonly organization_id: Uuid
  readonly kind: string
  readonly host: string | null
  readonly port: number | null
  readonly method: string | null
  readonly path: string | null
  readonly object: string | null
  readonly count: number
  readonly people: number
}

/** What was denied at these hosts, and of what has no host, to anybody of the organizations; each thing once. */
export async function selectIdentical(
  db: Executor,
  {
    organizationIds,
    hosts,
    since,
  }: { readonly organizationIds: readonly Uuid[]; readonly hosts: readonly string[]; readonly since: Date },
): Promise<IdenticalRow[]> {
  const { rows } = await sql<IdenticalRow>`
    select organization_id, kind, host, port, method, path, object, sum(times)::bigint as count,
      count(distinct user_id)::int as people
    from boundary_events
    where id >= uuidv7_floor(${since}) and denial is not null and kind <> 'access' and organization_id = any(${organizationIds}::uuid[])
      and (host = any(${hosts}::text[]) or host is null)
    group by organization_id, kind, host, port, method, path, object
    order by count desc limit 5000`.execute(db)
  return rows
}

/** Whether the organization had to do with the host before an instant. */
export async function isKnownHost(db: Executor, event: EventRow, before: Date, since: Date): Promise<boolean> {
  const { rows } = await sql<{ known: boolean }>`
    select exists (select from boundary_events where id >= uuidv7_floor(${since}) and id < uuidv7_floor(${before})
      and host = ${event.host} and organization_id = ${event.organization_id}) as known`.execute(db)
  return rows[0]?.known === true
}

const verdicts = sql`
  coalesce(sum(e.times) filter (where e.decision = 'allow' and e.would = 'allow'), 0)::bigint as allowed,
  coalesce(sum(e.times) filter (where e.decision = 'deny'), 0)::bigint as denied,
  coalesce(sum(e.times) filter (where e.decision = 'allow' and e.would <> 'allow'), 0)::bigint as observed`

export interface DestinationRow {
  readonly host: string
  readonly first_seen: Date
  readonly last_seen: Date
  readonly allowed: number
  readonly denied: number
  readonly observed: number
  readonly people: number
  readonly bytes_up: number
  readonly bytes_down: number
}

export async function selectDestinations(
  db: Executor,
  where: Condition,
  since: Date,
  limit: number,
): Promise<{ readonly rows: DestinationRow[]; readonly count: number }> {
  const { rows } = await sql<DestinationRow & { hosts: number }>`
    select e.host, min(e.at) as first_seen, max(e.at) as last_seen, ${verdicts}, count(distinct e.user_id)::int as people,
      sum(e.bytes_up)::bigint as bytes_up, sum(e.bytes_down)::bigint as bytes_down, (count(*) over ())::int as hosts
    from boundary_events e
    where e.host is not null and e.id >= uuidv7_floor(${since}) and ${where}
    group by e.host order by sum(e.times) desc, e.host limit ${limit}`.execute(db)
  return { rows, count: rows[0]?.hosts ?? 0 }
}

export interface HitsRow {
  readonly policy: string
  readonly version: number | null
  readonly rule: string
  readonly hits: number
  readonly denied: number
  readonly last_hit: Date
}

export async function selectHits(db: Executor, where: Condition, since: Date, limit: number): Promise<HitsRow[]> {
  const { rows } = await sql<HitsRow>`
    select coalesce(e.policy_name, '') as policy, max(e.policy_version) as version, e.rule, sum(e.times)::bigint as hits,
      coalesce(sum(e.times) filter (where e.decision = 'deny'), 0)::bigint as denied, max(e.at) as last_hit
    from boundary_events e
    where e.kind in ('net', 'dns', 'file', 'exec') and e.id >= uuidv7_floor(${since}) and ${where}
    group by 1, e.rule order by hits desc, policy, e.rule limit ${limit}`.execute(db)
  return rows
}

export async function selectBuckets(
  db: Executor,
  where: Condition,
  { from, to, stepSeconds }: { readonly from: Date; readonly to: Date; readonly stepSeconds: number },
): Promise<{ step: number; allowed: number; denied: number; observed: number }[]> {
  const { rows } = await sql<{ step: number; allowed: number; denied: number; observed: number }>`
    select floor(extract(epoch from e.at - ${from}::timestamptz) / ${stepSeconds}::int)::int as step, ${verdicts}
    from boundary_events e
    where e.kind in ('net', 'dns', 'file', 'exec') and e.at >= ${from} and e.at < ${to}
      and e.id >= uuidv7_floor(${from}) and e.id < uuidv7_floor(${to}::timestamptz + interval '1 second') and ${where}
    group by 1 order by 1`.execute(db)
  return rows
}

/** What was asked for and decided, each kind of it once with how often, and one line as an example. */
export interface ReplayRow {
  readonly kind: string
  readonly would: string
  readonly host: string | null
  readonly port: number | null
  readonly method: string | null
  readonly path: string | null
  readonly object: string | null
  readonly count: number
  readonly people: number
  readonly last: Date
  readonly line: string
}

export async function selectForReplay(
  db: Executor,
  where: Condition,
  since: Date,
  limit: number,
): Promise<ReplayRow[]> {
  const { rows } = await sql<ReplayRow>`
    select e.kind, e.would, e.host, e.port, e.method, e.path, e.object, sum(e.times)::bigint as count,
      count(distinct e.user_id)::int as people, max(e.at) as last, max(e.line) as line
    from boundary_events e
    where e.kind in ('net', 'exec') and e.id >= uuidv7_floor(${since}) and ${where}
    group by e.kind, e.would, e.host, e.port, e.method, e.path, e.object, e.process
    order by count desc limit ${limit}`.execute(db)
  return rows
}

/** Of one session in order, for whoever reads it as Coder's clients do. */
export async function selectBySeq(
  db: Executor,
  session: { readonly id: Uuid; readonly started_at: Date },
  { after, before, limit }: { readonly after: number; readonly before: number | null; readonly limit: number },
): Promise<Selectable<Schema['boundary_events']>[]> {
  return db
    .selectFrom('boundary_events')
    .selectAll()
    .where('session_id', '=', session.id)
    .where('id', '>=', uuidv7Floor(session.started_at))
    .where('seq', '>', after)
    .where(before === null ? sql<boolean>`true` : sql<boolean>`seq < ${before}::bigint`)
    .where('kind', '=', 'net')
    .orderBy('seq')
    .limit(limit)
    .execute()
}
