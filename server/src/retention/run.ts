import { type Uuid, uuidv7Time } from '@reeve/base'
import { removeOldEvents } from '../audit/removal.ts'
import type { Signer } from '../audit/signing-key.ts'
import type { Tx } from '../db/database.ts'
import { removeBoundaryDays } from './boundary-days.ts'
import { lockHolds } from './hold-queries.ts'
import { deleteRejects, type Leftover } from './leftover-queries.ts'
import { dayOf, findDue, findOver, findPlaces, leftoversOf, type RequestClass, requestClasses } from './plan.ts'
import { dayMs, type Decision, limitOf, standingOf } from './policies.ts'
import { selectDecisions } from './policy-queries.ts'
import { idsDigest, type Removal, writeReceipt } from './receipts.ts'
import {
  countAll,
  countDue,
  deleteItems,
  deleteRequests,
  dropDay,
  type Due,
  findFree,
  forgetStoredObjects,
  hasDay,
  type Place,
  strays,
  stripRequests,
  tryDay,
} from './request-queries.ts'
import type { Removed, RunContext } from './run-context.ts'

/** What a run has removed: for each class, unit, organization and day one entry. */
export interface Outcome {
  readonly removed: readonly Removed[]
  /** Days that somebody was reading or writing, for another time. */
  readonly postponed: readonly string[]
}

const stepRows = 2_000

/**
 * Removes what is over. Each step is one transaction: it takes turns with whoever places a hold or decides otherwise,
 * looks again at what is over by now and not held, removes it, and signs for it. So a hold or a longer time that came
 * after the plan wins, and a run that is cut off leaves receipts of what it did and of nothing else.
 *
 * A day of which everything may go is dropped as partitions. Of any other, rows go in steps.
 */
export async function runRetention(context: RunContext): Promise<Outcome> {
  const { db, clock, signer, signal } = context
  const removed: Removed[] = []
  const postponed: string[] = []
  const decisions = await selectDecisions(db.sql)
  for (const dataClass of requestClasses) {
    for (const place of await findPlaces(db.sql, dataClass, decisions, clock.now())) {
      signal.throwIfAborted()
      const whole = place === strays ? [] : await removeWhole(context, dataClass, place)
      if (whole === 'busy') postponed.push(dayOf(place) ?? place)
      else removed.push(...whole, ...(await removeRows(context, dataClass, place)))
    }
  }
  // Bytes go after all words that they held.
  if (postponed.length > 0) return { removed: summed(removed), postponed }
  const days = await removeBoundaryDays(context)
  removed.push(...days.removed)
  postponed.push(...days.postponed)
  for (const { dataClass, leftover } of leftoversOf) {
    for (const { organizationId } of await findOver(db.sql, dataClass, leftover, decisions, clock.now())) {
      removed.push(...(await removeLeftover(context, dataClass, leftover, organizationId)))
    }
  }
  const content = limitOf(decisions, 'content', null, clock.now())
  if (content !== null) await db.transaction(async (tx) => (await lockHolds(tx), deleteRejects(tx, content)))
  const audit = limitOf(decisions, 'audit', null, clock.now())
  const events = audit === null ? 0 : await removeOldEvents({ db, clock, signer }, audit)
  if (events > 0) {
    removed.push({ dataClass: 'audit', unit: 'events', organizationId: null, day: null, removed: events })
  }
  return { removed: summed(removed), postponed }
}

/** Locks out holds and decisions, and says what stands now. */
async function begin(tx: Tx): Promise<readonly Decision[]> {
  await lockHolds(tx)
  return selectDecisions(tx)
}

/** Everything of a day, for all organizations at once. Nothing, where somebody's has to stay. */
async function removeWhole(
  { db, clock, signer, signal }: RunContext,
  dataClass: RequestClass,
  place: Place,
): Promise<Removed[] | 'busy'> {
  const at = clock.now()
  const done: Removed[] = []
  const busy = new Error('somebody uses the day')
  try {
    await db.transaction(async (tx) => {
      const decisions = await begin(tx)
      if (!(await tryDay(tx, place))) throw busy
      if (!(await hasDay(tx, place))) return
      const dues = await findDue(tx, dataClass, place, decisions, at)
      const free = await Promise.all(dues.map(async (due) => (await countDue(tx, dataClass, place, due)).free))
      const all = await countAll(tx, dataClass, place)
      if (all !== free.reduce((sum, count) => sum + count, 0)) return
      for (const due of dues) {
        const ids = idsDigest()
        for (let page = await findFree(tx, dataClass, place, due, first); page.length > 0;) {
          signal.throwIfAborted()
          if (dataClass === 'content') await stripRequests(tx, page, at)
          else await forget(tx, page)
          ids.add(page)
          page = await findFree(tx, dataClass, place, due, { ...first, afterId: page.at(-1) ?? null })
        }
        done.push(await sign(tx, signer, at, decisions, { dataClass, due, place, ids }))
      }
      const tables = dataClass === 'content' ? (['interception_items'] as const) : bothTables
      if (!(await dropDay(tx, place, tables))) throw busy
    })
  } catch (thrown) {
    if (thrown !== busy) throw thrown
    return 'busy'
  }
  return done
}

