import { type Clock, Fault, type Uuid, uuidv7 } from '@reeve/base'
import type { ContentReadHow } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows, reachesOthers } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import { type Scope, signedIn } from '../http/implement.ts'
import { contentRead, contentSearched } from './events.ts'
import { countReading, insertContentReads, lockReader } from './content-queries.ts'

/**
 * Who may read which words, and the record of it.
 *
 * `interception:read` shows that something was said; what was said needs `interception_content:read` as well. One's own
 * words need no more than one's own session. Whoever is shown words of somebody else leaves a record, written before the
 * answer: when it cannot be written, there is no answer.
 *
 * One record holds a quarter of an hour of one reader, one owner, one session (or none, for lists), one way of reading
 * and one reason; what happens again within it only counts up. The first time is an event of the audit log.
 */
export interface ContentAccess {
  /**
   * Whether the words of one thing are shown to whoever asks, who may see the thing itself. When they are another
   * person's the reading is on record before this resolves. Throws `Fault('invalid')` where a reason is needed and was
   * not given.
   */
  open(scope: Scope, of: ReadThing, how: ContentReadHow, reason: string | undefined): Promise<boolean>
  /** For lists: whose words they show. Where they are not wanted, or a needed reason is not given, one's own alone. */
  words(
    scope: Scope,
    query: { content?: 'true' | 'false' | undefined; reason?: string | undefined },
  ): (row: OwnedRow) => boolean
  /** What a list showed of other people's words, and whose words it looked through. */
  noteList(
    scope: Scope,
    owners: Iterable<ReadOwner>,
    searched: string | null,
    reason: string | undefined,
  ): Promise<void>
  /** Whose words an export is about to take away. */
  noteExport(scope: Scope, owners: Iterable<ReadOwner>, reason: string | undefined): Promise<void>
  /** Throws `Fault('invalid')` when looking for words among those of others needs a reason. */
  needReason(scope: Scope, reason: string | undefined): void
}

/** What access to words is decided by. */
export interface OwnedRow {
  readonly id: Uuid
  readonly user_id: Uuid
  readonly organization_id: Uuid
}

export interface ReadOwner {
  readonly user_id: Uuid
  readonly username: string
  readonly organization_id: Uuid
}

export interface ReadThing extends OwnedRow, ReadOwner {
  readonly sessionId: Uuid
  readonly interceptionId: Uuid | null
}

const windowMs = 15 * 60_000
/** The audit event of a search names so many of the people whose words it found; the record has all of them. */
const namedMax = 50
const permission = 'interception_content:read'

export const mayReadWords = (actor: Actor, row: OwnedRow): boolean =>
  allows(actor, permission, { id: row.id, ownerId: row.user_id, organizationId: row.organization_id })

export function contentAccess(options: {
  readonly db: Database
  readonly clock: Clock
  readonly reasonRequired: boolean
}): ContentAccess {
  const { db, clock, reasonRequired } = options

  function needed(reason: string | undefined): void {
    if (!reasonRequired || reason !== undefined) return
    throw new Fault('invalid', 'reading the words of other people needs a reason here', {
      problems: [{ field: 'reason', detail: 'say why, as reason in the query or with --reason' }],
      fix: 'say why you read them',
    })
  }

  return {
    async open(scope, of, how, reason) {
      const actor = signedIn(scope)
      if (!mayReadWords(actor, of)) return false
      if (of.user_id === actor.userId) return true
      needed(reason)
      const { sessionId, interceptionId } = of
      await note(scope, [{ ...of, sessionId, interceptionId, how }], reason, (at) =>
        contentRead(scope, at, { ...of, how, ...(reason === undefined ? {} : { reason }) }),
      )
      return true
    },
    words(scope, { content, reason }) {
      const actor = signedIn(scope)
      const ownOnly = content === 'false' || (reasonRequired && reason === undefined)
      return (row) => (row.user_id === actor.userId || !ownOnly) && mayReadWords(actor, row)
    },
    noteList: (scope, owners, searched, reason) => noteOwners(scope, owners, 'search', searched, reason),
    noteExport: (scope, owners, reason) => noteOwners(scope, owners, 'export', null, reason),
    needReason(scope, reason) {
      if (reachesOthers(signedIn(scope), permission)) needed(reason)
    },
  }

  /** Of many people at once; one's own words need no record. */
  async function noteOwners(
    scope: Scope,
    owners: Iterable<ReadOwner>,
    how: 'search' | 'export',
    searched: string | null,
    reason: string | undefined,
  ): Promise<void> {
    const actor = signedIn(scope)
    const others = new Map<string, ReadOwner>()
    for (const owner of owners) {
      if (owner.user_id !== actor.userId) others.set(`${owner.user_id} ${owner.organization_id}`, owner)
    }
    const read = [...others.values()].map((owner) => ({ ...owner, sessionId: null, interceptionId: null, how }))
    await note(scope, read, reason, (at, fresh) => {
      const organizations = new Set(fresh.map((one) => one.organization_id))
      const [organizationId] = organizations
      return contentSearched(scope, at, {
        how,
        owners: fresh.slice(0, namedMax).map(({ user_id: id, username }) => ({ id, username })),
        ownersCount: fresh.length,
        organizationId: organizations.size === 1 ? (organizationId ?? null) : null,
        searched,
        ...(reason === undefined ? {} : { reason }),
      })
    })
  }

  interface Reading extends ReadOwner {
    readonly sessionId: Uuid | null
    readonly interceptionId: Uuid | null
    readonly how: ContentReadHow
  }

  async function note(
    scope: Scope,
    readings: readonly Reading[],
    reason: string | undefined,
    event: (at: Date, fresh: readonly Reading[]) => Parameters<typeof appendAudit>[1],
  ): Promise<void> {
    if (readings.length === 0) return
    const actor = signedIn(scope)
    const at = clock.now()
    const since = new Date(at.getTime() - windowMs)
    const of = { readerId: actor.userId, reason: reason ?? null, since, at }
    await db.transaction(async (tx) => {
      // One page asks for several things at once: whoever comes second, on any replica, finds the first one's record.
      await lockReader(tx, actor.userId)
      const counted = new Set((await countReading(tx, of, readings)).map(keyOf))
      const fresh = readings.filter((one) => !counted.has(keyOf(one)))
      if (fresh.length === 0) return
      await insertContentReads(
        tx,
        fresh.map((one) => ({
          id: uuidv7(at),
          reader_id: actor.userId,
          reader_roles: rolesFor(actor, one),
          owner_id: one.user_id,
          organization_id: one.organization_id,
          session_id: one.sessionId,
          interception_id: one.interceptionId,
          how: one.how,
          reason: reason ?? null,
          first_at: at,
          last_at: at,
          request_id: scope.requestId,
        })),
      )
      await appendAudit(tx, event(at, fresh))
    })
  }
}

const keyOf = (one: { user_id: Uuid; organization_id: Uuid; sessionId: Uuid | null; how: string }): string =>
  [one.user_id, one.organization_id, one.sessionId, one.how].join(' ')

/** The roles that alone would let the actor read words of this person. */
function rolesFor(actor: Actor, { user_id: ownerId, organization_id: organizationId }: ReadOwner): string[] {
  const names = actor.roles
    .filter((role) => allows({ ...actor, roles: [role], groupIds: [] }, permission, { ownerId, organizationId }))
    .map((role) => role.name)
  return [...new Set(names)]
}
