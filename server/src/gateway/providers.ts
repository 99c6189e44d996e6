import type { Secret } from '@reeve/base'
import { anthropicProvider, type Provider, startScriptedProvider } from '@reeve/bridge'

export interface ProviderSettings {
  readonly anthropic: { readonly baseUrl: string; readonly key: Secret | null }
  /** Whether the built-in provider that answers from a script is offered. */
  readonly scripted: boolean
}

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
  const { baseUrl, key } = settings.anthropic
  const anthropic: Offered = {
    provider: anthropicProvider({ name: 'anthropic', baseUrl, key }),
    baseUrl,
    scripted: false,
    missing: key === null ? 'The provider anthropic has no key: set REEVE_AIBRIDGE_ANTHROPIC_KEY.' : null,
  }
  const offered = new Map([['anthropic', anthropic]])
  if (!settings.scripted) return offered
  const script = owned.use(await startScriptedProvider())
  const provider = anthropicProvider({ name: 'scripted', baseUrl: script.url, key: null })
  return offered.set('scripted', { provider, baseUrl: script.url, scripted: true, missing: null })
}
