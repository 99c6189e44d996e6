import type { Uuid } from '@reeve/base'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { lockHolds } from './hold-queries.ts'
import { isHeldDecision } from './leftover-queries.ts'
import { dayOf, endOf } from './plan.ts'
import { type Decision, latestLimit, limitOf, standingOf } from './policies.ts'
import { selectDecisions } from './policy-queries.ts'
import { idsDigest, type Removal, writeReceipt } from './receipts.ts'
import { dropDay, findDays, type Place, tryDay } from './request-queries.ts'
import type { Removed, RunContext } from './run-context.ts'

/**
 * Drops the days of what boundaries decided of which everything may go, with a receipt for each organization. A day of
 * which anything has to stay, for an organization that keeps it longer or for a hold, is left to go row by row.
 */
export async function removeBoundaryDays(
  context: RunContext,
): Promise<{ readonly removed: readonly Removed[]; readonly postponed: readonly string[] }> {
  const { db, clock, signal } = context
  const removed: Removed[] = []
  const postponed: string[] = []
  const latest = latestLimit(await selectDecisions(db.sql), 'boundary', clock.now())
  if (latest === null) return { removed, postponed }
  for (const day of await findDays(db.sql, 'boundary_events')) {
    if (endOf(day) > latest.getTime()) break
    signal.throwIfAborted()
    const done = await removeDay(context, day)
    if (done === 'busy') postponed.push(dayOf(day) ?? day)
    else removed.push(...done)
  }
  return { removed, postponed }
}

async function removeDay({ db, clock, signer, signal }: RunContext, day: Place): Promise<Removed[] | 'busy'> {
  const at = clock.now()
  const busy = new Error('somebody uses the day')
  const done: Removed[] = []
  try {
    await db.transaction(async (tx) => {
      await lockHolds(tx)
      const decisions = await selectDecisions(tx)
      if (!(await tryDay(tx, day))) throw busy
      // Another replica may have dropped it since.
      if (!(await findDays(tx, 'boundary_events')).includes(day)) return
      const owners = await selectOwners(tx, day)
      if (!owners.every((owner) => !owner.held && isOver(decisions, owner.id, day, at))) return
      for (const { id: organizationId } of owners) {
        const ids = idsDigest()
        for (let page = await selectIds(tx, day, organizationId, null); page.length > 0;) {
          signal.throwIfAborted()
          ids.add(page)
          page = await selectIds(tx, day, organizationId, page.at(-1) ?? null)
        }
        const what = { dataClass: 'boundary', unit: 'decisions', organizationId, day: dayOf(day) } as const
        const removal: Removal = { ...what, removed: ids.count(), ids: ids.hex() }
        await writeReceipt(tx, signer, at, removal, standingOf(decisions, 'boundary', organizationId, at))
        done.push({ ...what, removed: ids.count() })
      }
      if (!(await dropDay(tx, day, ['boundary_events']))) throw busy
    })
  } catch (thrown) {
    if (thrown !== busy) throw thrown
    return 'busy'
  }
  return done
}

function isOver(decisions: readonly Decision[], organizationId: Uuid, day: Place, at: Date): boolean {
  const limit = limitOf(decisions, 'boundary', organizationId, at)
  return limit !== null && endOf(day) <= limit.getTime()
}

const tableOf = (day: Place) => sql.table(`boundary_events_${day}`)

/** Whose decisions are in a day, and whether a hold keeps some. */
async function selectOwners(tx: Tx, day: Place): Promise<{ id: Uuid; held: boolean }[]> {
  const { rows } = await sql<{ id: Uuid; held: boolean }>`
    select x.organization_id as id, bool_or(${isHeldDecision}) as held
    from ${tableOf(day)} x group by 1 order by 1`.execute(tx)
  return rows
}

const pageRows = 2_000

async function selectIds(tx: Tx, day: Place, organizationId: Uuid, after: Uuid | null): Promise<Uuid[]> {
  const { rows } = await sql<{ id: Uuid }>`
    select x.id from ${tableOf(day)} x
    where x.organization_id = ${organizationId} and ${after === null ? sql`true` : sql`x.id > ${after}::uuid`}
    order by x.id limit ${pageRows}`.execute(tx)
  return rows.map(({ id }) => id)
}
