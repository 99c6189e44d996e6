import type { Uuid } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import type { Actor } from './actor.ts'
import type { RoleDefinition } from './built-in-roles.ts'
import { allows } from './policy.ts'

/**
 * Nobody grants what he lacks. The exception is what everybody may do with his own things, and the reading of content:
 * an owner may give that, to himself as well, and the audit log keeps that he did.
 */
export function missingToGrant(actor: Actor, role: RoleDefinition, organizationId: Uuid | null): Grantable[] {
  const where = organizationId === null ? {} : { organizationId }
  const isOwner = actor.roles.some(({ name, organizationId: held }) => name === 'owner' && held === null)
  const asked = organizationId === null ? role.site : role.organization
  return [...asked].filter(
    (permission) => !(isOwner && permission === 'interception_content:read') && !allows(actor, permission, where),
  )
}

export function mayAssign(actor: Actor, role: RoleDefinition, organizationId: Uuid | null): boolean {
  const where = organizationId === null ? {} : { organizationId }
  return allows(actor, 'role:assign', where) && missingToGrant(actor, role, organizationId).length === 0
}
