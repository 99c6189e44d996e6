import { isIP } from 'node:net'
import { Fault, type Uuid, uuidv7Floor } from '@reeve/base'
import { readSearch } from '../http/search.ts'

/** What is looked for. An empty list narrows nothing; several values of one key are alternatives. */
export interface AuditFilter {
  readonly ids: readonly string[]
  readonly actions: readonly string[]
  readonly resourceTypes: readonly string[]
  readonly resourceIds: readonly string[]
  readonly resourceTargets: readonly string[]
  readonly outcomes: readonly string[]
  readonly usernames: readonly string[]
  readonly actorTypes: readonly string[]
  readonly sources: readonly string[]
  readonly reasons: readonly string[]
  readonly organizations: readonly string[]
  readonly requestIds: readonly string[]
  readonly networks: readonly string[]
  /** All of them, each in any of the texts. */
  readonly words: readonly string[]
  /** Bounds of the id, which holds the time: from this one, up to and without that one. */
  readonly from: Uuid | null
  readonly before: Uuid | null
}

const dayMs = 86_400_000
const keys = [
  'id',
  'action',
  'resource_type',
  'resource_id',
  'resource_target',
  'username',
  'actor_type',
  'outcome',
  'ip',
  'source',
  'reason',
  'organization',
  'request_id',
  'date_from',
  'date_to',
] as const

export function readAuditSearch(q: string): AuditFilter {
  const { values, words } = readSearch(q, keys)
  const from = values('date_from').at(-1)
  const to = values('date_to').at(-1)
  return {
    ids: values('id'),
    actions: values('action'),
    resourceTypes: values('resource_type'),
    resourceIds: values('resource_id'),
    resourceTargets: values('resource_target'),
    outcomes: known('outcome', values('outcome'), ['ok', 'refused']),
    usernames: values('username'),
    actorTypes: known('actor_type', values('actor_type'), ['user', 'service_account', 'nobody']),
    sources: known('source', values('source'), ['ui', 'cli', 'api', 'system']),
    reasons: values('reason'),
    organizations: values('organization'),
    requestIds: values('request_id'),
    networks: values('ip').map(network),
    words,
    from: from === undefined ? null : uuidv7Floor(instant(from, 0)),
    // The last day is meant as a whole.
    before: to === undefined ? null : uuidv7Floor(instant(to, dayMs)),
  }
}

/** Whether it narrows anything at all. */
export const isNarrowed = (filter: AuditFilter): boolean =>
  Object.values(filter).some((part: unknown) => (Array.isArray(part) ? part.length > 0 : part !== null))

/** A day, to whose beginning `dayOffsetMs` is added, or an instant. */
function instant(text: string, dayOffsetMs: number): Date {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text)
  const isInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
  const date = new Date(isDay ? `${text}T00:00:00Z` : text)
  if (
    (!isDay && !isInstant) ||
    !isOnCalendar(text.slice(0, 10)) ||
    Number.isNaN(date.getTime()) ||
    date.getTime() < 0
  ) {
    throw bad(`${text} is neither a day such as 2026-01-31 nor an instant such as 2026-01-31T08:00:00Z`)
  }
  return isDay ? new Date(date.getTime() + dayOffsetMs) : date
}

/** The 30th of February is read as the 2nd of March otherwise, and something else is found than was asked for. */
function isOnCalendar(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day)
}

function network(text: string): string {
  const [, address = '', bits = '0'] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  if (version === 0 || Number(bits) > (version === 6 ? 128 : 32)) {
    throw bad(`${text} is neither an address nor a range such as 10.0.0.0/8`)
  }
  return text
}

function known(key: string, given: readonly string[], choices: readonly string[]): readonly string[] {
  const lower = given.map((value) => value.toLowerCase())
  const unknown = lower.find((value) => !choices.includes(value))
  if (unknown !== undefined) throw bad(`${key} is one of ${choices.join(', ')}, not ${unknown}`)
  return lower
}

const bad = (detail: string) =>
  new Fault('invalid', 'the search is not understood', { problems: [{ field: 'q', detail }] })
