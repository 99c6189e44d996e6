import { z } from 'zod'
import { aiProviderParams } from './ai-providers.ts'
import { Id, Instant } from './common.ts'
import { endpoint } from './endpoint.ts'

/**
 * How a provider does at this moment, as each gateway that is running has found out for itself from the provider's
 * answers. It is told with the gateway's heartbeat, so it is some seconds old.
 */

const model = z.string().describe('As clients call it, at most 100 characters; empty: for what names no model.')

export const AiKeyRest = z.object({
  model,
  state: z
    .enum(['busy', 'limited', 'refused'])
    .describe(
      'limited: the provider said 429 and until when, and is not asked with it until then. ' +
        'busy: it said 429 and not until when, and the other keys are preferred to it until then. ' +
        'refused: it said 401, and the key is tried again from then on.',
    ),
  until: Instant,
})
export type AiKeyRest = z.infer<typeof AiKeyRest>

export const AiKeyStanding = z.object({
  id: z.string(),
  masked: z
    .string()
    .describe('A few characters from both ends; empty: a key that the server which answers does not have.'),
  state: z
    .enum(['usable', 'busy', 'limited', 'refused'])
    .describe('As with the model with which it does worst; rests has them all.'),
  used_at: Instant.nullable().describe('When it was asked with last; null: not since the gateway was started.'),
  rests: z.array(AiKeyRest),
})
export type AiKeyStanding = z.infer<typeof AiKeyStanding>

export const AiModelStanding = z.object({
  model,
  state: z
    .enum(['open', 'half_open'])
    .describe(
      'Of its circuit breaker. open: it failed again and again, and requests are refused until then. ' +
        'half_open: a few requests are let through, to see whether it answers again.',
    ),
  until: Instant.nullable().describe('Null where it is half open.'),
})
export type AiModelStanding = z.infer<typeof AiModelStanding>

export const AiStanding = z.object({
  requests: z.number().int().describe('Requests in flight: asked, and the answer not complete.'),
  keys: z.array(AiKeyStanding).describe('In the order in which they are fallen back on.'),
  models: z.array(AiModelStanding).describe('Those that are not simply asked.'),
  left_out: z
    .number()
    .int()
    .describe('So many more rests and models there were than are told: at most 50, and 200 of all providers.'),
})
export type AiStanding = z.infer<typeof AiStanding>

export const AiGatewayStanding = z.object({
  gateway: Id.describe('As in the list of gateways.'),
  host: z.string(),
  process: z.number().int().describe('Which process of this machine.'),
  seen_at: Instant.describe('When it told this.'),
  standing: AiStanding.nullable().describe(
    'Null: the gateway tells nothing of the provider, because it does not have it or is of a release that does not tell.',
  ),
})
export type AiGatewayStanding = z.infer<typeof AiGatewayStanding>

export const getAiProviderStanding = endpoint({
  name: 'getAiProviderStanding',
  method: 'GET',
  path: '/api/v2/ai/providers/:provider/standing',
  summary:
    'How a provider does now at each gateway that is running: keys, models that are left alone, requests in flight',
  tag: 'AI providers',
  permission: 'ai_provider:read',
  params: aiProviderParams,
  result: z.object({ gateways: z.array(AiGatewayStanding) }),
  faults: ['not_found'],
})
