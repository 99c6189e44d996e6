import { type Uuid, uuidv7Floor } from '@reeve/base'
import { sql } from 'kysely'
import type { Executor, Tx } from '../db/database.ts'
import { isHeld } from './hold-queries.ts'

/**
 * SQL of what ages outside of the partitions of days: bytes, sessions that have nothing left, sums of usage, who read
 * whose words, and what boundaries decided. Each is found by organization, and removed in steps with the names of what went, in order.
 */
export interface Leftover {
  readonly unit: 'blobs' | 'sessions' | 'hours' | 'reads' | 'decisions'
  /** Whose rows there are that may be over at an instant. */
  organizations(db: Executor, before: Date): Promise<Uuid[]>
  count(db: Executor, organizationId: Uuid, before: Date): Promise<{ free: number; held: number }>
  remove(tx: Tx, organizationId: Uuid, before: Date, rows: number): Promise<string[]>
}

type Condition = ReturnType<typeof sql>

const organizationsIn = async (db: Executor, table: string, over: Condition): Promise<Uuid[]> => {
  const { rows } = await sql<{ id: Uuid }>`
    select distinct x.organization_id as id from ${sql.table(table)} x where ${over} order by 1`.execute(db)
  return rows.map((row) => row.id)
}

/** What is over, and whether it is held, as conditions on `x`; its name, and what it is found by for removal. */
interface Spec {
  readonly unit: Leftover['unit']
  readonly table: string
  readonly over: (before: Date) => Condition
  readonly isHeld: (organizationId: Uuid, before: Date) => Condition
  readonly name: Condition
  readonly key: string
}

function leftover({ unit, table, over, isHeld: held, name, key }: Spec): Leftover {
  return {
    unit,
    organizations: (db, before) => organizationsIn(db, table, over(before)),
    async count(db, organizationId, before) {
      const { rows } = await sql<{ free: number; held: number }>`
        select count(*) filter (where not held)::int as free, count(*) filter (where held)::int as held
        from (select ${held(organizationId, before)} as held from ${sql.table(table)} x
          where x.organization_id = ${organizationId} and ${over(before)}) as each`.execute(db)
      return rows[0] ?? { free: 0, held: 0 }
    },
    async remove(tx, organizationId, before, rows) {
      const columns = sql.raw(key)
      const gone = await sql<{ name: string }>`
        delete from ${sql.table(table)} x where (${columns}) in (
          select ${columns} from ${sql.table(table)} x
          where x.organization_id = ${organizationId} and ${over(before)} and not ${held(organizationId, before)}
          order by ${columns} limit ${rows} for update skip locked)
        returning ${name} as name`.execute(tx)
      return gone.rows.map((row) => row.name).sort()
    },
  }
}

const blobGraceMs = 86_400_000
const blobLimit = (before: Date): Date => new Date(before.getTime() - blobGraceMs)

/**
 * Bytes that nothing has referred to since, but those that a held request from before is made of. Marks of use are up to
 * an hour old, and a body may be built on one that is about to go: they go a day after the words that they held.
 */
const blobs = leftover({
  unit: 'blobs',
  table: 'blobs',
  over: (before) => sql`x.last_referenced_at < ${blobLimit(before)}`,
  isHeld: (organizationId, before) => sql<boolean>`(encode(x.sha256, 'hex') in (
    select slice ->> 'sha256' from interceptions i, jsonb_array_elements(
      coalesce(i.request_slices, '[]'::jsonb) || coalesce(i.response_slices, '[]'::jsonb)) as slice
    where i.organization_id = ${organizationId} and i.id < ${uuidv7Floor(before)}::uuid and ${isHeld('i')}
      and slice ->> 'sha256' is not null))`,
  name: sql`encode(x.sha256, 'hex')`,
  key: 'x.organization_id, x.sha256',
})

