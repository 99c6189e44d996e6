import type { Uuid } from '@reeve/base'
import { type Grantable, grantables, isGrantable } from '@reeve/sdk'
import type { HeldRole } from './actor.ts'

/** A role as it is defined, whoever holds it. */
export interface RoleDefinition {
  readonly name: string
  readonly displayName: string
  readonly description: string
  /** Whether it is held everywhere or within an organization. */
  readonly level: 'site' | 'organization'
  readonly site: ReadonlySet<Grantable>
  readonly organization: ReadonlySet<Grantable>
  readonly own: ReadonlySet<Grantable>
}

const nothing: ReadonlySet<Grantable> = new Set()

/** `user:*` stands for every action on users. */
function set(...patterns: readonly string[]): ReadonlySet<Grantable> {
  const found = patterns.flatMap((pattern) =>
    pattern.endsWith(':*') ? grantables.filter((known) => known.startsWith(pattern.slice(0, -1))) : [pattern],
  )
  const unknown = found.find((each) => !isGrantable(each))
  if (unknown !== undefined) throw new RangeError(`there is no permission ${unknown}`)
  return new Set(found.filter(isGrantable))
}

const without = (all: readonly Grantable[], left: ReadonlySet<Grantable>): ReadonlySet<Grantable> =>
  new Set(all.filter((each) => !left.has(each)))

/** Other people's words are read by those who were given that, and an owner has to give it to himself, on record. */
const content = set('interception_content:read')

const reading = set('user:read', 'organization:read', 'organization_member:read', 'group:read', 'role:read')
/** Seeing what was asked, and taking it away in a file. */
const taking = ['interception:read', 'interception:export'] as const
const ownThings = set(
  'user:read',
  'api_key:*',
  'interception:*',
  'interception_content:read',
  'usage:read',
  'ai_rules:read',
  'boundary:*',
  'boundary_policy:read',
  'access_request:create',
  'access_request:read',
  'external_auth:*',
  'notification:*',
)

const site = (
  name: string,
  displayName: string,
  description: string,
  grants: ReadonlySet<Grantable>,
  own: ReadonlySet<Grantable> = nothing,
): RoleDefinition => ({
  name,
  displayName,
  description,
  level: 'site',
  site: grants,
  organization: nothing,
  own,
})

const within = (
  name: string,
  displayName: string,
  description: string,
  grants: ReadonlySet<Grantable>,
  own: ReadonlySet<Grantable> = nothing,
): RoleDefinition => ({
  name,
  displayName,
  description,
  level: 'organization',
  site: nothing,
  organization: grants,
  own,
})

const organizationBound = set(
  'organization:read',
  'organization:update',
  'organization_member:*',
  'group:*',
  'role:*',
  'ai_rules:*',
  'boundary:read',
  'boundary:update',
  'boundary_policy:*',
  'access_request:read',
  'access_request:update',
  'interception:read',
  'interception:export',
  'usage:read',
  'audit_log:read',
  'audit_log:export',
  'idp_settings:*',
  'template:*',
  'workspace:*',
  'task:*',
)

