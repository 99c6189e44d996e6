import { z } from 'zod'
import { Id, Instant, NoContent, UserRef } from './common.ts'
import { endpoint } from './endpoint.ts'
import { type Grantable, grantables, type Resource, resources } from './permissions.ts'

/**
 * What a credential may do, whatever its owner may do.
 * `all`: everything its owner may. `gateway`: call models through the bridge and nothing else. `boundary`: run commands
 * behind a boundary and ask for what it denied, and nothing else. `api`: the management API and not the bridge. Or single permissions, `audit_log:read`, and all of a resource, `audit_log:*`.
 */
export type Scope = 'all' | 'gateway' | 'boundary' | 'api' | Grantable | `${Resource}:*`
export const scopes: readonly Scope[] = [
  'all',
  'gateway',
  'boundary',
  'api',
  ...resources.flatMap((resource) => [
    `${resource}:*` as const,
    ...grantables.filter((each) => each.startsWith(`${resource}:`)),
  ]),
]
export const Scope = z.enum(scopes)

/** Names for the same scopes in scripts written for other products. */
export const scopeAliases: Readonly<Record<string, Scope>> = {
  'coder:all': 'all',
  'aibridge:use': 'gateway',
  'ai_gateway:use': 'gateway',
}

/** One line of a credential's allow list: an object of a type, or all of it. */
export const AllowedObject = z.object({
  type: z.enum([...resources, '*']),
  id: z.string().min(1).max(64).describe('`*` is all of the type.'),
})
export type AllowedObject = z.infer<typeof AllowedObject>

export const ApiKey = z.object({
  id: z.string(),
  user_id: Id,
  username: z.string(),
  token_name: z.string(),
  last_used: Instant.nullable(),
  expires_at: Instant,
  created_at: Instant,
  updated_at: Instant,
  login_type: z
    .enum(['password', 'oidc', 'github', 'device', 'token'])
    .describe('`token`, or how a session was begun.'),
  scope: Scope,
  scopes: z.array(Scope),
  allow_list: z.array(AllowedObject).describe('The objects that it is for.'),
  workspace_id: Id.nullable().describe('The workspace that it was made for and ends with.'),
  lifetime_seconds: z.number().int(),
})
export type ApiKey = z.infer<typeof ApiKey>

const params = z.object({ user: UserRef })
const keyParams = z.object({ user: UserRef, key: z.string().min(1).max(64) })

export const createToken = endpoint({
  name: 'createToken',
  method: 'POST',
  path: '/api/v2/users/:user/keys/tokens',
  summary: 'Create an API token for oneself or a service account; the token is in the answer and cannot be read again',
  tag: 'Tokens',
  permission: 'api_key:create',
  params,
  body: z.strictObject({
    token_name: z
      .string()
      .regex(/^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/i, 'letters and digits, with single - _ . between them')
      .max(64)
      .optional(),
    lifetime: z.number().int().min(1).optional().describe('Nanoseconds, as in the field. Default: 30 days.'),
    lifetime_seconds: z.number().int().min(1).optional().describe('The same in seconds; wins over lifetime.'),
    scope: z.string().max(64).optional(),
    scopes: z.array(z.string().max(64)).max(64).optional(),
    allow_list: z.array(AllowedObject).min(1).max(128).optional().describe('Default: every object.'),
  }),
  status: 201,
  result: z.object({ key: z.string(), id: z.string(), expires_at: Instant }),
  faults: ['invalid', 'not_found', 'forbidden', 'conflict'],
})

export const createSessionKey = endpoint({
  name: 'createSessionKey',
  method: 'POST',
  path: '/api/v2/users/:user/keys',
  summary: 'Create a session of one’s own, with every scope',
  tag: 'Tokens',
  permission: 'api_key:create',
  params,
  status: 201,
  result: z.object({ key: z.string() }),
  faults: ['not_found', 'forbidden'],
})

export const listTokens = endpoint({
  name: 'listTokens',
  method: 'GET',
  path: '/api/v2/users/:user/keys/tokens',
  summary: 'List API tokens',
  tag: 'Tokens',
  permission: 'api_key:read',
  params,
  query: z.object({
    include_all: z
      .enum(['true', 'false'])
      .optional()
      .describe('Tokens of everybody, for those who may read them; then the user of the path does not matter.'),
    include_expired: z.enum(['true', 'false']).optional(),
    q: z
      .string()
      .max(500)
      .optional()
      .describe(
        'Words of the name; user:, scope:, kind:person|service|workspace, used:never, used_before: and ' +
          'expires_before: (a day).',
      ),
  }),
  result: z.array(ApiKey),
  faults: ['invalid', 'not_found', 'forbidden'],
})

export const getTokenConfig = endpoint({
  name: 'getTokenConfig',
  method: 'GET',
  path: '/api/v2/users/:user/keys/tokens/tokenconfig',
  summary: 'The longest lifetime that a token may have, in nanoseconds',
  tag: 'Tokens',
  permission: 'api_key:read',
  params,
  result: z.object({ max_token_lifetime: z.number() }),
  faults: ['not_found'],
})

export const getKey = endpoint({
  name: 'getKey',
  method: 'GET',
  path: '/api/v2/users/:user/keys/:key',
  summary: 'One key, by id or token name',
  tag: 'Tokens',
  permission: 'api_key:read',
  params: keyParams,
  result: ApiKey,
  faults: ['not_found'],
})

export const deleteKey = endpoint({
  name: 'deleteKey',
  method: 'DELETE',
  path: '/api/v2/users/:user/keys/:key',
  summary: 'Revoke a key, by id or token name: it stops working everywhere within seconds',
  tag: 'Tokens',
  permission: 'api_key:delete',
  params: keyParams,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})

export const expireKey = endpoint({
  name: 'expireKey',
  method: 'PUT',
  path: '/api/v2/users/:user/keys/:key/expire',
  summary: 'End a key now and keep its row',
  tag: 'Tokens',
  permission: 'api_key:update',
  params: keyParams,
  status: 204,
  result: NoContent,
  faults: ['not_found'],
})
