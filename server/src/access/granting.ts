import type { Uuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor, HeldRole } from './actor.ts'
import { builtInRoles } from './built-in-roles.ts'
import { allows } from './policy.ts'

/** What everybody may be given for his own things, by whoever may give roles at all. */
const everybodysOwn: ReadonlySet<Grantable> = new Set(builtInRoles.flatMap(({ own }) => [...own]))

/**
 * Nobody grants what he lacks: neither by a role, nor by a credential that is for less than he is. The exceptions are
 * what everybody may do with his own things, and the reading of content: an owner may give that, to himself as well,
 * and the audit log keeps that he did.
 */
export function missingToGrant(
  actor: Actor,
  role: Pick<HeldRole, 'site' | 'organization' | 'own'>,
  organizationId: Uuid | null,
): Grantable[] {
  // A credential that is for some objects only is no ground to give a role that is for all of them.
  const any = { id: '*', ...(organizationId === null ? {} : { organizationId }) }
  const isOwner = actor.roles.some(({ name, organizationId: held }) => name === 'owner' && held === null)
  const others = [...(organizationId === null ? role.site : role.organization)].filter(
    (permission) => !(isOwner && permission === 'interception_content:read') && !allows(actor, permission, any),
  )
  const own = [...role.own].filter(
    (permission) => !everybodysOwn.has(permission) && !allows(actor, permission, { ...any, ownerId: actor.userId }),
  )
  return [...new Set([...others, ...own])]
}

export function mayAssign(
  actor: Actor,
  role: Pick<HeldRole, 'site' | 'organization' | 'own'>,
  organizationId: Uuid | null,
): boolean {
  const where = organizationId === null ? {} : { organizationId }
  return allows(actor, 'role:assign', where) && missingToGrant(actor, role, organizationId).length === 0
}
