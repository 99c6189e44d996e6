import { Fault, type Secret } from '@reeve/base'
import { bedrock } from '../wire/bedrock/bedrock.ts'
import { anthropicMessages } from '../wire/anthropic-messages/anthropic-messages.ts'
import { type AwsKey, awsSignature } from './aws-signature.ts'
import { bedrockCountTokens, bedrockMessages, type BedrockTables } from './bedrock-messages/bedrock-messages.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'
import type { Refusal } from '../wire/wire-format.ts'
import { providerUrl } from './provider-url.ts'

const native: readonly ProviderRoute[] = [
  // What is asked and answered is of the Messages API, in Bedrock's wrapping, and is on record as that.
  { method: 'POST', path: /^\/model\/[^/]+\/invoke(?:-with-response-stream)?$/, kind: 'messages', wire: bedrock },
  { method: 'POST', path: /^\/model\/[^/]+\/count-tokens$/, kind: 'count_tokens', wire: bedrock },
]

/** For clients that speak Anthropic's own API. */
const translated = (tables: BedrockTables): readonly ProviderRoute[] => {
  const wire = anthropicMessages
  const counting = bedrockCountTokens(tables)
  return [
    { method: 'POST', path: /^\/v1\/messages$/, kind: 'messages', wire, translation: bedrockMessages(tables) },
    { method: 'POST', path: /^\/v1\/messages\/count_tokens$/, kind: 'count_tokens', wire, translation: counting },
    { method: 'GET', path: /^\/v1\/models(?:\/[^/]+)?$/, kind: 'models', wire, refusal: noList },
  ]
}

const noList: Refusal = {
  reason: 'not_found',
  message: 'Amazon Bedrock does not list its models here: name the one that you want.',
}

/**
 * Amazon Bedrock, for clients that speak its own API and for those that speak Anthropic's. A key is a Bedrock API key, or
 * `id:secret[:session-token]` of an access key, which signs each request for the region. Throws a Fault when none is
 * known or the base URL cannot be used.
 */
export function bedrockProvider(settings: ProviderOptions): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '')
  const { region: given, models = [], capabilities = [] } = settings.settings ?? {}
  const region = given ?? regionIn(url.href)
  if (region === null && settings.keys.some(({ secret }) => accessKey(secret) !== null)) {
    throw new Fault(
      'invalid',
      `The provider ${settings.name} must have a region that requests are signed for, or a base URL that names it, as in https://bedrock-runtime.us-east-1.amazonaws.com`,
    )
  }
  const bearer = (secret: Secret): readonly string[] => ['authorization', `Bearer ${secret.reveal()}`]
  return {
    name: settings.name,
    type: 'bedrock',
    wire: bedrock,
    routes: [...native, ...translated({ models, capabilities })],
    origin: url.origin,
    // Escaped as Amazon's own clients do it, and as it is signed.
    upstreamPath: (path) => basePath + path.replaceAll(':', '%3A'),
    keys: settings.keys,
    ownCredentialHeaders: ['authorization'],
    authorization: bearer,
    sign(secret, request) {
      const key = accessKey(secret)
      if (key === null || region === null) return bearer(secret)
      return awsSignature(key, request, { host: url.host, region, service: 'bedrock' })
    },
  }
}

/** The region that one of Amazon's own addresses names; null for any other. */
export function regionIn(url: string): string | null {
  return /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(new URL(url).hostname)?.[1] ?? null
}

/** Null for a key of another kind. */
function accessKey(secret: Secret): AwsKey | null {
  const parts = /^((?:AKIA|ASIA)[A-Z0-9]{8,124}):([^\s:]+)(?::(\S+))?$/.exec(secret.reveal())
  return parts === null ? null : { id: parts[1]!, secret: parts[2]!, sessionToken: parts[3] ?? null }
}
