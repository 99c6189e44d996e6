import { z } from 'zod'
import { AiProviderSettings } from './ai-provider-settings.ts'
import { Id, Instant, NoContent } from './common.ts'
import { endpoint } from './endpoint.ts'

/**
 * The LLM APIs that the bridge passes requests on to. Those from the environment are shown and cannot be changed here;
 * the others are kept in the database, with keys that nobody is shown again.
 */

export const aiKeysMax = 20

export const AiProviderKey = z.object({
  id: z.string(),
  masked: z.string().describe('A few characters from both ends.'),
  weight: z.number().int().describe('Its share of the requests; 0: it is asked with when those before it fail.'),
  created_at: Instant.nullable(),
})
export type AiProviderKey = z.infer<typeof AiProviderKey>

export const AiProvider = z.object({
  id: Id.nullable().describe('Null for one of the environment.'),
  name: z.string().describe('As in the path that clients ask.'),
  display_name: z.string(),
  type: z.string(),
  base_url: z.string(),
  enabled: z.boolean(),
  icon: z.string(),
  allow_private: z.boolean(),
  source: z.enum(['stored', 'environment']),
  variable: z.string().nullable().describe('Which variable it comes from, when it is one of the environment.'),
  ready: z.boolean().describe('Whether requests are passed on to it.'),
  detail: z.string().describe('Why not.'),
  settings: AiProviderSettings,
  api_keys: z.array(AiProviderKey).describe('In the order in which they are fallen back on.'),
  created_at: Instant.nullable(),
  updated_at: Instant.nullable(),
})
export type AiProvider = z.infer<typeof AiProvider>

export const AiProviderType = z.object({
  type: z.string(),
  display_name: z.string(),
  base_url: z.string().nullable().describe('Where it is unless a provider says otherwise; null: it has to be said.'),
  example_url: z.string(),
  needs_key: z.boolean(),
  settings: z.array(z.string()).describe('Which settings it takes.'),
  built_in: AiProviderSettings.describe('What holds beside what is set.'),
})
export type AiProviderType = z.infer<typeof AiProviderType>

export const AiProviderTestResult = z.object({
  key_id: z.string().nullable().describe('Null: asked without a key.'),
  masked: z.string(),
  ok: z.boolean(),
  status: z.number().int().nullable().describe('Null when there was no answer.'),
  latency_ms: z.number().int(),
  error: z.string().nullable(),
})
export type AiProviderTestResult = z.infer<typeof AiProviderTestResult>

const name = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is not a name: small letters and digits, with single hyphens between them')
  .describe('Part of the path: small letters and digits, with single hyphens between them.')
const display_name = z.string().trim().min(1).max(120)
const base_url = z.string().max(2000).describe('With the path that all of its routes have in common.')
const icon = z.string().max(200).describe('A path or an https address of an image; empty for none.')
const allow_private = z
  .boolean()
  .describe('Allow an address in a private network, and http, for a model server of your own.')
const api_key = z
  .string()
  .max(8000)
  .regex(/^(?:[\x21-\x7e]+|\s*\{[^]*\}\s*)$/, 'is empty or has spaces or characters that no key has')
  .describe('For vertex also the file of a service account, as Google makes it.')
const weight = z.number().int().min(0).max(1000)
const newKey = z.strictObject({ api_key, weight: weight.optional() })
const keptKey = z.strictObject({ id: Id, weight: weight.optional() })

export const aiProviderParams = z.object({ provider: z.string().min(1).max(64).describe('Name or id.') })
const tag = 'AI providers'

export const listAiProviders = endpoint({
  name: 'listAiProviders',
  method: 'GET',
  path: '/api/v2/ai/providers',
  summary: 'Providers with hints of their keys, and the types that there are',
  tag,
  permission: 'ai_provider:read',
  result: z.object({ providers: z.array(AiProvider), types: z.array(AiProviderType) }),
})

export const createAiProvider = endpoint({
  name: 'createAiProvider',
  method: 'POST',
  path: '/api/v2/ai/providers',
  summary: 'Offer another provider; every replica does within seconds',
  tag,
  permission: 'ai_provider:create',
  body: z.strictObject({
    name,
    type: z.string().max(40),
    display_name: display_name.optional(),
    base_url: base_url.optional(),
    enabled: z.boolean().optional(),
    icon: icon.optional(),
    allow_private: allow_private.optional(),
    settings: AiProviderSettings.optional(),
    api_keys: z.array(newKey).max(aiKeysMax).optional(),
  }),
  status: 201,
  result: AiProvider,
  faults: ['invalid', 'conflict'],
})

export const getAiProvider = endpoint({
  name: 'getAiProvider',
  method: 'GET',
  path: '/api/v2/ai/providers/:provider',
  summary: 'One provider with hints of its keys',
  tag,
  permission: 'ai_provider:read',
  params: aiProviderParams,
  result: AiProvider,
  faults: ['not_found'],
})

export const updateAiProvider = endpoint({
  name: 'updateAiProvider',
  method: 'PATCH',
  path: '/api/v2/ai/providers/:provider',
  summary: 'Change a provider; what is not named stays, and open requests go on',
  tag,
  permission: 'ai_provider:update',
  params: aiProviderParams,
  body: z.strictObject({
    display_name: display_name.optional(),
    base_url: base_url.optional().describe('Another scheme, host or port drops the keys that were kept so far.'),
    enabled: z.boolean().optional(),
    icon: icon.optional(),
    allow_private: allow_private.optional(),
    settings: AiProviderSettings.optional().describe('Takes the place of all of them.'),
    api_keys: z
      .array(z.union([keptKey, newKey]))
      .max(aiKeysMax)
      .optional()
      .describe('All of them in order: with an id one is kept, with api_key one is added, and those not named go.'),
  }),
  result: AiProvider.extend({
    dropped_keys: z.number().int().describe('Keys that went because the base URL is elsewhere now.'),
  }),
  faults: ['invalid', 'not_found', 'conflict'],
})

export const testAiProvider = endpoint({
  name: 'testAiProvider',
  method: 'POST',
  path: '/api/v2/ai/providers/:provider/test',
  summary: 'Ask a provider for its models with each key, and tell what came',
  tag,
  permission: 'ai_provider:update',
  params: aiProviderParams,
  result: z.object({ results: z.array(AiProviderTestResult) }),
  faults: ['not_found'],
})

export const deleteAiProvider = endpoint({
  name: 'deleteAiProvider',
  method: 'DELETE',
  path: '/api/v2/ai/providers/:provider',
  summary: 'Take a provider and its keys away; open requests go on',
  tag,
  permission: 'ai_provider:delete',
  params: aiProviderParams,
  status: 204,
  result: NoContent,
  faults: ['not_found', 'conflict'],
})