const first = { afterId: null, limit: stepRows }
const bothTables = ['interceptions', 'interception_items'] as const

/** What may go of a place, organization by organization, in steps. */
async function removeRows(context: RunContext, dataClass: RequestClass, place: Place): Promise<Removed[]> {
  const { db, clock, signer, signal } = context
  const done: Removed[] = []
  const step = () =>
    db.transaction(async (tx) => {
      const at = clock.now()
      const decisions = await begin(tx)
      if (!(await hasDay(tx, place))) return false
      for (const due of await findDue(tx, dataClass, place, decisions, at)) {
        const page = await findFree(tx, dataClass, place, due, first)
        if (page.length === 0) continue
        if (dataClass === 'content') await stripRequests(tx, page, at)
        else await forget(tx, page)
        if (dataClass === 'metadata') await deleteRequests(tx, page)
        await deleteItems(tx, page)
        const ids = idsDigest()
        ids.add(page)
        done.push(await sign(tx, signer, at, decisions, { dataClass, due, place, ids }))
        return true
      }
      return false
    })
  do signal.throwIfAborted()
  while (await step())
  return done
}

/** An object was made while its request was open, which may be long. */
async function forget(tx: Tx, ids: readonly Uuid[]): Promise<void> {
  const [from, to] = [uuidv7Time(ids[0] ?? ''), uuidv7Time(ids.at(-1) ?? '')]
  if (from === null || to === null) return
  await forgetStoredObjects(tx, ids, new Date(from.getTime() - dayMs), new Date(to.getTime() + dayMs))
}

async function sign(
  tx: Tx,
  signer: Signer,
  at: Date,
  decisions: readonly Decision[],
  {
    dataClass,
    due: { organizationId },
    place,
    ids,
  }: {
    readonly dataClass: RequestClass
    readonly due: Due
    readonly place: Place
    readonly ids: ReturnType<typeof idsDigest>
  },
): Promise<Removed> {
  const what = { dataClass, unit: 'requests' as const, organizationId, day: dayOf(place), removed: ids.count() }
  await writeReceipt(tx, signer, at, { ...what, ids: ids.hex() }, standingOf(decisions, dataClass, organizationId, at))
  return what
}

async function removeLeftover(
  { db, clock, signer, signal }: RunContext,
  dataClass: Removed['dataClass'],
  leftover: Leftover,
  organizationId: Uuid,
): Promise<Removed[]> {
  const done: Removed[] = []
  const step = () =>
    db.transaction(async (tx) => {
      const at = clock.now()
      const decisions = await begin(tx)
      const before = limitOf(decisions, dataClass, organizationId, at)
      if (before === null) return 0
      const names = await leftover.remove(tx, organizationId, before, stepRows)
      if (names.length === 0) return 0
      const ids = idsDigest()
      ids.add(names)
      const removal: Removal = {
        dataClass,
        unit: leftover.unit,
        organizationId,
        day: null,
        removed: names.length,
        ids: ids.hex(),
      }
      await writeReceipt(tx, signer, at, removal, standingOf(decisions, dataClass, organizationId, at))
      done.push({ dataClass, unit: leftover.unit, organizationId, day: null, removed: names.length })
      return names.length
    })
  do signal.throwIfAborted()
  while ((await step()) === stepRows)
  return done
}

/** One entry for what was removed in several steps. */
function summed(removed: readonly Removed[]): Removed[] {
  const groups = Map.groupBy(removed, ({ dataClass, unit, organizationId, day }) =>
    [dataClass, unit, organizationId, day].join(' '),
  )
  return [...groups.values()].flatMap((group) => {
    const [one] = group
    return one === undefined ? [] : [{ ...one, removed: group.reduce((sum, each) => sum + each.removed, 0) }]
  })
}
