import { Fault } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { type AccessObject, allows } from '../access/policy.ts'

/**
 * Throws `forbidden` for what the actor may know to be there and may not do. An endpoint's own permission is asked before
 * its handler, and holds when it is held anywhere; with the empty object this asks whether it is held everywhere.
 */
export function demand(actor: Actor, permission: Grantable, object: AccessObject): void {
  if (allows(actor, permission, object)) return
  const fix = `needs the permission ${permission} there, from a role and from the scope of the token`
  throw new Fault('forbidden', 'this credential may not do that', { fix })
}
