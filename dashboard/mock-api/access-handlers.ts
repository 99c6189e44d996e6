import { systemClock, uuidv7 } from '@reeve/base'
import { grantables, isGrantable, type Role, type RolePermission, type User } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { homeId as organizationId } from './organization-handlers.ts'
import { minimal } from './seed.ts'

/** Roles, and what is the viewer's own: a world with one organization and a few roles that do not change. */

const instant = '2026-11-01T09:00:00.000Z'
const permission = (text: string): RolePermission => {
  const [resource_type, action = ''] = text.split(':')
  const known = grantables.find((each) => each.startsWith(`${resource_type}:`))?.split(':')[0]
  // SAFETY: `known` is the resource of a grantable, which is what the contract lists.
  return { negate: false, resource_type: known as RolePermission['resource_type'], action }
}

function role(name: string, title: string, description: string, more: Partial<Role>): Role {
  return {
    name,
    display_name: title,
    description,
    organization_id: null,
    level: more.organization_id == null ? 'site' : 'organization',
    site_permissions: [],
    organization_permissions: [],
    user_permissions: [],
    built_in: true,
    implied: false,
    assignable: true,
    missing: [],
    ...more,
  }
}

const content = 'interception_content:read'
const site: Role[] = [
  role('owner', 'Owner', 'Everything, but the words of other people', {
    site_permissions: grantables.filter((each) => each !== content).map(permission),
  }),
  role('auditor', 'Auditor', 'Reads who did what, and the audit log; not the words', {
    site_permissions: ['user:read', 'interception:read', 'audit_log:read'].map(permission),
  }),
  role('content-reviewer', 'Content reviewer', 'Reads prompts and answers, each time on record', {
    site_permissions: ['interception:read', content].map(permission),
    assignable: false,
    missing: [content],
  }),
  role('night-shift', 'Night shift <b>', 'Made here', {
    built_in: false,
    site_permissions: ['interception:read'].map(permission),
  }),
  role('member', 'Member', 'His own things', {
    implied: true,
    assignable: false,
    user_permissions: ['interception:create', 'interception:read', 'api_key:create'].map(permission),
  }),
]
const within: Role[] = [
  role('organization-admin', 'Organization admin', 'Everything within the organization', {
    organization_id: organizationId,
    organization_permissions: ['group:create', 'group:read', 'template:update'].map(permission),
  }),
  role('organization-workspace-access', 'Workspace access', 'Own workspaces and tasks', {
    organization_id: organizationId,
    organization_permissions: ['template:read', 'template:use'].map(permission),
    user_permissions: grantables.filter((each) => /^(?:workspace|task):/.test(each)).map(permission),
  }),
]

const isLike = (user: User, ref: string): boolean => user.id === ref || user.username === ref