export const builtInRoles: readonly RoleDefinition[] = [
  site('owner', 'Owner', 'Everything, but the words of other people', without(grantables, content)),
  site(
    'user-admin',
    'User admin',
    'People, groups and who belongs where',
    set('user:*', 'organization:read', 'organization_member:*', 'group:*', 'role:read', 'role:assign', 'api_key:read'),
  ),
  site(
    'template-admin',
    'Template admin',
    'Templates, and reading every workspace',
    set('template:*', 'workspace:read', 'user:read', 'group:read', 'organization:read', 'organization_member:read'),
  ),
  site(
    'auditor',
    'Auditor',
    'Reads who did what, and the audit log; not the words',
    new Set([
      ...reading,
      ...set(...taking, 'usage:read', 'audit_log:read', 'audit_log:export', 'template:read', 'task:read'),
      ...set(
        'license:read',
        'ai_provider:read',
        'ai_rules:read',
        'boundary:read',
        'boundary_policy:read',
        'access_request:read',
      ),
    ]),
  ),
  site(
    'content-reviewer',
    'Content reviewer',
    'Reads the prompts and answers of other people, each time on record',
    set('user:read', ...taking, 'interception_content:read'),
  ),
  site(
    'finance',
    'Finance',
    'Spend, without content',
    set('usage:read', 'license:read', 'organization:read', 'group:read'),
  ),
  site('member', 'Member', 'His own things', nothing, ownThings),

  within(
    'organization-admin',
    'Organization admin',
    'Everything within the organization, but the words of other people',
    organizationBound,
  ),
  within(
    'organization-user-admin',
    'Organization user admin',
    'Members and groups of the organization',
    set('organization:read', 'organization_member:*', 'group:*', 'role:read', 'role:assign'),
  ),
  within(
    'organization-template-admin',
    'Organization template admin',
    'Templates of the organization',
    set('template:*', 'workspace:read', 'group:read', 'organization:read', 'organization_member:read'),
  ),
  within(
    'organization-auditor',
    'Organization auditor',
    'Reads who did what within the organization; not the words',
    set(
      'organization:read',
      'organization_member:read',
      'group:read',
      'role:read',
      'ai_rules:read',
      'boundary:read',
      'boundary_policy:read',
      'access_request:read',
      'interception:read',
      'interception:export',
      'usage:read',
      'audit_log:read',
      'audit_log:export',
      'template:read',
      'task:read',
    ),
  ),
  within(
    'organization-content-reviewer',
    'Organization content reviewer',
    'Reads the prompts and answers within the organization, each time on record',
    set('organization:read', 'organization_member:read', ...taking, 'interception_content:read'),
  ),
  within(
    'organization-finance',
    'Organization finance',
    'Spend of the organization, without content',
    set('organization:read', 'group:read', 'usage:read'),
  ),
  within('organization-member', 'Organization member', 'Sees the organization', set('organization:read')),
  within(
    'organization-workspace-access',
    'Workspace access',
    'Own workspaces and tasks; who lacks it uses the bridge only',
    set('template:read', 'template:use'),
    set('workspace:*', 'task:*'),
  ),
]

/** Everybody holds the first of these, and in each of his organizations the second; they are not stored. */
export const impliedRoles = { site: 'member', organization: 'organization-member' } as const
export const isImplied = (name: string): boolean => name === impliedRoles.site || name === impliedRoles.organization

/** What a new member of an organization gets, unless the organization says otherwise. */
export const defaultMemberRoles: readonly string[] = ['organization-workspace-access']

const byName = new Map(builtInRoles.map((role) => [role.name, role]))

export const builtInRole = (name: string): RoleDefinition | undefined => byName.get(name)

/** The role as held: everywhere, or in the organization. */
export function held(role: RoleDefinition, organizationId: Uuid | null): HeldRole {
  const { name, site, organization, own } = role
  return { name, organizationId, site, organization, own }
}

/** What somebody holds who was given these roles everywhere, and those in each organization. Unknown names give nothing. */
export function heldRoles(
  siteRoles: readonly string[],
  memberships: readonly { readonly organizationId: Uuid; readonly roles: readonly string[] }[] = [],
  custom: readonly (RoleDefinition & { readonly organizationId: Uuid | null })[] = [],
): HeldRole[] {
  const define = (name: string, organizationId: Uuid | null): HeldRole[] => {
    const level = organizationId === null ? 'site' : 'organization'
    const role =
      builtInRole(name) ?? custom.find((each) => each.name === name && each.organizationId === organizationId)
    return role === undefined || role.level !== level ? [] : [held(role, organizationId)]
  }
  return [
    ...[...new Set([...siteRoles, impliedRoles.site])].flatMap((name) => define(name, null)),
    ...memberships.flatMap(({ organizationId, roles }) =>
      [...new Set([...roles, impliedRoles.organization])].flatMap((name) => define(name, organizationId)),
    ),
  ]
}
