import { Secret } from '@reeve/base'
import { type ProviderSettings, regionIn } from '@reeve/bridge'
import { type Option, optional } from './config-option.ts'
import { bridgeNames } from './config-providers.ts'
import * as types from './config-types.ts'
import type { ProviderSetting } from './providers/offered.ts'
import { factsOf } from './providers/provider-types.ts'

/** What may be said of Amazon Bedrock in the environment: in variables of its own, and in those of a listed provider. */
const plain = (suffix: string, description: string) =>
  optional<string>('AI Bridge', { ...bridgeNames(`BEDROCK_${suffix}`), type: types.text, description })
const secret = (suffix: string, description: string) =>
  optional<Secret>('AI Bridge', {
    ...bridgeNames(`BEDROCK_${suffix}`),
    type: types.secretText,
    description,
    secret: true,
  })

export const bedrockOptions = {
  bedrockRegion: plain('REGION', 'The region in which Amazon Bedrock is asked, and for which requests are signed.'),
  bedrockBaseUrl: optional<string>('AI Bridge', {
    ...bridgeNames('BEDROCK_BASE_URL'),
    type: types.httpUrl,
    description: 'Where Amazon Bedrock is asked, when that is not the address of the region.',
  }),
  bedrockKey: secret('KEY', 'A Bedrock API key, or an access key as id:secret or id:secret:session-token.'),
  bedrockAccessKey: secret('ACCESS_KEY', 'The id of an access key at AWS, with which requests are signed.'),
  bedrockAccessKeySecret: secret('ACCESS_KEY_SECRET', 'The secret of that access key.'),
  bedrockModel: plain('MODEL', 'The model, or inference profile, that clients get whatever model they name.'),
  bedrockSmallFastModel: plain('SMALL_FAST_MODEL', 'The same for models with haiku in their name.'),
} as const

export type BedrockValues = {
  readonly [K in keyof typeof bedrockOptions]: (typeof bedrockOptions)[K] extends Option<infer T> ? T : never
}

/** Everything but the address and Bedrock API keys. */
export interface BedrockGiven {
  readonly region: string | null
  readonly accessKey: Secret | null
  readonly accessKeySecret: Secret | null
  readonly model: string | null
  readonly smallFastModel: string | null
}

export type BedrockName = keyof BedrockGiven

/** The settings and the key that it makes; what is wrong goes to `wrong`, by name. */
export function readBedrock(
  { region, accessKey, accessKeySecret, model, smallFastModel }: BedrockGiven,
  wrong: (name: BedrockName, detail: string) => void,
): { readonly settings: ProviderSettings; readonly keys: readonly Secret[] } {
  if (region !== null && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) wrong('region', 'is no region of AWS')
  if ((accessKey === null) !== (accessKeySecret === null)) {
    const missing = accessKey === null ? 'accessKey' : 'accessKeySecret'
    wrong(missing, 'is missing: the id of an access key and its secret go together')
  }
  if (accessKey !== null && !/^(?:AKIA|ASIA)[A-Z0-9]{8,124}$/.test(accessKey.reveal()))
    wrong('accessKey', 'is no id of an access key')
  if (accessKeySecret !== null && /[\s:]/.test(accessKeySecret.reveal()))
    wrong('accessKeySecret', 'is no secret of an access key')
  const small = smallFastModel ?? (model === null ? null : defaultSmall)
  const models = [
    ...(small === null ? [] : [{ from: '*haiku*', to: small }]),
    ...(model === null ? [] : [{ from: '*', to: model }]),
  ]
  const pair =
    accessKey === null || accessKeySecret === null ? null : `${accessKey.reveal()}:${accessKeySecret.reveal()}`
  return {
    settings: { ...(region !== null && { region }), ...(models.length > 0 && { models }) },
    keys: pair === null ? [] : [new Secret(pair)],
  }
}

/** What is small and fast where only the other model is said. */
const defaultSmall = 'global.anthropic.claude-haiku-4-5-20251001-v1:0'

const optionOf: Readonly<Record<BedrockName, keyof BedrockValues>> = {
  region: 'bedrockRegion',
  accessKey: 'bedrockAccessKey',
  accessKeySecret: 'bedrockAccessKeySecret',
  model: 'bedrockModel',
  smallFastModel: 'bedrockSmallFastModel',
}

const givenIn = (values: BedrockValues): BedrockGiven => ({
  region: values.bedrockRegion,
  accessKey: values.bedrockAccessKey,
  accessKeySecret: values.bedrockAccessKeySecret,
  model: values.bedrockModel,
  smallFastModel: values.bedrockSmallFastModel,
})

const isAnyGiven = (values: BedrockValues): boolean => {
  // SAFETY: keys of the object above.
  const names = Object.keys(bedrockOptions) as (keyof BedrockValues)[]
  return names.some((name) => values[name] !== null)
}

const addressIn = (values: BedrockValues): string | null =>
  values.bedrockBaseUrl ?? factsOf('bedrock').addressOf?.({ region: values.bedrockRegion ?? undefined }) ?? null

/** The provider `bedrock`; none where nothing is said of it, or not where it is. */
export function bedrockConfig(values: BedrockValues): readonly ProviderSetting[] {
  const baseUrl = addressIn(values)
  if (!isAnyGiven(values) || baseUrl === null) return []
  const { settings, keys } = readBedrock(givenIn(values), () => {})
  return [
    {
      name: 'bedrock',
      type: 'bedrock',
      baseUrl,
      keys: [...(values.bedrockKey === null ? [] : [values.bedrockKey]), ...keys],
      keyEnv: (values.bedrockAccessKey === null ? bedrockOptions.bedrockKey : bedrockOptions.bedrockAccessKey).env,
      isNamed: true,
      settings,
    },
  ]
}

export function bedrockContradictions(
  values: BedrockValues & { readonly insecureHttp: boolean },
  refuse: (name: keyof BedrockValues, detail: string) => void,
  isOpenHttp: (url: string) => boolean,
): void {
  const { keys } = readBedrock(givenIn(values), (name, detail) => refuse(optionOf[name], detail))
  const address = addressIn(values)
  if (isAnyGiven(values) && address === null)
    return refuse('bedrockRegion', 'is missing: Amazon Bedrock needs a region, or a base URL')
  if (address === null) return
  const hasKey = keys.length > 0 || values.bedrockKey !== null
  if (hasKey && !values.insecureHttp && isOpenHttp(address))
    refuse(
      'bedrockBaseUrl',
      'would carry the provider key without encryption. Use https, or accept it with --insecure-http',
    )
  const signs = keys.length > 0 || /^A[KS]IA[^:]*:/.test(values.bedrockKey?.reveal() ?? '')
  if (signs && values.bedrockRegion === null && regionIn(address) === null)
    refuse('bedrockRegion', 'is missing: requests are signed for a region, and the base URL names none')
}
