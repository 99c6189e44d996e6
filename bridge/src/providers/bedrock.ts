import { Fault, type Secret } from '@reeve/base'
import { bedrock } from '../wire/bedrock/bedrock.ts'
import { type AwsKey, awsSignature } from './aws-signature.ts'
import type { Provider, ProviderOptions, ProviderRoute } from './provider.ts'
import { providerUrl } from './provider-url.ts'

const routes: readonly ProviderRoute[] = [
  // What is asked and answered is of the Messages API, in Bedrock's wrapping, and is on record as that.
  { method: 'POST', path: /^\/model\/[^/]+\/invoke(?:-with-response-stream)?$/, kind: 'messages', wire: bedrock },
  { method: 'POST', path: /^\/model\/[^/]+\/count-tokens$/, kind: 'count_tokens', wire: bedrock },
]

/**
 * Amazon Bedrock for clients that speak its own API. A key is a Bedrock API key, or `id:secret[:session-token]` of an
 * access key, which signs each request for the region in the base URL. Throws a Fault when that names none or cannot be
 * used.
 */
export function bedrockProvider(settings: ProviderOptions): Provider {
  const url = providerUrl(settings)
  const basePath = url.pathname.replace(/\/+$/, '')
  const region = /(?:^|\.)bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] ?? null
  if (region === null && settings.keys.some(({ secret }) => accessKey(secret) !== null)) {
    throw new Fault(
      'invalid',
      `The base URL of the provider ${settings.name} must name the region that requests are signed for, as in https://bedrock-runtime.us-east-1.amazonaws.com`,
    )
  }
  const bearer = (secret: Secret): readonly string[] => ['authorization', `Bearer ${secret.reveal()}`]
  return {
    name: settings.name,
    type: 'bedrock',
    wire: bedrock,
    routes,
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

/** Null for a key of another kind. */
function accessKey(secret: Secret): AwsKey | null {
  const parts = /^((?:AKIA|ASIA)[A-Z0-9]{8,124}):([^\s:]+)(?::(\S+))?$/.exec(secret.reveal())
  return parts === null ? null : { id: parts[1]!, secret: parts[2]!, sessionToken: parts[3] ?? null }
}
