import type { Secret } from '@reeve/base'
import { type Connect, oneKey, type Provider, type ProviderKey, type ProviderSettings } from '@reeve/bridge'
import { type ProviderType, providerTypes } from './provider-types.ts'

/** A provider instance as the gateway offers it. */
export interface Offered {
  readonly provider: Provider
  readonly baseUrl: string
  readonly scripted: boolean
  /** What has to be set before it can be asked; null when it can. */
  readonly missing: string | null
  /** Whether a key is all that is missing: who brings one of his own can do without ours. */
  readonly lacksKey: boolean
}

/** A provider instance as the operator configured it. */
export interface ProviderSetting {
  /** As in the path of requests. */
  readonly name: string
  readonly type: ProviderType
  readonly baseUrl: string
  readonly settings?: ProviderSettings
  /** In the order in which they are fallen back on. */
  readonly keys: readonly Secret[]
  /** The variable that its key is given in. */
  readonly keyEnv: string
  /** Whether somebody named it, as opposed to one that there would be if it only had a key. */
  readonly isNamed: boolean
}

/** Nobody gave it a key or a name: it is there to say what to set, and gives way to a stored one. */
export const isPlaceholder = ({ isNamed, keys }: ProviderSetting): boolean => !isNamed && keys.length === 0

export const keysOf = ({ keys }: ProviderSetting): readonly ProviderKey[] => keys.flatMap((key) => oneKey(key))

export function offerSetting(setting: ProviderSetting): Offered {
  const { name, type, baseUrl, keyEnv, settings } = setting
  const keys = keysOf(setting)
  const isWithout = providerTypes[type].needsKey && keys.length === 0
  return {
    provider: providerTypes[type].make({ name, baseUrl, keys, settings }),
    baseUrl,
    scripted: false,
    missing: isWithout ? `The provider ${name} has no key: set ${keyEnv}.` : null,
    lacksKey: isWithout,
  }
}

/** A stored provider, its keys opened. */
export interface StoredProvider {
  readonly name: string
  readonly type: ProviderType
  readonly baseUrl: string
  readonly enabled: boolean
  readonly keys: readonly ProviderKey[]
  readonly settings: ProviderSettings
}

/** `connect`: what connects to public addresses only; null where private ones are meant. */
export function offerStored(stored: StoredProvider, connect: Connect | null): Offered {
  const { name, type, baseUrl, enabled, keys, settings } = stored
  const provider = providerTypes[type].make({ name, baseUrl, keys, settings })
  const lacksKey = enabled && providerTypes[type].needsKey && keys.length === 0
  const missing = !enabled
    ? `The provider ${name} is switched off by an administrator.`
    : lacksKey
      ? `The provider ${name} has no key: an administrator has to give it one.`
      : null
  const reached = connect === null ? provider : { ...provider, connect }
  return { provider: reached, baseUrl, scripted: false, missing, lacksKey }
}

/** A stored provider that cannot be asked, whatever is the matter with it. */
export function offerBroken(stored: StoredProvider, why: string): Offered {
  return { ...offerStored({ ...stored, keys: [] }, null), missing: why, lacksKey: false }
}
