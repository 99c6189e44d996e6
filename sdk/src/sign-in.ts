import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Signing in through an identity provider (OpenID Connect), and how its claims become organizations, groups and roles. */

const tag = 'Sign-in'

export const startOidc = endpoint({
  name: 'startOidc',
  method: 'GET',
  path: '/api/v2/users/oidc/start',
  summary: 'For browsers: begin a sign-in at the identity provider',
  tag,
  permission: 'public',
  query: z.object({
    redirect: z.string().max(2048).optional().describe('Where to go afterwards: a path of this console.'),
    test: Id.optional().describe('A test login, by the id that creating it gave.'),
  }),
  status: 303,
  answers: 'redirect',
  result: NoContent,
  faults: ['not_found', 'limited', 'unavailable'],
})

export const finishOidc = endpoint({
  name: 'finishOidc',
  method: 'GET',
  path: '/api/v2/users/oidc/callback',
  summary: 'For browsers: the identity provider sends them here with the answer',
  tag,
  permission: 'public',
  query: z.looseObject({
    code: z.string().max(8192).optional(),
    state: z.string().max(512).optional(),
    iss: z.string().max(2048).optional(),
    error: z.string().max(256).optional(),
  }),
  status: 303,
  answers: 'redirect',
  result: NoContent,
  faults: ['unauthenticated', 'not_found', 'limited', 'unavailable'],
})

export const SignInStatus = z.object({
  password_sign_in: z.enum(['everyone', 'owners']).describe('Whom a password lets in.'),
  break_glass_owners: z
    .number()
    .int()
    .describe('Active owners with a password: who can sign in when the identity provider cannot be reached.'),
  oidc: z
    .object({
      issuer: z.string(),
      client_id: z.string(),
      callback_url: z.string().describe('To be registered at the identity provider, exactly so.'),
      allow_signups: z.boolean(),
      email_domains: z.array(z.string()),
      allowed_groups: z.array(z.string()),
      site_roles_field: z.string().describe('The claim that decides about roles at the site; empty when people do.'),
      provider: z.enum(['not_asked_yet', 'reachable', 'unreachable']),
      provider_problem: z.string().nullable(),
      linked_users: z.number().int(),
      linked_users_without_refresh: z
        .number()
        .int()
        .describe('The provider gave no refresh token for these: changes there count at their next sign-in only.'),
      last_refresh_at: Instant.nullable(),
    })
    .nullable()
    .describe('Null when no identity provider is configured.'),
})
export type SignInStatus = z.infer<typeof SignInStatus>

export const getSignInStatus = endpoint({
  name: 'getSignInStatus',
  method: 'GET',
  path: '/api/v2/settings/sign-in',
  summary: 'How people sign in, and whether the identity provider answers',
  tag,
  permission: 'idp_settings:read',
  result: SignInStatus,
})

const field = z.string().max(256).describe('The claim, by its name. Empty: people decide, not the identity provider.')
const claimValue = z.string().min(1).max(256)
const mappingOf = <T extends z.ZodType>(target: T) =>
  z
    .record(claimValue, z.array(target).max(100))
    .refine((given) => Object.keys(given).length <= 1000, 'has more than 1000 claim values')

export const OrganizationSync = z.strictObject({
  field,
  mapping: mappingOf(Id).describe('From a claim value to the organizations that it gives.'),
  organization_assign_default: z.boolean().describe('Everybody is in the default organization as well.'),
})
export type OrganizationSync = z.infer<typeof OrganizationSync>

export const GroupSync = z.strictObject({
  field,
  mapping: mappingOf(Id).describe('From a claim value to the groups of this organization that it gives.'),
  regex_filter: z
    .string()
    .max(1000)
    .nullable()
    .describe('RE2 syntax, searched for in the claim value; values without a match are left out. Null takes all.'),
  auto_create_missing_groups: z.boolean().describe('A value that names no group makes one.'),
})
export type GroupSync = z.infer<typeof GroupSync>

export const RoleSync = z.strictObject({
  field,
  mapping: mappingOf(z.string().min(1).max(64)).describe('From a claim value to roles of this organization.'),
})
export type RoleSync = z.infer<typeof RoleSync>

export const getOrganizationSync = endpoint({
  name: 'getOrganizationSync',
  method: 'GET',
  path: '/api/v2/settings/idpsync/organization',
  summary: 'How claims become organizations',
  tag,
  permission: 'idp_settings:read',
  result: OrganizationSync,
  faults: ['not_found'],
})

