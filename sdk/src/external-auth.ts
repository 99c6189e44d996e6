import { z } from 'zod'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Accounts elsewhere, at GitHub and the like, that people link to their own, so that their agents can act there. */

const params = z.object({ provider: z.string().min(1).max(64) })

export const ExternalAuthProvider = z.object({
  id: z.string(),
  type: z.string().describe('github, gitlab, gitea, bitbucket-cloud, …, or generic'),
  display_name: z.string(),
  display_icon: z.string().describe('A URL, or empty.'),
  scopes: z.array(z.string()),
  regex: z.string().describe('Addresses of repositories that this provider is for.'),
  device: z.boolean().describe('Linked by entering a code at the provider, as well as in the browser.'),
  allow_refresh: z.boolean(),
  allow_validate: z.boolean(),
  supports_revocation: z.boolean(),
})
export type ExternalAuthProvider = z.infer<typeof ExternalAuthProvider>

export const ExternalAuthAccount = z.object({
  id: z.string(),
  login: z.string(),
  name: z.string(),
  profile_url: z.string(),
})
export type ExternalAuthAccount = z.infer<typeof ExternalAuthAccount>

export const ExternalAuthLink = z.object({
  provider_id: z.string(),
  user_id: Id,
  account: ExternalAuthAccount.nullable().describe('Who it is at the provider, as that said.'),
  scopes: z.array(z.string()),
  status: z
    .enum(['ok', 'expired', 'failing'])
    .describe('expired: has to be linked again. failing: the provider did not renew it, and will be asked again.'),
  has_refresh_token: z.boolean(),
  expires_at: Instant.nullable().describe('Of the access token; null when it has no end that is known.'),
  refresh_failed_at: Instant.nullable(),
  refresh_failure: z.string().describe('What went wrong at the last renewal, or empty.'),
  created_at: Instant,
  updated_at: Instant,
})
export type ExternalAuthLink = z.infer<typeof ExternalAuthLink>

export const ExternalAuth = ExternalAuthProvider.extend({
  authenticated: z.boolean(),
  validation: z
    .enum(['valid', 'invalid', 'unreachable', 'unchecked'])
    .describe('What the provider said when it was asked just now.'),
  detail: z.string().describe('Why it is not valid, or empty.'),
  link: ExternalAuthLink.nullable(),
})
export type ExternalAuth = z.infer<typeof ExternalAuth>

export const listExternalAuth = endpoint({
  name: 'listExternalAuth',
  method: 'GET',
  path: '/api/v2/external-auth',
  summary: 'Providers that accounts can be linked at, and which of them the caller has linked',
  tag: 'External auth',
  permission: 'external_auth:read',
  query: z.object({
    url: z.string().max(512).optional().describe('Only providers for this repository address.'),
  }),
  result: z.object({ providers: z.array(ExternalAuthProvider), links: z.array(ExternalAuthLink) }),
})

export const getExternalAuth = endpoint({
  name: 'getExternalAuth',
  method: 'GET',
  path: '/api/v2/external-auth/:provider',
  summary: 'The caller’s link at a provider; the provider is asked whether it still holds',
  tag: 'External auth',
  permission: 'external_auth:read',
  params,
  result: ExternalAuth,
  faults: ['not_found'],
})

export const startExternalAuth = endpoint({
  name: 'startExternalAuth',
  method: 'POST',
  path: '/api/v2/external-auth/:provider/start',
  summary: 'Begin linking in the browser: the address at the provider to go to, good once and for ten minutes',
  tag: 'External auth',
  permission: 'external_auth:create',
  params,
  result: z.object({ url: z.string(), expires_at: Instant }),
  faults: ['not_found', 'limited'],
})

export const finishExternalAuth = endpoint({
  name: 'finishExternalAuth',
  method: 'GET',
  path: '/external-auth/:provider/callback',
  aliases: ['/api/v2/external-auth/:provider/callback'],
  summary:
    'For browsers: the provider sends them here with the answer, and they go on to /external-auth/<id>?result=<word>: ' +
    'linked, denied, expired, signed_out or failed',
  tag: 'External auth',
  permission: 'public',
  params,
  query: z.looseObject({
    state: z.string().max(512).optional(),
    code: z.string().max(8192).optional(),
    iss: z.string().max(2048).optional(),
    error: z.string().max(256).optional().describe('What the provider said instead of a code.'),
  }),
  status: 303,
  answers: 'redirect',
  result: NoContent,
  faults: ['limited'],
})

export const startExternalAuthDevice = endpoint({
  name: 'startExternalAuthDevice',
  method: 'GET',
  path: '/api/v2/external-auth/:provider/device',
  summary: 'Begin linking without a browser here: a code to enter at the provider',
  tag: 'External auth',
  permission: 'external_auth:create',
  params,
  result: z.object({
    device_code: z.string(),
    user_code: z.string(),
    verification_uri: z.string(),
    verification_uri_complete: z.string().describe('With the code in it, or empty.'),
    expires_in: z.number().int().describe('Seconds.'),
    interval: z.number().int().describe('Seconds to wait between two questions.'),
  }),
  faults: ['not_found', 'conflict', 'upstream', 'limited'],
})

export const finishExternalAuthDevice = endpoint({
  name: 'finishExternalAuthDevice',
  method: 'POST',
  path: '/api/v2/external-auth/:provider/device',
  summary: 'Ask whether the code has been entered; links when it has',
  tag: 'External auth',
  permission: 'external_auth:create',
  params,
  body: z.object({ device_code: z.string().min(1).max(4096) }),
  result: z.object({
    state: z.enum(['linked', 'pending', 'slow_down']).describe('slow_down: wait five seconds longer each time.'),
    link: ExternalAuthLink.nullable(),
  }),
  faults: ['not_found', 'conflict', 'forbidden', 'upstream'],
})

export const getExternalAuthToken = endpoint({
  name: 'getExternalAuthToken',
  method: 'POST',
  path: '/api/v2/external-auth/:provider/access-token',
  summary: 'The caller’s access token at a provider, renewed when it has ended; on record each time',
  tag: 'External auth',
  permission: 'external_auth:read',
  params,
  result: z.object({ access_token: z.string(), expires_at: Instant.nullable() }),
  faults: ['not_found', 'conflict', 'upstream'],
})

export const deleteExternalAuth = endpoint({
  name: 'deleteExternalAuth',
  method: 'DELETE',
  path: '/api/v2/external-auth/:provider',
  summary: 'Forget the caller’s link, and have the provider end its tokens where it can',
  tag: 'External auth',
  permission: 'external_auth:delete',
  params,
  result: z.object({
    token_revoked: z.boolean(),
    token_revocation_error: z.string().describe('Why the provider did not end the token, or empty.'),
  }),
  faults: ['not_found'],
})
