import { type AiProvider, AiProviderSettings, type AiProviderType } from '@reeve/sdk'
import { keysOf, type Offered, type ProviderSetting } from './offered.ts'
import { factsOf, isProviderType, providerTypeNames, providerTypes } from './provider-types.ts'
import { type ProviderWithKeys, settingsIn } from './queries.ts'

export const presentTypes = (): AiProviderType[] =>
  providerTypeNames.map((type) => {
    const { displayName, baseUrl, exampleUrl, needsKey, settings = [], builtIn = {} } = factsOf(type)
    return {
      type,
      display_name: displayName,
      base_url: baseUrl,
      example_url: exampleUrl,
      needs_key: needsKey,
      settings: [...settings],
      built_in: AiProviderSettings.parse(builtIn),
    }
  })

/** `offered`: as this replica offers it; undefined when it does not. `isHidden`: one of the environment has its name. */
export function presentStored(
  { row, keys }: ProviderWithKeys,
  offered: Offered | undefined,
  isHidden: boolean,
): AiProvider {
  return {
    id: row.id,
    name: row.name,
    display_name: row.display_name,
    type: row.type,
    base_url: row.base_url,
    enabled: row.enabled,
    icon: row.icon,
    allow_private: row.allow_private,
    source: 'stored',
    variable: null,
    ready: !isHidden && offered?.missing === null,
    detail: detailOf(row.type, offered, isHidden),
    settings: settingsIn(row),
    api_keys: keys.map(({ id, hint, weight, created_at }) => ({
      id,
      masked: hint,
      weight,
      created_at: created_at.toISOString(),
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

function detailOf(type: string, offered: Offered | undefined, isHidden: boolean): string {
  if (isHidden) return 'The environment has a provider of this name, which is asked in its place.'
  if (!isProviderType(type)) return 'This release does not know its type.'
  return offered === undefined ? 'It is not offered here yet.' : (offered.missing ?? '')
}

export function presentSetting(setting: ProviderSetting, offered: Offered | undefined): AiProvider {
  const { name, type, baseUrl, keyEnv, settings = {} } = setting
  const missing = offered?.missing ?? null
  return {
    id: null,
    name,
    display_name: providerTypes[type].displayName,
    type,
    base_url: baseUrl,
    enabled: true,
    icon: '',
    allow_private: true,
    source: 'environment',
    variable: keyEnv,
    ready: offered !== undefined && missing === null,
    detail: missing ?? '',
    settings: AiProviderSettings.parse(settings),
    api_keys: keysOf(setting).map(({ id, secret, weight }) => ({
      id,
      masked: secret.hint(),
      weight,
      created_at: null,
    })),
    created_at: null,
    updated_at: null,
  }
}
