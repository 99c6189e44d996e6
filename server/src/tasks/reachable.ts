import { Fault, isUuid } from '@reeve/base'
import type { Grantable, Task } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { type AccessObject, allows } from '../access/policy.ts'
import { findUser } from '../identity/queries.ts'
import { presentTask } from './present.ts'
import { findTask, findTaskByName, type TaskRow } from './queries.ts'
import type { TaskRoom } from './task-room.ts'

/** Tasks as far as somebody gets to them. */

export const objectOf = (row: Pick<TaskRow, 'id' | 'owner_id' | 'organization_id'>): AccessObject => ({
  id: row.id,
  ownerId: row.owner_id,
  organizationId: row.organization_id,
})

export interface TaskRef {
  readonly user: string
  /** The id or the name. */
  readonly task: string
}

export function demand(actor: Actor, needs: Grantable, object: AccessObject): void {
  if (allows(actor, needs, object)) return
  throw new Fault('forbidden', 'this credential may not do that', {
    fix: `needs the permission ${needs} there, from a role and the scope of the token`,
  })
}

const missing = (): Fault => new Fault('not_found', 'there is no such task')

/** An id is whose it is, whoever's it is said to be. */
async function lookUp({ db, clock }: TaskRoom, actor: Actor, { user, task }: TaskRef): Promise<TaskRow | undefined> {
  const now = clock.now()
  if (isUuid(task)) return findTask(db.sql, task, now)
  const by = user === 'me' ? { id: actor.userId } : isUuid(user) ? { id: user } : { username: user }
  const owner = await findUser(db.sql, by)
  return owner === undefined ? undefined : findTaskByName(db.sql, owner.id, task, now)
}

/** What one may not read is not there; what one may read and not do is forbidden. */
export async function taskFor(
  room: TaskRoom,
  actor: Actor,
  ref: TaskRef,
  needs: Grantable,
  { alsoDeleted = false }: { readonly alsoDeleted?: boolean } = {},
): Promise<TaskRow> {
  const row = await lookUp(room, actor, ref)
  if (row === undefined || (row.deleted_at !== null && !alsoDeleted)) throw missing()
  if (!allows(actor, 'task:read', objectOf(row))) throw missing()
  demand(actor, needs, objectOf(row))
  return row
}

export async function freshTask({ db, clock }: TaskRoom, id: string): Promise<TaskRow> {
  const row = await findTask(db.sql, id, clock.now())
  if (row === undefined) throw missing()
  return row
}

/** The words of a task are its owner's, and those who were given other people's words to read may, on record. */
export function demandWords(actor: Actor, row: TaskRow): void {
  if (row.owner_id !== actor.userId) demand(actor, 'interception_content:read', objectOf(row))
}

/** Also who may read other people's words does not find them in a list, where nobody would know of it. */
export const shownTo = ({ clock }: TaskRoom, actor: Actor, row: TaskRow): Task =>
  presentTask(row, { now: clock.now(), showsWords: row.owner_id === actor.userId })
