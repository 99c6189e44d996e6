import type { MinimalUser, User } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** What a deployment answers about organizations, groups and roles: one of each, hostile where people write. */
export function accessAnswers(given: {
  readonly empty: boolean
  readonly who: MinimalUser
  readonly user: User
}): Partial<Record<Name, Handler>> {
  const { empty, who, user } = given
  const { id: userId, name: hostile } = who
  const at = user.created_at
  const [organizationId = ''] = user.organization_ids
  const some = <T>(items: readonly T[]): readonly T[] => (empty ? [] : items)
  const count = empty ? 0 : 1
  const organization = {
    id: organizationId,
    name: 'default',
    display_name: hostile,
    description: hostile,
    icon: '',
    is_default: true,
    default_member_roles: ['organization-workspace-access'],
    require_boundary: false,
    created_at: at,
    updated_at: at,
  }

  const heldRole = { name: 'auditor', display_name: hostile }
  const member = {
    user_id: userId,
    organization_id: organizationId,
    username: 'dana',
    name: hostile,
    email: 'dana@example.com',
    avatar_url: '',
    status: 'active',
    login_type: 'password',
    roles: [heldRole],
    global_roles: [heldRole],
    created_at: at,
    updated_at: at,
  }
  const group = {
    id: organizationId,
    organization_id: organizationId,
    organization_name: 'default',
    name: 'platform',
    display_name: hostile,
    avatar_url: '',
    quota_allowance: 3,
    source: 'user',
    total_member_count: 1,
    created_at: at,
    updated_at: at,
  }
  const groupWithMembers = { ...group, members: [who] }
  const role = {
    name: 'auditor',
    display_name: hostile,
    description: hostile,
    organization_id: null,
    level: 'site',
    site_permissions: [{ negate: false, resource_type: 'audit_log', action: 'read' }],
    organization_permissions: [],
    user_permissions: [],
    built_in: true,
    implied: false,
    assignable: false,
    missing: ['audit_log:read'],
  }
  const reason = { role: 'auditor', display_name: hostile, organization_id: null, reach: 'everything' }

  return {
    listOrganizations: () => some([organization]),
    getOrganization: () => organization,
    createOrganization: () => organization,
    updateOrganization: () => organization,
    deleteOrganization: () => undefined,
    listMembers: () => ({ members: some([member]), count }),
    getMember: () => member,
    addMember: () => member,
    removeMember: () => undefined,
    setMemberRoles: () => member,
    listGroups: () => some([group]),
    getGroupByName: () => groupWithMembers,
    createGroup: () => groupWithMembers,
    getGroup: () => groupWithMembers,
    updateGroup: () => groupWithMembers,
    deleteGroup: () => undefined,
    // One role is always there: a command that names it finds it.
    listSiteRoles: () => [role],
    createSiteRole: () => role,
    updateSiteRole: () => role,
    deleteSiteRole: () => undefined,
    listOrganizationRoles: () => [role],
    createOrganizationRole: () => role,
    updateOrganizationRole: () => role,
    deleteOrganizationRole: () => undefined,
    getUserRoles: () => ({ roles: some(['auditor']), organization_roles: empty ? {} : { [organizationId]: ['x'] } }),
    setUserRoles: () => user,
    explainAccess: () => ({
      user_id: userId,
      username: 'dana',
      permission: 'audit_log:read',
      organization_id: null,
      owner_id: null,
      allowed: true,
      because: hostile,
      reasons: some([reason]),
      would_help: some([reason]),
    }),
    checkAccess: () => ({}),
  }
}
