import type { Secret } from '@reeve/base'
import {
  anthropicProvider,
  geminiProvider,
  oneKey,
  openaiProvider,
  type Provider,
  startScriptedProvider,
} from '@reeve/bridge'

/** A provider instance as it was configured. */
export interface ProviderSetting {
  readonly name: string
  readonly type: keyof typeof factories
  readonly baseUrl: string
  readonly key: Secret | null
  /** The variable that its key is given in. */
  readonly keyEnv: string
}

export interface ProviderSettings {
  readonly providers: readonly ProviderSetting[]
  /** Whether the built-in provider that answers from a script is offered. */
  readonly scripted: boolean
}

/** Who makes the providers of each type. */
const factories = { anthropic: anthropicProvider, google: geminiProvider, openai: openaiProvider } as const

/** A provider instance as the gateway offers it. */
export interface Offered {
  readonly provider: Provider
  readonly baseUrl: string
  readonly scripted: boolean
  /** What has to be set before it can be asked; null when it can. */
  readonly missing: string | null
}

/** The provider instances of this deployment, by the name in the path. The scripted one is started, and is HTTP like any other. */
export async function offerProviders(
  settings: ProviderSettings,
  owned: AsyncDisposableStack,
): Promise<ReadonlyMap<string, Offered>> {
  const offered = new Map(settings.providers.map((setting) => [setting.name, offer(setting)]))
  if (!settings.scripted) return offered
  const script = owned.use(await startScriptedProvider())
  const provider = anthropicProvider({ name: 'scripted', baseUrl: script.url, keys: [] })
  return offered.set('scripted', { provider, baseUrl: script.url, scripted: true, missing: null })
}

function offer({ name, type, baseUrl, key, keyEnv }: ProviderSetting): Offered {
  return {
    provider: factories[type]({ name, baseUrl, keys: oneKey(key) }),
    baseUrl,
    scripted: false,
    missing: key === null ? `The provider ${name} has no key: set ${keyEnv}.` : null,
  }
}