/** Sessions whose last request is gone. A held request keeps its session by being there. */
const sessions = leftover({
  unit: 'sessions',
  table: 'sessions',
  over: (before) => sql`x.last_active_at < ${before}
    and not exists (select from interceptions i where i.session_id = x.id)`,
  isHeld: () => sql`false`,
  name: sql`x.id::text`,
  key: 'x.id',
})

/** Sums of usage: held with the person, in the time; they are of no session. */
const hours = leftover({
  unit: 'hours',
  table: 'usage_hourly',
  over: (before) => sql`x.hour < ${before}`,
  isHeld: () => sql<boolean>`exists (select from legal_holds h where h.released_at is null and h.session_id is null
    and (h.user_id is null or x.user_id = h.user_id)
    and (h.from_at is null or x.hour + interval '1 hour' > h.from_at) and (h.to_at is null or x.hour < h.to_at))`,
  name: sql`concat_ws(' ', to_char(x.hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24'), x.user_id, x.provider_name, x.model, x.client)`,
  key: 'x.hour, x.organization_id, x.user_id, x.provider, x.provider_name, x.model, x.client',
})

/** Who read whose words: held with reader, owner, session or time. */
const reads = leftover({
  unit: 'reads',
  table: 'content_reads',
  over: (before) => sql`x.id < ${uuidv7Floor(before)}::uuid and x.last_at < ${before}`,
  isHeld: () => sql<boolean>`exists (select from legal_holds h where h.released_at is null
    and (h.user_id is null or x.reader_id = h.user_id or x.owner_id = h.user_id)
    and (h.session_id is null or x.session_id = h.session_id)
    and (h.from_at is null or x.last_at >= h.from_at)
    and (h.to_at is null or x.first_at < h.to_at))`,
  name: sql`x.id::text`,
  key: 'x.id',
})

/** Of `x`, what a boundary decided: held with the person, in the time. Holds of conversations with a model are of others. */
export const isHeldDecision = sql<boolean>`exists (select from legal_holds h where h.released_at is null
  and h.session_id is null and (h.user_id is null or x.user_id = h.user_id)
  and (h.from_at is null or x.id >= uuidv7_floor(h.from_at)) and (h.to_at is null or x.id < uuidv7_floor(h.to_at)))`

/** What boundaries decided on days of which something has to stay; any other day goes as a whole. */
const decisions = leftover({
  unit: 'decisions',
  table: 'boundary_events',
  over: (before) => sql`x.id < ${uuidv7Floor(before)}::uuid`,
  isHeld: () => isHeldDecision,
  name: sql`x.id::text`,
  key: 'x.id',
})

export const leftovers = { blobs, sessions, hours, reads, decisions } as const

/**
 * Frames of the journal that could not be read may hold words of anybody: they go with the words of the deployment, and
 * any hold keeps them.
 */
export async function deleteRejects(tx: Tx, before: Date): Promise<void> {
  await sql`delete from drain_rejects where rejected_at < ${before}
    and not exists (select from legal_holds h where h.released_at is null)`.execute(tx)
}

/** How many audit events a removal would take from the old end, up to the first that is held. */
export async function countOldEvents(db: Executor, before: Date): Promise<{ free: number; held: number }> {
  const { rows } = await sql<{ free: number; held: number }>`
    select greatest(coalesce((
        select l.seq from audit_links l left join audit_events e on e.id = l.event_id
        where l.seq > c.removed_seq and (e.id is null or e.id >= ${uuidv7Floor(before)}::uuid or is_held_event(e))
        order by l.seq limit 1), c.seq + 1) - 1 - c.removed_seq, 0)::int as free,
      (select count(*)::int from audit_links l join audit_events e on e.id = l.event_id
        where e.id < ${uuidv7Floor(before)}::uuid) as held
    from audit_chain c`.execute(db)
  const { free, held } = rows[0] ?? { free: 0, held: 0 }
  return { free, held: Math.max(held - free, 0) }
}
