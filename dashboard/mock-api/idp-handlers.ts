import { systemClock } from '@reeve/base'
import type { GroupSync, OrganizationSync, RoleSync, TestLogin } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { reliabilityId } from './organization-handlers.ts'

const home = '0197f3a2-0000-7000-8000-000000000001'
/** A group over there may be called anything. */
const [bidi = ''] = hostileTexts
const testId = '0197f3a2-0000-7000-8000-00000000d01d'

let organization: OrganizationSync = { field: '', mapping: {}, organization_assign_default: true }
let groups: GroupSync = {
  field: 'groups',
  mapping: { 'eng-sre': [reliabilityId], [bidi]: [reliabilityId] },
  regex_filter: '^eng-',
  auto_create_missing_groups: true,
}
let roles: RoleSync = { field: 'duties', mapping: { lead: ['organization-admin'] } }

/** A test login of somebody with a hostile group. */
const seen = (): TestLogin => ({
  id: testId,
  status: 'done',
  expires_at: new Date(systemClock.now().getTime() + 600_000).toISOString(),
  problem: null,
  claims: { sub: '17', email: 'ann@example.com', groups: ['eng-core', bidi] },
  verdict: { would_sign_in: true, as: 'new_user', username: 'ann', reason: null },
  preview: {
    site_roles: null,
    organizations: [{ id: home, name: 'default', groups: ['eng-core'], new_groups: ['eng-core'], roles: [] }],
    ignored: [{ value: bidi, reason: 'the filter of the groups leaves it out' }],
  },
})

export const idpHandlers: Handlers = {
  getSignInStatus: () => ({
    password_sign_in: 'everyone',
    break_glass_owners: 1,
    oidc: {
      issuer: 'https://id.example.com',
      client_id: 'reeve',
      callback_url: 'https://reeve.example.com/api/v2/users/oidc/callback',
      allow_signups: true,
      email_domains: [],
      allowed_groups: [],
      site_roles_field: '',
      provider: 'reachable',
      provider_problem: null,
      linked_users: 12,
      linked_users_without_refresh: 1,
      last_refresh_at: systemClock.now().toISOString(),
    },
  }),
  getOrganizationSync: () => organization,
  patchOrganizationSync: ({ body }) => (organization = { ...organization, ...defined(body) }),
  getGroupSync: () => groups,
  patchGroupSync: ({ body }) => (groups = { ...groups, ...defined(body) }),
  getRoleSync: () => roles,
  patchRoleSync: ({ body }) => (roles = { ...roles, ...defined(body) }),
  createTestLogin: () => ({ id: testId, url: '/sign-in', expires_at: seen().expires_at }),
  getTestLogin: seen,
}

const defined = (body: object): object =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
