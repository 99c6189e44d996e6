import { Fault } from '@reeve/base'
import { type BoundaryEvent, type CheckedRule, pieceValues, queryPieces } from '@reeve/sdk'
import type { Asked, Handlers } from './handlers.ts'
import { minimal } from './seed.ts'
import { type BoundaryWorld, seedBoundaries } from './seed-boundaries.ts'

/** What boundaries decided, searched by the keys of the contract. */

const worlds = new WeakMap<Asked['world'], BoundaryWorld>()

export function boundariesOf({ world }: Pick<Asked, 'world'>): BoundaryWorld {
  const found = worlds.get(world) ?? seedBoundaries(world.users.slice(0, 3).map(minimal))
  worlds.set(world, found)
  return found
}

export const isMember = ({ user }: Asked): boolean => user.roles.every(({ name }) => name === 'member')

export const verdictOf = ({ decision, would }: BoundaryEvent): 'allowed' | 'denied' | 'observed' => {
  if (decision === 'deny') return 'denied'
  return would === 'allow' ? 'allowed' : 'observed'
}

type Fact = (event: BoundaryEvent) => readonly (string | null | undefined)[]
const facts: Readonly<Record<string, Fact>> = {
  verdict: (event) => [verdictOf(event)],
  kind: ({ kind }) => [kind],
  host: ({ net }) => [net?.host],
  method: ({ net }) => [net?.method],
  path: ({ net, file }) => [net?.url?.replace(/^\w+:\/\/[^/]*/, ''), file?.path],
  rule: ({ rule }) => [rule],
  policy: ({ policy }) => [policy?.name],
  process: ({ process }) => process?.tree ?? [],
  proto: ({ net }) => [net?.protocol],
  session: ({ session_id }) => [session_id],
  user: ({ owner }) => [owner.username],
  denial: ({ denial }) => [denial],
  reason: ({ reason }) => [reason],
  id: ({ id }) => [id],
}

/** `host:*.example` stands for whatever ends so; commas mean or; a `-` in front means not. */
export function searchEvents(asked: Asked, q = ''): BoundaryEvent[] {
  const tests = queryPieces(q).map(({ raw, key, text }) => {
    if (key === null) return (event: BoundaryEvent) => JSON.stringify(event).toLowerCase().includes(raw.toLowerCase())
    const values = pieceValues(text)
    if (key === 'started_after') return ({ time }: BoundaryEvent) => time >= (values[0] ?? '')
    if (key === 'started_before') return ({ time }: BoundaryEvent) => time < (values[0] ?? '')
    const [from = 0, to = from] = (values[0] ?? '').split('..').map(Number)
    if (key === 'seq') return ({ seq }: BoundaryEvent) => seq >= from && seq <= to
    const fact = facts[key]
    if (fact === undefined) throw notUnderstood(`there is no key ${key}`)
    return (event: BoundaryEvent) =>
      fact(event).some((one) => one != null && values.some((value) => isLike(one, value)))
  })
  return boundariesOf(asked).events.filter(
    (event) => (!isMember(asked) || event.owner.id === asked.user.id) && tests.every((test) => test(event)),
  )
}

const isLike = (text: string, value: string): boolean =>
  value.startsWith('*') ? text.endsWith(value.slice(1)) : text.toLowerCase() === value.toLowerCase()

const notUnderstood = (detail: string) =>
  new Fault('invalid', 'the search is not understood', { problems: [{ field: 'q', detail }] })

export function page<T extends { readonly id: string }>(
  rows: readonly T[],
  after: string | undefined,
  limit = 100,
): T[] {
  const from = after === undefined ? 0 : rows.findIndex(({ id }) => id === after) + 1
  return rows.slice(from, from + limit)
}

const counts = (events: readonly BoundaryEvent[]) => ({
  allowed: events.filter((event) => verdictOf(event) === 'allowed').length,
  denied: events.filter((event) => verdictOf(event) === 'denied').length,
  observed: events.filter((event) => verdictOf(event) === 'observed').length,
})

const checked: readonly CheckedRule[] = [
  { rule: 'gateway', policy: 'team-web@v3', summary: 'POST reeve.corp/api/v2/aibridge/**', differs: 'host' },
  { rule: 'mirror-npm', policy: 'team-web@v3', summary: 'GET, HEAD npm.mirror.corp', differs: 'host' },
  { rule: 'github-read', policy: 'team-web@v3', summary: 'GET, HEAD api.github.com/repos/acme/**', differs: 'host' },
  { rule: 'db', policy: 'team-web@v3', summary: 'tcp pg.dev.corp:5432 for /usr/bin/psql', differs: 'host' },
]

