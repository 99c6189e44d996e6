import { z } from 'zod'
import { Empty, Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { Password } from './password.ts'

export const Username = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/i, 'letters, digits and single hyphens between them')
  .max(32)

export const User = z.object({
  id: Id,
  username: z.string(),
  name: z.string(),
  email: z.string(),
  avatar_url: z.string(),
  created_at: Instant,
  updated_at: Instant,
  last_seen_at: Instant.nullable(),
  status: z.enum(['active', 'dormant', 'suspended']),
  login_type: z.enum(['password', 'oidc', 'github', 'none']),
  organization_ids: z.array(Id),
  roles: z.array(z.object({ name: z.string(), display_name: z.string() })),
  is_service_account: z.boolean().describe('No person: has tokens, no way to sign in and no e-mail address.'),
  owner_id: Id.nullable().describe('Of a service account: the person who is responsible for it.'),
})
export type User = z.infer<typeof User>

const params = z.object({ user: UserRef })

export const getFirstUser = endpoint({
  name: 'getFirstUser',
  method: 'GET',
  path: '/api/v2/users/first',
  summary: 'Whether the first owner exists: 200 if so, 404 while setup is open',
  tag: 'Users',
  permission: 'public',
  result: z.object({ message: z.string() }),
  faults: ['not_found'],
})

export const createFirstUser = endpoint({
  name: 'createFirstUser',
  method: 'POST',
  path: '/api/v2/users/first',
  summary: 'Create the first owner; refused once one exists',
  tag: 'Users',
  permission: 'public',
  body: z.object({
    email: z.email().max(254),
    username: Username,
    name: z.string().max(128).optional(),
    password: Password,
    setup_token: z
      .string()
      .max(128)
      .optional()
      .describe('From the setup link. Needed unless the server listens on a loopback address only.'),
    trial: z.boolean().optional().describe('Accepted for scripts written for other products; has no effect.'),
  }),
  status: 201,
  result: z.object({ user_id: Id, organization_id: Id }),
  faults: ['invalid', 'forbidden', 'conflict', 'limited'],
})

export const getAuthMethods = endpoint({
  name: 'getAuthMethods',
  method: 'GET',
  path: '/api/v2/users/authmethods',
  summary: 'Ways to sign in',
  tag: 'Users',
  permission: 'public',
  result: z.object({
    terms_of_service_url: z.string(),
    password: z.object({
      enabled: z.boolean(),
      reset: z.boolean().describe('Whether somebody who forgot a password can have a mail sent: mail is configured.'),
    }),
    github: z.object({ enabled: z.boolean(), default_provider_configured: z.boolean() }),
    oidc: z.object({
      enabled: z.boolean(),
      signInText: z.string(),
      iconUrl: z.string(),
      uninvitedText: z
        .string()
        .describe('What somebody is told whom the provider knows and who may not come in; empty for words of our own.'),
    }),
  }),
})

export const login = endpoint({
  name: 'login',
  method: 'POST',
  path: '/api/v2/users/login',
  summary: 'Sign in with e-mail and password; also sets the session cookie',
  tag: 'Users',
  permission: 'public',
  body: z.strictObject({ email: z.string().max(254), password: z.string().max(256) }),
  status: 201,
  result: z.object({ session_token: z.string() }),
  faults: ['unauthenticated', 'limited'],
})

export const logout = endpoint({
  name: 'logout',
  method: 'POST',
  path: '/api/v2/users/logout',
  summary: 'End the session of the credential that asks',
  tag: 'Users',
  permission: 'signed_in',
  result: z.object({ message: z.string() }),
})

export const listUsers = endpoint({
  name: 'listUsers',
  method: 'GET',
  path: '/api/v2/users',
  summary: 'List users',
  tag: 'Users',
  permission: 'user:read',
  query: z.object({
    q: z
      .string()
      .max(500)
      .optional()
      .describe(
        'Free text over username, name and e-mail; status:active|dormant|suspended, role:, login_type:, ' +
          'last_seen_before: (a day, or never), kind:person|service, owner: (who is responsible for a service ' +
          'account; me, name or id), organization:, group: (name or id).',
      ),
    limit: z.coerce.number().int().min(1).max(1000).optional(),
    offset: z.coerce.number().int().min(0).optional(),
    after_id: Id.optional(),
  }),
  result: z.object({ users: z.array(User), count: z.number().int() }),
  faults: ['invalid'],
})