export const accessHandlers: Handlers = {
  listSiteRoles: () => site,
  listOrganizationRoles: () => within,
  getUserRoles: ({ params }, { world }) => ({
    roles: world.users.find((user) => isLike(user, params.user))?.roles.map(({ name }) => name) ?? [],
    organization_roles: { [organizationId]: ['organization-workspace-access'] },
  }),
  setUserRoles: ({ params, body }, { world }) => {
    const user = world.users.find((one) => isLike(one, params.user))!
    user.roles = body.roles.map((name) => ({ name, display_name: name }))
    return user
  },
  checkAccess: ({ body }, { user }) =>
    Object.fromEntries(
      Object.entries(body.checks).map(([name, { object, action }]) => [
        name,
        site.concat(within).some((one) => {
          const asked = (each: RolePermission) => each.resource_type === object.resource_type && each.action === action
          const held = user.roles.some(({ name: role }) => role === one.name)
          const member = one.name === 'organization-workspace-access'
          return (
            (held && one.site_permissions.some(asked)) ||
            (member && one.organization_permissions.some(asked)) ||
            ((held || member) && object.owner_id === 'me' && one.user_permissions.some(asked))
          )
        }),
      ]),
    ),
  explainAccess: ({ params, query }, { world }) => {
    const user = world.users.find((one) => isLike(one, params.user))!
    const asked = isGrantable(query.permission) ? query.permission : 'user:read'
    const holds = (one: Role) => one.site_permissions.some((each) => `${each.resource_type}:${each.action}` === asked)
    const reason = (one: Role) => ({
      role: one.name,
      display_name: one.display_name,
      organization_id: null,
      reach: 'everything' as const,
    })
    const granting = site.filter(holds)
    const reasons = granting.filter(({ name }) => user.roles.some((held) => held.name === name)).map(reason)
    return {
      user_id: user.id,
      username: user.username,
      permission: asked,
      organization_id: null,
      owner_id: null,
      allowed: reasons.length > 0,
      because:
        reasons.length > 0
          ? `${user.username} holds a role that grants ${asked}.`
          : `No role of ${user.username} grants ${asked}.`,
      reasons,
      would_help: reasons.length > 0 ? [] : granting.map(reason),
    }
  },
  deleteUser: ({ params }, { world }) => {
    world.users.splice(
      world.users.findIndex((user) => isLike(user, params.user)),
      1,
    )
  },
  updateProfile: ({ body }, { user }) => Object.assign(user, body),
  listUserSessions: (_, { user }) =>
    ['', 'reeve login on <i>laptop</i>'].map((name, at) => ({
      id: `session-${at}`,
      user_id: user.id,
      name,
      login_type: at === 0 ? 'password' : 'device',
      current: at === 0,
      created_at: instant,
      last_used: instant,
      expires_at: instant,
      ends_at: instant,
      ip: '192.0.2.7',
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chromium',
    })),
  endUserSession: () => undefined,
  endOtherSessions: () => ({ ended: 1 }),
  listContentReads: (_, { world, user }) => {
    const reader = world.users.find((one) => one.id !== user.id) ?? user
    const row = {
      id: uuidv7(systemClock.now()),
      reader: minimal(reader),
      reader_roles: ['content-reviewer'],
      owner: minimal(user),
      organization_id: organizationId,
      session_id: null,
      interception_id: null,
      how: 'search' as const,
      reason: 'ticket 4711 <script>',
      first_at: instant,
      last_at: instant,
      times: 3,
      request_id: 'r',
    }
    return { content_reads: [row], count: 1 }
  },
  getNotificationPreferences: () => [preference(true)],
  updateNotificationPreferences: ({ body }) => [preference(body.preferences[0]?.enabled ?? true)],
  getGitSshKey: (_, { user }) => gitKey(user.id),
  regenerateGitSshKey: (_, { user }) => gitKey(user.id),
  listUserSecrets: () => [secret],
  createUserSecret: ({ body: { name } }) => ({ ...secret, name, id: uuidv7(systemClock.now()) }),
  deleteUserSecret: () => undefined,
  listExternalAuth: () => ({
    providers: [
      {
        id: 'github',
        type: 'github',
        display_name: 'GitHub',
        display_icon: '',
        scopes: ['repo'],
        regex: '',
        device: true,
        allow_refresh: true,
        allow_validate: true,
        supports_revocation: true,
      },
    ],
    links: [],
  }),
}

const gitKey = (user_id: string) => ({
  user_id,
  created_at: instant,
  updated_at: instant,
  public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKw0example dana',
})

const secret = {
  id: '0191a4c0-0000-7000-8000-00000000aa11',
  name: 'deploy-key',
  description: 'Deploys the shop',
  env_name: 'DEPLOY_KEY',
  file_path: '',
  created_at: instant,
  updated_at: instant,
}

const preference = (enabled: boolean) => ({
  event: 'sign-in.new-place',
  title: 'A sign-in from a new place',
  group: 'Your account',
  can_switch_off: true,
  methods: [{ method: 'inbox' as const, enabled, is_default: true }],
})