export const boundaryHandlers: Handlers = {
  listBoundarySessions: ({ query }, asked) => {
    const sessions = boundariesOf(asked).sessions.filter(({ owner }) => !isMember(asked) || owner.id === asked.user.id)
    return { sessions: page(sessions, query.after_id, query.limit), count: sessions.length, count_is_exact: true }
  },
  getBoundarySession: ({ params }, asked) => {
    const found = boundariesOf(asked).sessions.find(({ id }) => id === params.id)
    if (found === undefined) throw new Fault('not_found', 'no such boundary')
    return found
  },
  listBoundaryEvents: ({ query }, asked) => {
    const events = searchEvents(asked, query.q)
    return { events: page(events, query.after_id, query.limit), count: events.length, count_is_exact: true }
  },
  countBoundaryEvents: ({ query }, asked) => {
    const events = searchEvents(asked, query.q)
    const stepMs = 6 * 3_600_000
    const of = ({ time }: BoundaryEvent) => Math.floor(new Date(time).getTime() / stepMs)
    const [last, first] = [events[0], events.at(-1)]
    if (first === undefined || last === undefined) return { step_seconds: stepMs / 1000, buckets: [] }
    const steps = Array.from({ length: of(last) - of(first) + 1 }, (_, n) => of(first) + n)
    const buckets = steps.map((step) => ({
      from: new Date(step * stepMs).toISOString(),
      ...counts(events.filter((event) => of(event) === step)),
    }))
    return { step_seconds: stepMs / 1000, buckets }
  },
  listBoundaryDestinations: ({ query }, asked) => {
    const byHost = Map.groupBy(
      searchEvents(asked, query.q).filter(({ net }) => net !== null),
      ({ net }) => net!.host,
    )
    const destinations = [...byHost].map(([host, events]) => ({
      host,
      first_seen: events.at(-1)!.time,
      last_seen: events[0]!.time,
      ...counts(events),
      people: new Set(events.map(({ owner }) => owner.id)).size,
      bytes_up: events.reduce((sum, { net }) => sum + net!.bytes_up, 0),
      bytes_down: events.reduce((sum, { net }) => sum + net!.bytes_down, 0),
      is_new: host.includes('terraform') || host.startsWith('xn--'),
    }))
    const sorted = destinations.sort((a, b) => b.allowed + b.denied - a.allowed - a.denied)
    return { destinations: sorted.slice(0, query.limit ?? 100), count: sorted.length }
  },
  listBoundaryRules: ({ query }, asked) => {
    const byRule = Map.groupBy(searchEvents(asked, query.q), ({ rule }) => rule)
    const known = [
      'gateway',
      'mirror-npm',
      'github-read',
      'all-of-github',
      'db',
      'status-page',
      'force-push',
      'default',
    ]
    const rules = [...new Set([...known, ...byRule.keys()])].map((rule) => {
      const events = byRule.get(rule) ?? []
      return {
        policy: rule === 'no-direct-models' ? 'floor' : 'team-web',
        version: 3,
        rule,
        effect: events[0]?.would ?? ('allow' as const),
        hits: events.length,
        denied: counts(events).denied,
        last_hit: events[0]?.time ?? null,
      }
    })
    return { rules: rules.sort((a, b) => b.hits - a.hits), count: rules.length }
  },
  getDenial: ({ params }, asked) => {
    const event = searchEvents(asked).find(({ denial }) => denial === params.denial)
    if (event === undefined) throw new Fault('not_found', 'there is no such denial, or it is none that you may see')
    const { requests } = boundariesOf(asked)
    const same = requests.filter(({ rule }) => rule !== null && rule.host === event.net?.host)
    return {
      denial: params.denial,
      event,
      mode: event.decision === 'allow' ? 'observe' : 'enforce',
      checked: [...checked],
      now: 'deny',
      identical: { count: 31, people: 4 },
      requests: same.map(({ id, status, requester, reason }) => ({ id, status, requester, reason })),
      declined:
        requests.find(({ status, what }) => status === 'declined' && what.includes(event.net?.host ?? '-'))?.answer ??
        null,
      can_request: event.reason !== 'address-class' && event.kind === 'net',
    }
  },
}
