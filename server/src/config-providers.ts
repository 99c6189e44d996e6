import type { Secret } from '@reeve/base'
import { type Option, option, optional } from './config-option.ts'
import * as types from './config-types.ts'
import type { ProviderSetting } from './providers/offered.ts'

/** Under which names a setting of the bridge may be given: the bridge has had three in the field. */
export const bridgeNames = (suffix: string) => ({
  env: `REEVE_AIBRIDGE_${suffix}`,
  yaml: `aibridge.${suffix.toLowerCase()}`,
  aliases: ['REEVE_AI_GATEWAY_', 'CODER_AIBRIDGE_', 'CODER_AI_GATEWAY_'].map((prefix) => prefix + suffix),
})

const baseUrl = (suffix: string, fallback: string, whose: string) =>
  option('AI Bridge', fallback, {
    ...bridgeNames(`${suffix}_BASE_URL`),
    type: types.httpUrl,
    description: `${whose} API, or a gateway that speaks it.`,
  })
const key = (suffix: string, where: string) =>
  optional<Secret>('AI Bridge', {
    ...bridgeNames(`${suffix}_KEY`),
    type: types.secretText,
    description: `The key of your organization at ${where}.`,
    secret: true,
  })

export const providerOptions = {
  anthropicBaseUrl: baseUrl('ANTHROPIC', 'https://api.anthropic.com', 'The Anthropic'),
  anthropicKey: key('ANTHROPIC', 'Anthropic'),
  openaiBaseUrl: baseUrl('OPENAI', 'https://api.openai.com/v1/', 'The OpenAI'),
  openaiKey: key('OPENAI', 'OpenAI'),
  geminiBaseUrl: baseUrl('GEMINI', 'https://generativelanguage.googleapis.com', 'The Gemini'),
  geminiKey: key('GEMINI', 'Google (Gemini API, or Vertex AI in express mode)'),
} as const

export type ProviderValues = {
  readonly [K in keyof typeof providerOptions]: (typeof providerOptions)[K] extends Option<infer T> ? T : never
}

/** One of each type that has variables of its own, with a key or without. */
export const providersConfig = (values: ProviderValues): readonly ProviderSetting[] => {
  const one = (name: string, type: ProviderSetting['type'], baseUrl: string, key: Secret | null, keyEnv: string) => ({
    name,
    type,
    baseUrl,
    keys: key === null ? [] : [key],
    keyEnv,
    isNamed: false,
  })
  const { anthropicBaseUrl, anthropicKey, openaiBaseUrl, openaiKey, geminiBaseUrl, geminiKey } = values
  return [
    one('anthropic', 'anthropic', anthropicBaseUrl, anthropicKey, providerOptions.anthropicKey.env),
    one('openai', 'openai', openaiBaseUrl, openaiKey, providerOptions.openaiKey.env),
    one('gemini', 'google', geminiBaseUrl, geminiKey, providerOptions.geminiKey.env),
  ]
}

/** Base URLs that would carry a key in the open. */
export function openProviders(
  values: ProviderValues,
  isOpenHttp: (url: string) => boolean,
): readonly (keyof ProviderValues)[] {
  const pairs = [
    ['anthropicBaseUrl', 'anthropicKey'],
    ['openaiBaseUrl', 'openaiKey'],
    ['geminiBaseUrl', 'geminiKey'],
  ] as const
  return pairs.flatMap(([url, name]) => (values[name] !== null && isOpenHttp(values[url]) ? [url] : []))
}
