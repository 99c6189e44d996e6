import { z } from 'zod'
import { Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { AllowedObject, Scope } from './tokens.ts'
import { User } from './users.ts'

/** Where somebody is signed in, and who a credential makes its bearer. */

const tag = 'Sign-in'

export const UserSession = z.object({
  id: z.string(),
  user_id: Id,
  name: z.string().describe('`reeve login on laptop`; empty for a browser.'),
  login_type: z.enum(['password', 'oidc', 'github', 'device']).describe('How it was begun.'),
  current: z.boolean().describe('Whether it is the one that asks.'),
  created_at: Instant,
  last_used: Instant.nullable(),
  expires_at: Instant.describe('When it ends unless it is used; use prolongs it, but for sessions of programs.'),
  ends_at: Instant.describe('When it ends however much it is used.'),
  ip: z.string().nullable().describe('Where it was begun.'),
  user_agent: z.string().nullable(),
})
export type UserSession = z.infer<typeof UserSession>

const params = z.object({ user: UserRef })

export const listUserSessions = endpoint({
  name: 'listUserSessions',
  method: 'GET',
  path: '/api/v2/users/:user/sessions',
  summary: 'Where a user is signed in, the session used last first',
  tag,
  permission: 'api_key:read',
  params,
  result: z.array(UserSession),
  faults: ['not_found'],
})

export const endUserSession = endpoint({
  name: 'endUserSession',
  method: 'DELETE',
  path: '/api/v2/users/:user/sessions/:session',
  summary: 'Sign a session out: it stops working everywhere within seconds',
  tag,
  permission: 'api_key:delete',
  params: z.object({ user: UserRef, session: z.string().min(1).max(64) }),
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const endOtherSessions = endpoint({
  name: 'endOtherSessions',
  method: 'DELETE',
  path: '/api/v2/users/:user/sessions',
  summary: 'Sign out every session of a user but the one that asks',
  tag,
  permission: 'api_key:delete',
  params,
  result: z.object({ ended: z.number().int() }),
  faults: ['not_found'],
})

const Named = z.object({ id: Id, name: z.string(), display_name: z.string() })

export const getWhoami = endpoint({
  name: 'getWhoami',
  method: 'GET',
  path: '/api/v2/whoami',
  summary: 'Who the credential makes its bearer, what it is for and when it ends',
  tag,
  permission: 'signed_in',
  result: z.object({
    user: User,
    organizations: z.array(Named.extend({ roles: z.array(z.string()) })),
    groups: z.array(Named.extend({ organization_id: Id })),
    credential: z.object({
      id: z.string(),
      kind: z.enum(['session', 'token']),
      name: z.string(),
      scopes: z.array(Scope),
      allow_list: z.array(AllowedObject),
      created_at: Instant,
      expires_at: Instant,
      ends_at: Instant.describe('When it ends however much it is used.'),
    }),
  }),
})
