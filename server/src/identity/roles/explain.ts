import { Fault, isUuid, type Uuid } from '@reeve/base'
import { type Grantable, grantables, isGrantable } from '@reeve/sdk'
import type { Actor, HeldRole } from '../../access/actor.ts'
import { held } from '../../access/built-in-roles.ts'
import { type AccessObject, allows, type Reach, reachOf } from '../../access/policy.ts'
import type { Database } from '../../db/database.ts'
import { holdings } from './custom-roles.ts'
import { resolveUser } from '../identity.ts'
import { findMember } from '../organizations/queries.ts'
import { resolveOrganization } from '../organizations/organizations.ts'
import { findUser, type UserRow } from '../queries.ts'
import { findStanding } from './queries.ts'
import { isImplied } from '../../access/built-in-roles.ts'
import { displayNameOf, knownRoles, mayReadRoles } from './roles.ts'

/** "Can this person do this, and why": the same evaluation that decides, with its reasons kept. */

export interface Question {
  readonly permission: string
  readonly organization?: string | undefined
  /** A user, or `self`. */
  readonly owner?: string | undefined
}

export interface Reason {
  readonly role: string
  readonly display_name: string
  readonly organization_id: Uuid | null
  readonly reach: Reach
}

export async function explainAccess(db: Database, actor: Actor, ref: string, question: Question) {
  const { permission } = question
  if (!isGrantable(permission)) throw noPermission('permission', permission)
  const organizationId =
    question.organization === undefined
      ? null
      : (await resolveOrganization(db.sql, actor, question.organization, 'organization:read')).id
  const user = await resolvePerson(db, actor, ref, organizationId)
  const ownerId = question.owner === undefined ? null : await ownerOf(db, actor, user, question.owner)
  const object = organizationId === null && ownerId === null ? undefined : { ownerId, organizationId }

  const standing = await findStanding(db.sql, user.id)
  if (standing === undefined) throw new Fault('not_found', 'there is no such user')
  const { roles, organizationIds } = holdings(standing)
  const names = new Map<string, string>()
  const reasonsOf = (candidates: readonly HeldRole[]): Reason[] =>
    candidates.flatMap((role) => {
      const reach = reachOf(role, permission, user.id, object)
      const display_name = names.get(role.name) ?? displayNameOf(role.name)
      return reach === null ? [] : [{ role: role.name, display_name, organization_id: role.organizationId, reach }]
    })
  const places: (Uuid | null)[] = [null, ...(organizationId === null ? organizationIds : [organizationId])]
  const known = (await Promise.all(places.map((place) => knownRoles(db.sql, place)))).flat()
  for (const role of known) names.set(role.name, role.displayName)
  const reasons = reasonsOf(roles)
  const isClosed = standing.status === 'suspended'
  const others = known.filter(({ name }) => !isImplied(name)).map((role) => held(role, role.organizationId))
  const would_help = reasons.length > 0 ? [] : reasonsOf(others)
  return {
    user_id: user.id,
    username: user.username,
    permission,
    organization_id: organizationId,
    owner_id: ownerId,
    allowed: reasons.length > 0 && !isClosed,
    because: sentence(user.username, permission, isClosed, reasons, would_help),
    reasons,
    would_help,
  }
}

const reaches: Readonly<Record<Reach, string>> = {
  everything: 'for everything',
  organization: 'within the organization',
  own: 'for what is their own',
}

function sentence(
  username: string,
  permission: string,
  isClosed: boolean,
  reasons: readonly Reason[],
  wouldHelp: readonly Reason[],
): string {
  if (isClosed) return `No: ${username} is suspended, and no credential of theirs works.`
  const [reason] = reasons
  if (reason !== undefined) return `Yes: ${reason.display_name} gives ${permission} ${reaches[reason.reach]}.`
  const helpful = [...new Set(wouldHelp.map(({ display_name }) => display_name))].slice(0, 4)
  const [only, ...more] = helpful
  const advice =
    only === undefined
      ? 'and none would'
      : more.length === 0
        ? `${only} would`
        : `one of these would: ${helpful.join(', ')}`
  return `No: no role of ${username} gives ${permission} there; ${advice}.`
}

/** Somebody whom the actor may see, himself or through the organization, and whose roles he may read. */
async function resolvePerson(db: Database, actor: Actor, ref: string, organizationId: Uuid | null): Promise<UserRow> {
  const by = ref === 'me' ? { id: actor.userId } : isUuid(ref) ? { id: ref } : { username: ref }
  const user = await findUser(db.sql, by)
  const asMember =
    user !== undefined &&
    organizationId !== null &&
    allows(actor, 'organization_member:read', { id: user.id, organizationId }) &&
    (await findMember(db.sql, organizationId, user.id)) !== undefined
  if (user === undefined || !(asMember || allows(actor, 'user:read', { id: user.id, ownerId: user.id }))) {
    throw new Fault('not_found', 'there is no such user')
  }
  if (mayReadRoles(actor, user.id, organizationId)) return user
  throw new Fault('forbidden', 'this credential may not read the roles of others', {
    fix: 'needs the permission role:read, there or everywhere',
  })
}

async function ownerOf(db: Database, actor: Actor, user: UserRow, owner: string): Promise<Uuid> {
  if (owner === 'self') return user.id
  return (await resolveUser(db.sql, actor, owner, 'user:read')).id
}

const noPermission = (field: string, permission: string): Fault => {
  const resource = permission.split(':')[0] ?? ''
  const near = grantables.filter((each) => each.startsWith(`${resource}:`))
  const hint = near.length > 0 ? near.join(', ') : 'they read like template:update or audit_log:read'
  const detail = `there is no permission ${JSON.stringify(permission)}; ${hint}`
  return new Fault('invalid', 'the question is not understood', { problems: [{ field, detail }] })
}

export interface Check {
  readonly object: {
    readonly resource_type: string
    readonly owner_id?: string | undefined
    readonly organization_id?: string | undefined
    readonly resource_id?: string | undefined
    readonly any_org?: boolean | undefined
  }
  readonly action: string
}

const checksMax = 200

/** Each question answered for the credential that asks: what a page shows depends on it, what the server does never. */
export function checkAccess(actor: Actor, checks: Readonly<Record<string, Check>>): Record<string, boolean> {
  const asked = Object.entries(checks)
  if (asked.length > checksMax) {
    const problems = [{ field: 'checks', detail: `has more than ${checksMax} checks` }]
    throw new Fault('invalid', 'too much at once', { problems })
  }
  return Object.fromEntries(
    asked.map(([name, { object, action }]) => {
      const permission = `${object.resource_type}:${action}`
      if (!isGrantable(permission)) throw noPermission(`checks.${name}.action`, permission)
      return [name, isAllowed(actor, permission, object)]
    }),
  )
}

function isAllowed(actor: Actor, permission: Grantable, asked: Check['object']): boolean {
  const ownerId = asked.owner_id === 'me' ? actor.userId : asked.owner_id
  const object: AccessObject = {
    ...(ownerId === undefined ? {} : { ownerId }),
    ...(asked.organization_id === undefined ? {} : { organizationId: asked.organization_id }),
    ...(asked.resource_id === undefined ? {} : { id: asked.resource_id }),
  }
  if (allows(actor, permission, object)) return true
  return (
    asked.any_org === true &&
    actor.organizationIds.some((id) => allows(actor, permission, { ...object, organizationId: id }))
  )
}
