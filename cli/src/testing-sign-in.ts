import type { GroupSync, SignInStatus, TestLogin } from '@reeve/sdk'
import type { Handler, Name } from './testing.ts'

/** Settings of signing in, with text in them that wants to drive a terminal. */
export function signInSettings(empty: boolean, id: string, hostile: string): Partial<Record<Name, Handler>> {
  const mapping = empty ? {} : { [hostile]: [id] }
  const roles = { field: hostile, mapping: empty ? {} : { [hostile]: [hostile] } }
  const groups: GroupSync = { field: hostile, mapping, regex_filter: hostile, auto_create_missing_groups: true }
  const organization = { field: hostile, mapping, organization_assign_default: true }
  const status: SignInStatus = {
    password_sign_in: 'owners',
    break_glass_owners: 0,
    oidc: empty
      ? null
      : {
          issuer: hostile,
          client_id: hostile,
          callback_url: hostile,
          allow_signups: true,
          email_domains: [],
          allowed_groups: [],
          site_roles_field: hostile,
          provider: 'unreachable',
          provider_problem: hostile,
          linked_users: 3,
          linked_users_without_refresh: 1,
          last_refresh_at: '2026-11-20T11:00:00.000Z',
        },
  }
  const seen: TestLogin = {
    id,
    status: empty ? 'failed' : 'done',
    expires_at: '2026-11-20T12:00:00.000Z',
    problem: empty ? hostile : null,
    claims: empty ? null : { sub: hostile, groups: [hostile] },
    verdict: empty ? null : { would_sign_in: false, as: 'nobody', username: hostile, reason: hostile },
    preview: empty
      ? null
      : {
          site_roles: [hostile],
          organizations: [{ id, name: hostile, groups: [hostile], new_groups: [], roles: [hostile] }],
          ignored: [{ value: hostile, reason: hostile }],
        },
  }
  return {
    getSignInStatus: () => status,
    getOrganizationSync: () => organization,
    patchOrganizationSync: () => organization,
    getGroupSync: () => groups,
    patchGroupSync: () => groups,
    getRoleSync: () => roles,
    patchRoleSync: () => roles,
    createTestLogin: () => ({ id, url: 'https://reeve.test/start', expires_at: seen.expires_at }),
    getTestLogin: () => seen,
  }
}
