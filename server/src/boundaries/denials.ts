import { isIP } from 'node:net'
import { Fault, type Uuid } from '@reeve/base'
import { narrowestRule, riskyShared } from '@reeve/policy'
import { type AccessRule, BoundaryLine, type Denial } from '@reeve/sdk'
import { sql } from 'kysely'
import type { Actor } from '../access/actor.ts'
import { allows, visibility } from '../access/policy.ts'
import type { Executor } from '../db/database.ts'
import { selectSameAccess } from './access-queries.ts'
import { layersOf } from './bundle.ts'
import { type EventRow, findDenial, isKnownHost, selectIdentical } from './event-queries.ts'
import { accessStatus } from './lifecycle.ts'
import { selectInForce, selectLayersAt } from './policy-queries.ts'
import { presentEvent, whatOf } from './present.ts'
import { eventsVisible } from './reads.ts'
import { objectOf, readableSession, whomOf } from './registration.ts'
import type { Room } from './room.ts'
import { checkedRules, compiled, decide, subjectOf } from './subject.ts'

/** Why something was denied, and what can be done about it. */

const dayMs = 86_400_000

/** Whoever ran into it may ask about it, with whichever credential. */
export async function readableDenial({ db }: Room, actor: Actor, denial: string): Promise<EventRow> {
  const visible = eventsVisible(visibility(actor, 'boundary:read'))
  const row = await findDenial(db.sql, denial, sql`(${visible} or e.user_id = ${actor.userId}::uuid)`)
  if (row === undefined) throw new Fault('not_found', 'there is no such denial')
  return row
}

export async function explainDenial(room: Room, actor: Actor, denial: string): Promise<Denial> {
  const { db, clock } = room
  const row = await readableDenial(room, actor, denial)
  const now = clock.now()
  const line = BoundaryLine.parse(JSON.parse(row.line))
  const subject = subjectOf(line)
  const session = await readableSession(db.sql, actor, row.session_id)
  const [then, inForce, same, identical] = await Promise.all([
    selectLayersAt(db.sql, whomOf(session), row.at),
    selectInForce(db.sql, whomOf(session), now),
    selectSameAccess(db.sql, row.organization_id, whatOf(row)),
    identicalTo(db.sql, [{ organization_id: row.organization_id, host: row.host, what: whatOf(row) }], now),
  ])
  const seen = same.filter((one) => allows(actor, 'access_request:read', objectOf(one)))
  const [last] = same
  return {
    denial,
    event: presentEvent(row),
    mode: line.decision === 'deny' ? 'enforce' : 'observe',
    checked: subject === null ? [] : checkedRules(compiled(then), subject, row.at),
    now: subject === null ? line.would : decide(compiled(layersOf(inForce)), subject, now).effect,
    identical: identical[0] ?? { count: row.times, people: 1 },
    requests: seen.map((one) => ({
      id: one.id,
      status: accessStatus(one, now),
      requester: { id: one.user_id, username: one.username, name: one.name, avatar_url: one.avatar_url },
      reason: one.reason,
    })),
    declined: last?.status === 'declined' ? last.answer : null,
    can_request:
      isRequestable(line) &&
      row.user_id === actor.userId &&
      allows(actor, 'access_request:create', objectOf(row)) &&
      !same.some((one) => one.user_id === actor.userId && accessStatus(one, now) === 'pending'),
  }
}

/** What a rule asks about can be asked for; what is denied whatever a rule says cannot. */
export const isRequestable = ({ kind, reason, would }: BoundaryLine): boolean =>
  would === 'ask' ||
  (['net', 'dns', 'exec'].includes(kind) && (reason === null || reason === 'rule' || reason === 'no-matching-rule'))

/** The rule that allows what a line is about and nothing beside it; null for a command, which is let pass by an answer. */
export function ruleFor({ net, dns }: BoundaryLine, path: string | null): AccessRule | null {
  if (dns !== null) return { host: dns.name, port: 443, tcp: false, methods: [], paths: [] }
  if (net === null) return null
  const { host, ports, tcp, http } = narrowestRule({ method: net.method, host: net.host, port: net.port, path })
  return {
    host: host[0] ?? net.host,
    port: ports[0] ?? net.port,
    tcp,
    methods: [...(http?.methods ?? [])],
    paths: [...(http?.paths ?? [])],
  }
}

const largeUploadBytes = 1024 * 1024

/** What whoever decides should look at twice. */
export async function risksOf(db: Executor, row: EventRow, line: BoundaryLine, now: Date): Promise<string[]> {
  const { net } = line
  if (net === null || row.host === null) return []
  const [since, before] = [new Date(now.getTime() - 90 * dayMs), new Date(row.at.getTime() - dayMs)]
  return [
    ...((await isKnownHost(db, row, before, since)) ? [] : ['new-domain']),
    ...(isIP(row.host) === 0 ? [] : ['raw-address']),
    ...(riskyShared(row.host) === null ? [] : ['shared-host']),
    ...(net.bytes_up > largeUploadBytes ? ['large-upload'] : []),
    ...(net.method === null || ['GET', 'HEAD', 'OPTIONS'].includes(net.method) ? [] : ['write-method']),
  ]
}

/** How often each of these was denied in the last week, and to how many. */
export async function identicalTo(
  db: Executor,
  things: readonly { readonly organization_id: Uuid; readonly host: string | null; readonly what: string }[],
  now: Date,
): Promise<{ count: number; people: number }[]> {
  if (things.length === 0) return []
  const rows = await selectIdentical(db, {
    organizationIds: [...new Set(things.map(({ organization_id }) => organization_id))],
    hosts: [...new Set(things.flatMap(({ host }) => host ?? []))],
    since: new Date(now.getTime() - 7 * dayMs),
  })
  const keyOf = (organizationId: Uuid, what: string) => `${organizationId} ${what}`
  const counts = new Map(rows.map((row) => [keyOf(row.organization_id, whatOf(row)), row]))
  return things.map(({ organization_id, what }) => {
    const { count = 0, people = 0 } = counts.get(keyOf(organization_id, what)) ?? {}
    return { count, people }
  })
}

/** Of requests; `sql` knows them as `r`. */
export const accessColumns = {
  id: sql`r.id`,
  owner: sql`r.user_id`,
  organization: sql`r.organization_id`,
  accessList: null,
}