export const createUser = endpoint({
  name: 'createUser',
  method: 'POST',
  path: '/api/v2/users',
  summary: 'Create a user',
  tag: 'Users',
  permission: 'user:create',
  body: z.strictObject({
    email: z.email().max(254).optional().describe('Required but for service accounts, which have none.'),
    username: Username,
    name: z.string().max(128).optional(),
    service_account: z.boolean().optional().describe('An account for programs: it has tokens and no sign-in.'),
    owner: UserRef.optional().describe('Who is responsible for a service account. Default: whoever makes it.'),
    password: Password.optional().describe('Required when login_type is password.'),
    login_type: z.enum(['password', 'none']).optional(),
    organization_ids: z.array(Id).optional(),
    roles: z
      .array(z.string().min(1).max(64))
      .max(64)
      .optional()
      .describe('Held everywhere; the caller must be able to give them.'),
  }),
  status: 201,
  result: User,
  faults: ['invalid', 'forbidden', 'conflict'],
})

export const getUser = endpoint({
  name: 'getUser',
  method: 'GET',
  path: '/api/v2/users/:user',
  summary: 'One user; `me` is whoever asks',
  tag: 'Users',
  permission: 'signed_in',
  params,
  result: User,
  faults: ['not_found'],
})

export const updateProfile = endpoint({
  name: 'updateProfile',
  method: 'PUT',
  path: '/api/v2/users/:user/profile',
  summary: 'Change a username and the name that people see',
  tag: 'Users',
  permission: 'signed_in',
  params,
  body: z.strictObject({ username: Username.optional(), name: z.string().max(128).optional() }),
  result: User,
  faults: ['invalid', 'forbidden', 'not_found', 'conflict'],
})

export const deleteUser = endpoint({
  name: 'deleteUser',
  method: 'DELETE',
  path: '/api/v2/users/:user',
  summary: 'Delete a user: their credentials end and their name is free again; what they did stays on record',
  tag: 'Users',
  permission: 'user:delete',
  params,
  status: 204,
  result: NoContent,
  faults: ['forbidden', 'not_found', 'conflict'],
})

export const suspendUser = endpoint({
  name: 'suspendUser',
  method: 'PUT',
  path: '/api/v2/users/:user/status/suspend',
  summary: 'Suspend a user: their credentials stop working',
  tag: 'Users',
  permission: 'user:update',
  params,
  body: Empty.optional(),
  result: User,
  faults: ['forbidden', 'not_found', 'conflict'],
})

export const activateUser = endpoint({
  name: 'activateUser',
  method: 'PUT',
  path: '/api/v2/users/:user/status/activate',
  summary: 'End a suspension',
  tag: 'Users',
  permission: 'user:update',
  params,
  body: Empty.optional(),
  result: User,
  faults: ['forbidden', 'not_found', 'conflict'],
})

export const setServiceAccountOwner = endpoint({
  name: 'setServiceAccountOwner',
  method: 'PUT',
  path: '/api/v2/users/:user/owner',
  summary: 'Make another person responsible for a service account',
  tag: 'Users',
  permission: 'user:update',
  params,
  body: z.strictObject({ owner: UserRef }),
  result: User,
  faults: ['invalid', 'forbidden', 'not_found'],
})

export const changePassword = endpoint({
  name: 'changePassword',
  method: 'PUT',
  path: '/api/v2/users/:user/password',
  summary: 'Change a password; one’s own needs the old one. Ends the other sessions of that user.',
  tag: 'Users',
  permission: 'signed_in',
  params,
  body: z.strictObject({ old_password: z.string().max(256).optional(), password: Password }),
  status: 204,
  result: NoContent,
  faults: ['invalid', 'not_found', 'forbidden', 'limited'],
})