export const patchOrganizationSync = endpoint({
  name: 'patchOrganizationSync',
  method: 'PATCH',
  path: '/api/v2/settings/idpsync/organization',
  summary: 'Change how claims become organizations; what is left out stays',
  tag,
  permission: 'idp_settings:update',
  body: OrganizationSync.partial(),
  result: OrganizationSync,
  faults: ['invalid', 'not_found'],
})

const params = z.object({ organization: z.string().min(1).max(64) })

export const getGroupSync = endpoint({
  name: 'getGroupSync',
  method: 'GET',
  path: '/api/v2/organizations/:organization/settings/idpsync/groups',
  summary: 'How claims become groups of an organization',
  tag,
  permission: 'idp_settings:read',
  params,
  result: GroupSync,
  faults: ['not_found'],
})

export const patchGroupSync = endpoint({
  name: 'patchGroupSync',
  method: 'PATCH',
  path: '/api/v2/organizations/:organization/settings/idpsync/groups',
  summary: 'Change how claims become groups of an organization; what is left out stays',
  tag,
  permission: 'idp_settings:update',
  params,
  body: GroupSync.partial(),
  result: GroupSync,
  faults: ['invalid', 'not_found'],
})

export const getRoleSync = endpoint({
  name: 'getRoleSync',
  method: 'GET',
  path: '/api/v2/organizations/:organization/settings/idpsync/roles',
  summary: 'How claims become roles in an organization',
  tag,
  permission: 'idp_settings:read',
  params,
  result: RoleSync,
  faults: ['not_found'],
})

export const patchRoleSync = endpoint({
  name: 'patchRoleSync',
  method: 'PATCH',
  path: '/api/v2/organizations/:organization/settings/idpsync/roles',
  summary: 'Change how claims become roles in an organization; what is left out stays',
  tag,
  permission: 'idp_settings:update',
  params,
  body: RoleSync.partial(),
  result: RoleSync,
  faults: ['invalid', 'not_found', 'forbidden'],
})

const Named = z.object({ id: Id, name: z.string() })

/** What the claims of somebody come to under the settings. Null where people decide and not the identity provider. */
export const SyncPreview = z.object({
  site_roles: z.array(z.string()).nullable(),
  organizations: z
    .array(
      Named.extend({
        groups: z.array(z.string()).nullable(),
        new_groups: z.array(z.string()).describe('Of `groups`, those that a real sign-in would make.'),
        roles: z.array(z.string()).nullable(),
      }),
    )
    .describe('Those that the person would be a member of.'),
  ignored: z.array(z.object({ value: z.string(), reason: z.string() })).describe('Claim values that give nothing.'),
})
export type SyncPreview = z.infer<typeof SyncPreview>

export const TestLogin = z.object({
  id: Id,
  status: z.enum(['waiting', 'done', 'failed']),
  expires_at: Instant,
  problem: z.string().nullable().describe('Why it failed.'),
  claims: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('As the provider sent them. Hostile content: show as text.'),
  verdict: z
    .object({
      would_sign_in: z.boolean(),
      as: z.enum(['linked_user', 'existing_user', 'new_user', 'nobody']),
      username: z.string().nullable(),
      reason: z.string().nullable().describe('Why a real sign-in with these claims would be refused.'),
    })
    .nullable(),
  preview: SyncPreview.nullable(),
})
export type TestLogin = z.infer<typeof TestLogin>

export const createTestLogin = endpoint({
  name: 'createTestLogin',
  method: 'POST',
  path: '/api/v2/settings/idpsync/test-logins',
  summary: 'Prepare a sign-in that saves nothing and shows what the claims would come to',
  tag,
  permission: 'idp_settings:update',
  body: z.strictObject({
    organization: OrganizationSync.optional().describe('As edited and not saved; without it, as saved.'),
    groups: z.record(Id, GroupSync).optional().describe('By the id of the organization.'),
    roles: z.record(Id, RoleSync).optional().describe('By the id of the organization.'),
  }),
  status: 201,
  result: z.object({
    id: Id,
    url: z.string().describe('To be opened in the browser in which whoever asks is signed in.'),
    expires_at: Instant,
  }),
  faults: ['invalid', 'not_found'],
})

export const getTestLogin = endpoint({
  name: 'getTestLogin',
  method: 'GET',
  path: '/api/v2/settings/idpsync/test-logins/:id',
  summary: 'What a test login showed, for whoever prepared it',
  tag,
  permission: 'idp_settings:update',
  params: z.object({ id: Id }),
  result: TestLogin,
  faults: ['not_found'],
})
