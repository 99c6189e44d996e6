import { type Clock, Fault, type Uuid, uuidv7 } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import type { Scope } from '../http/implement.ts'
import { signedIn } from '../http/implement.ts'
import { holdCreated, holdReleased } from './events.ts'
import {
  countCovered,
  type HoldRow,
  insertHold,
  lockHolds,
  releaseHold,
  selectHeldUser,
  selectHold,
} from './hold-queries.ts'

export interface Holds {
  readonly db: Database
  readonly clock: Clock
}

export interface NewHold {
  readonly user: string | null
  readonly sessionId: Uuid | null
  readonly from: Date | null
  readonly to: Date | null
  readonly reason: string
}

/** Throws for what no hold can be about. */
function check({ user, sessionId, from, to }: Omit<NewHold, 'reason'>): void {
  const refuse = (field: string, detail: string) =>
    new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })
  if (user === null && sessionId === null && from === null && to === null) {
    throw refuse('user', 'a hold is for a user, a session or a time')
  }
  if (from !== null && to !== null && from >= to) throw refuse('to', 'is not after from')
}

/** How much a hold would be about, if it were placed. */
export async function previewHold({ db }: Holds, hold: Omit<NewHold, 'reason'>) {
  check(hold)
  const user = hold.user === null ? null : await selectHeldUser(db.sql, hold.user)
  if (user === undefined) throw new Fault('not_found', 'there is no such user')
  return countCovered(db.sql, { userId: user?.id ?? null, sessionId: hold.sessionId, from: hold.from, to: hold.to })
}

/** From its commit on nothing that it covers is removed, also by a removal that had begun to look before. */
export async function placeHold({ db, clock }: Holds, scope: Scope, hold: NewHold): Promise<HoldRow> {
  const { sessionId, from, to, reason } = hold
  check(hold)
  const now = clock.now()
  const id = uuidv7(now)
  return db.transaction(async (tx) => {
    await lockHolds(tx)
    const user = hold.user === null ? null : await selectHeldUser(tx, hold.user)
    if (user === undefined) throw new Fault('not_found', 'there is no such user')
    await insertHold(tx, {
      id,
      user_id: user?.id ?? null,
      session_id: sessionId,
      from_at: from,
      to_at: to,
      reason,
      created_at: now,
      created_by: signedIn(scope).userId,
    })
    const row = mustHave(await selectHold(tx, id))
    await appendAudit(tx, { scope, at: now, ...holdCreated(row) })
    return row
  })
}

/** A hold, and how much there is that it is about. */
export async function weighHold({ db }: Holds, id: Uuid) {
  const hold = mustHave(await selectHold(db.sql, id))
  const about = { userId: hold.user_id, sessionId: hold.session_id, from: hold.from_at, to: hold.to_at }
  return { hold, covers: await countCovered(db.sql, about) }
}

export async function endHold({ db, clock }: Holds, scope: Scope, id: Uuid, reason: string): Promise<HoldRow> {
  const now = clock.now()
  return db.transaction(async (tx) => {
    await lockHolds(tx)
    const before = mustHave(await selectHold(tx, id))
    if (before.released_at !== null) throw new Fault('conflict', 'this hold was released already')
    await releaseHold(tx, id, { at: now, by: signedIn(scope).userId, reason })
    await appendAudit(tx, { scope, at: now, ...holdReleased(before, now, reason) })
    return mustHave(await selectHold(tx, id))
  })
}

function mustHave(row: HoldRow | undefined): HoldRow {
  if (row === undefined) throw new Fault('not_found', 'there is no such hold')
  return row
}
