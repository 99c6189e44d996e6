import { type Option, option } from './config-option.ts'
import { bridgeNames } from './config-providers.ts'
import * as types from './config-types.ts'
import type { ActorHeaderNames } from './gateway/actor-headers.ts'
import type { GatewayLimits } from './gateway/turnstile.ts'

const none = 'none'

/** What a request carries for itself, for us or for the connection: no word of ours may stand in its place. */
const taken = new RegExp(
  '^(?:authorization|x-api-key|api-key|x-goog-api-key|(?:set-)?cookie2?|host|user-agent|content-.*|accept(?:-.*)?|' +
    'connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|http2-settings|forwarded|via|date|' +
    'x-forwarded-.*|x-real-ip|proxy-.*|(?:x-)?(?:reeve|coder)-.*|anthropic-.*|openai-.*)$',
)

const headerName: types.ValueType<string | null> = {
  label: `header name, or ${none}`,
  read(given) {
    if (given === none) return { value: null }
    if (!/^[A-Za-z0-9-]{1,64}$/.test(given)) return { problem: 'is no name of a header' }
    return taken.test(given.toLowerCase()) ? { problem: `${given} has another meaning already` } : { value: given }
  },
}

const bound = (suffix: string, description: string) =>
  option('AI Bridge', '0', { ...bridgeNames(suffix), type: types.integer(0, 1_000_000), description })

export const gatewayOptions = {
  allowByok: option('AI Bridge', 'true', {
    ...bridgeNames('ALLOW_BYOK'),
    type: types.boolean,
    description:
      'Let users call models with a subscription or key of their own, and their Reeve token in a header of its own.',
  }),
  maxConcurrency: bound('MAX_CONCURRENCY', 'The most requests relayed at once by this server; 0 sets no bound.'),
  providerMaxConcurrency: bound(
    'PROVIDER_MAX_CONCURRENCY',
    'The most requests relayed to one provider at once by this server; 0 sets no bound.',
  ),
  rateLimit: bound('RATE_LIMIT', 'Requests a second of one user to the models, on this server; 0 sets no bound.'),
  organizationRateLimit: bound(
    'ORGANIZATION_RATE_LIMIT',
    'Requests a second of one organization to the models, on this server; 0 sets no bound.',
  ),
  maxEventLoopDelay: option('AI Bridge', '1s', {
    ...bridgeNames('MAX_EVENT_LOOP_DELAY'),
    type: types.duration(10, 60_000, { zero: true }),
    description: 'How late this server may be with its work before it turns new requests away; 0 sets no bound.',
  }),
  tokenOutage: option('AI Bridge', '5m', {
    ...bridgeNames('TOKEN_OUTAGE'),
    type: types.duration(1_000, 7 * 86_400_000, { zero: true }),
    description:
      'How long tokens that were in use stay good while PostgreSQL does not answer; 0 lets nobody in meanwhile. A gateway ' +
      'that alone is cut off does not hear of what is revoked in this time.',
  }),
  sendActorHeaders: option('AI Bridge', 'false', {
    ...bridgeNames('SEND_ACTOR_HEADERS'),
    type: types.boolean,
    description: 'Tell providers in headers who asks: for providers that are gateways themselves.',
  }),
  actorHeaderId: option('AI Bridge', 'X-AI-Bridge-Actor-ID', {
    ...bridgeNames('ACTOR_HEADER_ID'),
    type: headerName,
    description: `The header with the id of the user; ${none} leaves it out.`,
  }),
  actorHeaderUsername: option('AI Bridge', 'X-AI-Bridge-Actor-Metadata-Username', {
    ...bridgeNames('ACTOR_HEADER_USERNAME'),
    type: headerName,
    description: `The header with the name of the user; ${none} leaves it out.`,
  }),
} as const

export type GatewayValues = {
  readonly [K in keyof typeof gatewayOptions]: (typeof gatewayOptions)[K] extends Option<infer T> ? T : never
}

/** What the gateway asks of a request before it relays it, and what it adds. */
export interface GatewayDoor {
  /** Whether users may bring a credential of their own. */
  readonly allowByok: boolean
  readonly limits: GatewayLimits
  readonly tokenOutageMs: number
  readonly actorHeaders: ActorHeaderNames
}

export const gatewayDoor = (values: GatewayValues): GatewayDoor => ({
  allowByok: values.allowByok,
  limits: {
    open: values.maxConcurrency,
    openPerProvider: values.providerMaxConcurrency,
    perUser: values.rateLimit,
    perOrganization: values.organizationRateLimit,
    eventLoopDelayMs: values.maxEventLoopDelay,
  },
  tokenOutageMs: values.tokenOutage,
  actorHeaders: { sent: values.sendActorHeaders, id: values.actorHeaderId, username: values.actorHeaderUsername },
})

/** One header cannot say two things. */
export function gatewayContradictions(
  { actorHeaderId, actorHeaderUsername }: GatewayValues,
  refuse: (name: 'actorHeaderUsername', detail: string) => void,
): void {
  if (actorHeaderId === null || actorHeaderId.toLowerCase() !== actorHeaderUsername?.toLowerCase()) return
  refuse('actorHeaderUsername', 'is the header of the id as well')
}
