import type { Uuid } from '@reeve/base'
import { DataClass, dataClasses } from '@reeve/sdk'

/**
 * How long what is kept. Pure: decisions in, an instant out.
 *
 * A decision is about one class of one organization, or of the deployment, whose decisions are its settings. The newest
 * decision stands. It is in force from the instant that it says, and until then the one before is; a decision that was
 * replaced before its instant came was never in force:
 *
 *   set ── longer, or the same ──▶ in force
 *   set ── shorter ──▶ pending ── the grace is over ──▶ in force
 *                      pending ── another one is set ──▶ never
 */
export interface Decision {
  readonly version: number
  readonly data_class: DataClass
  readonly organization_id: Uuid | null
  /** 0 is for ever. Null: as the deployment says. */
  readonly keep_days: number | null
  readonly set_at: Date
  readonly effective_at: Date
  readonly set_by: Uuid | null
}

export interface Standing {
  readonly keepDays: number
  /** False where it is the organization's own. */
  readonly inherited: boolean
  /** Null before anything was decided: everything is kept. */
  readonly decision: Decision | null
}

/** Long enough to be seen and taken back, as what is removed is gone. */
export const graceMs = 24 * 3_600_000
export const dayMs = 86_400_000

export type KeepDays = Readonly<Record<DataClass, number>>

/** What the deployment allows organizations, in days. As a maximum, 0 allows for ever; null bounds nothing. */
export interface Bounds {
  readonly minimumDays: Readonly<Partial<KeepDays>>
  readonly maximumDays: Readonly<Partial<KeepDays>>
}

/** `at`: 'later' is when everything that stands now will be in force. */
export function standingOf(
  decisions: readonly Decision[],
  dataClass: DataClass,
  organizationId: Uuid | null,
  at: Date | 'later',
): Standing {
  const own = organizationId === null ? null : inForce(decisions, dataClass, organizationId, at)
  if (own !== null && own.keep_days !== null) return { keepDays: own.keep_days, inherited: false, decision: own }
  const general = inForce(decisions, dataClass, null, at)
  return { keepDays: general?.keep_days ?? 0, inherited: organizationId !== null, decision: general }
}

function inForce(
  decisions: readonly Decision[],
  dataClass: DataClass,
  organizationId: Uuid | null,
  at: Date | 'later',
): Decision | null {
  const lane = decisions
    .filter((each) => each.data_class === dataClass && each.organization_id === organizationId)
    .toSorted((a, b) => a.version - b.version)
  const happened = lane.filter((each, index) => {
    const replacedAt = lane[index + 1]?.set_at
    return (at === 'later' || each.effective_at <= at) && (replacedAt === undefined || each.effective_at <= replacedAt)
  })
  return happened.at(-1) ?? null
}

export const isShorter = (a: number, b: number): boolean => a !== 0 && (b === 0 || a < b)
export const shorterOf = (a: number, b: number): number => (isShorter(a, b) ? a : b)

/**
 * Before which instant everything of a class is over; null keeps it for ever. Words never outlive the request that they
 * belong to, whatever was decided about each.
 */
export function limitOf(
  decisions: readonly Decision[],
  dataClass: DataClass,
  organizationId: Uuid | null,
  at: Date,
): Date | null {
  const own = standingOf(decisions, dataClass, organizationId, at).keepDays
  const keepDays =
    dataClass === 'content' ? shorterOf(own, standingOf(decisions, 'metadata', organizationId, at).keepDays) : own
  return keepDays === 0 ? null : new Date(at.getTime() - keepDays * dayMs)
}

/** The latest limit of anybody: what is younger than this is over for nobody. */
export function latestLimit(decisions: readonly Decision[], dataClass: DataClass, at: Date): Date | null {
  const organizations = new Set([null, ...decisions.map((each) => each.organization_id)])
  const limits = [...organizations].map((id) => limitOf(decisions, dataClass, id, at)?.getTime() ?? null)
  const latest = Math.max(...limits.filter((limit) => limit !== null))
  return Number.isFinite(latest) ? new Date(latest) : null
}

/** Says what is wrong with what an organization wants; null when nothing is. */
export function refusalOf(
  decisions: readonly Decision[],
  wanted: { readonly dataClass: DataClass; readonly organizationId: Uuid; readonly keepDays: number | null },
  bounds: Bounds,
): string | null {
  const { dataClass, organizationId, keepDays } = wanted
  if (!dataClasses[dataClass].perOrganization) return 'is one for the whole deployment, and its setting decides'
  if (keepDays !== null && bounded(dataClass, keepDays, bounds) !== keepDays) return boundsInWords(dataClass, bounds)
  const of = (other: DataClass): number => {
    const fallback = standingOf(decisions, other, null, 'later').keepDays
    if (other === dataClass) return keepDays ?? fallback
    return standingOf(decisions, other, organizationId, 'later').keepDays
  }
  if (!isShorter(of('metadata'), of('content'))) return null
  return `words cannot be kept longer than their requests, which are kept for ${inWords(of('metadata'))}`
}

/** The nearest that the deployment allows. */
export function bounded(dataClass: DataClass, keepDays: number, { minimumDays, maximumDays }: Bounds): number {
  const [least, most] = [minimumDays[dataClass], maximumDays[dataClass]]
  if (least !== undefined && isShorter(keepDays, least)) return least
  if (most !== undefined && isShorter(most, keepDays)) return most
  return keepDays
}

function boundsInWords(dataClass: DataClass, { minimumDays, maximumDays }: Bounds): string {
  const [least, most] = [minimumDays[dataClass], maximumDays[dataClass]]
  const parts = [
    least === undefined ? null : `at least ${inWords(least)}`,
    most === undefined || most === 0 ? null : `at most ${inWords(most)}`,
  ]
  return `is not what this deployment allows: ${parts.filter((part) => part !== null).join(' and ')}`
}

const inWords = (days: number): string => (days === 0 ? 'ever' : days === 1 ? '1 day' : `${days} days`)

export const eachClass: readonly DataClass[] = DataClass.options
