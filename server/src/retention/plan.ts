import { type Uuid, uuidv7Floor } from '@reeve/base'
import type { DataClass } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { countOldEvents, type Leftover, leftovers } from './leftover-queries.ts'
import { dayMs, type Decision, latestLimit, limitOf } from './policies.ts'
import { countDue, countKept, type Due, findDays, findOrganizationsIn, type Place, strays } from './request-queries.ts'

/** What is over of one organization, in one place. */
export interface Portion {
  readonly dataClass: DataClass
  readonly unit: 'requests' | Leftover['unit'] | 'events'
  readonly organizationId: Uuid | null
  /** Null for what is in no partition of a day. */
  readonly place: Place | null
  readonly free: number
  /** Over, and kept by a hold. */
  readonly held: number
}

export interface Plan {
  readonly portions: readonly Portion[]
  /** Holds that keep something that would go, with how many requests. */
  readonly holds: readonly { readonly id: Uuid; readonly keeps: number }[]
}

export const requestClasses = ['content', 'metadata'] as const
export type RequestClass = (typeof requestClasses)[number]

/** Which leftovers age with which class, in the order in which they are removed. */
export const leftoversOf: readonly { readonly dataClass: DataClass; readonly leftover: Leftover }[] = [
  { dataClass: 'content', leftover: leftovers.blobs },
  { dataClass: 'metadata', leftover: leftovers.sessions },
  { dataClass: 'usage', leftover: leftovers.hours },
  { dataClass: 'reads', leftover: leftovers.reads },
  { dataClass: 'boundary', leftover: leftovers.decisions },
]

/**
 * What is over at an instant by these decisions, counted exactly. A run works off the same plan, and asks again in each
 * of its transactions. What only the run itself makes over, as a session whose last request goes, is not in it.
 */
export async function planRetention(db: Executor, decisions: readonly Decision[], at: Date): Promise<Plan> {
  const portions: Portion[] = []
  const keeps = new Map<Uuid, Map<RequestClass, number>>()
  for (const dataClass of requestClasses) {
    for (const place of await findPlaces(db, dataClass, decisions, at)) {
      for (const due of await findDue(db, dataClass, place, decisions, at)) {
        const { free, held } = await countDue(db, dataClass, place, due)
        if (free + held === 0) continue
        portions.push({ dataClass, unit: 'requests', organizationId: due.organizationId, place, free, held })
        if (held === 0) continue
        for (const { id, keeps: kept } of await countKept(db, dataClass, place, due)) {
          const sums = keeps.get(id) ?? new Map<RequestClass, number>()
          keeps.set(id, sums.set(dataClass, (sums.get(dataClass) ?? 0) + kept))
        }
      }
    }
  }
  for (const { dataClass, leftover } of leftoversOf) {
    for (const { organizationId, before } of await findOver(db, dataClass, leftover, decisions, at)) {
      const { free, held } = await leftover.count(db, organizationId, before)
      if (free + held > 0) portions.push({ dataClass, unit: leftover.unit, organizationId, place: null, free, held })
    }
  }
  const audit = limitOf(decisions, 'audit', null, at)
  if (audit !== null) {
    const { free, held } = await countOldEvents(db, audit)
    if (free + held > 0) {
      portions.push({ dataClass: 'audit', unit: 'events', organizationId: null, place: null, free, held })
    }
  }
  // A held request is over with its words first, and as a whole later: it is counted once.
  const holds = [...keeps].map(([id, sums]) => ({ id, keeps: Math.max(...sums.values()) }))
  return { portions, holds }
}

/** The partitions of days that are over for somebody, and what is in none. */
export async function findPlaces(
  db: Executor,
  dataClass: RequestClass,
  decisions: readonly Decision[],
  at: Date,
): Promise<Place[]> {
  const latest = latestLimit(decisions, dataClass, at)
  if (latest === null) return []
  const days = await findDays(db, dataClass === 'content' ? 'interception_items' : 'interceptions')
  return [...days.filter((day) => endOf(day) <= latest.getTime()), strays]
}

/** For whom a place is over. */
export async function findDue(
  db: Executor,
  dataClass: RequestClass,
  place: Place,
  decisions: readonly Decision[],
  at: Date,
): Promise<Due[]> {
  const organizations = await findOrganizationsIn(db, dataClass, place)
  return organizations.flatMap((organizationId) => {
    const limit = limitOf(decisions, dataClass, organizationId, at)
    if (limit === null || (place !== strays && endOf(place) > limit.getTime())) return []
    const openBelowId = uuidv7Floor(new Date(limit.getTime() - openMs))
    return [{ organizationId, belowId: uuidv7Floor(limit), openBelowId }]
  })
}

/** What never ended in so long, never will: its journal is lost. */
const openMs = 7 * dayMs

export async function findOver(
  db: Executor,
  dataClass: DataClass,
  leftover: Leftover,
  decisions: readonly Decision[],
  at: Date,
): Promise<{ organizationId: Uuid; before: Date }[]> {
  const latest = latestLimit(decisions, dataClass, at)
  if (latest === null) return []
  const organizations = await leftover.organizations(db, latest)
  return organizations.flatMap((organizationId) => {
    const before = limitOf(decisions, dataClass, organizationId, at)
    return before === null ? [] : [{ organizationId, before }]
  })
}

/** YYYY-MM-DD of a partition; null of what is in none. */
export const dayOf = (place: Place | null): string | null =>
  place === null || place === strays ? null : `${place.slice(0, 4)}-${place.slice(4, 6)}-${place.slice(6)}`

export const endOf = (day: Place): number => Date.parse(`${dayOf(day)}T00:00:00Z`) + dayMs
