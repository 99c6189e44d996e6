import { Fault, type Uuid } from '@reeve/base'
import type { Actor, HeldRole } from '../../access/actor.ts'
import { isImplied } from '../../access/built-in-roles.ts'
import { missingToGrant } from '../../access/granting.ts'
import type { Executor, Tx } from '../../db/database.ts'
import { holdings } from './custom-roles.ts'
import { findOrganizations } from '../organizations/queries.ts'
import { findStanding } from './queries.ts'

/**
 * The actor as he stands in this transaction. What he was when his request began may have been taken from him since;
 * whoever gives rights looks again, after the lock that all of them take.
 */
export async function actorNow(tx: Tx, actor: Actor): Promise<Actor> {
  const row = await findStanding(tx, actor.userId)
  if (row === undefined || row.status === 'suspended') throw new Fault('unauthenticated', 'this account was closed')
  return { ...actor, ...holdings(row) }
}

/**
 * Who acts on the account of another, by its password, its name or its end, must be able to give what it holds: a
 * password that one sets is an account that one has, and nobody who is watched gets rid of his auditor.
 */
export async function checkOutranks(db: Executor, actor: Actor, userId: Uuid): Promise<void> {
  const row = userId === actor.userId ? undefined : await findStanding(db, userId)
  if (row === undefined) return
  const { roles, organizationIds } = holdings(row)
  const organizations = new Map((await findOrganizations(db, organizationIds)).map((each) => [each.id, each]))
  // What everybody has, or every member of an organization is given, makes nobody's account more than another.
  const isCommon = ({ name, organizationId }: HeldRole): boolean =>
    isImplied(name) || organizations.get(organizationId ?? '')?.default_member_roles.includes(name) === true
  const missing = roles
    .filter((role) => !isCommon(role))
    .flatMap((role) => missingToGrant(actor, role, role.organizationId))
  if (missing.length === 0) return
  throw new Fault('forbidden', `the account of ${row.username} may do what you may not`, {
    fix: `ask somebody who also has ${[...new Set(missing)].slice(0, 5).join(', ')}`,
  })
}
