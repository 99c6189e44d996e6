import { isIP } from 'node:net'
import { type Clock, Fault, Secret, uuidv7 } from '@reeve/base'
import type { AddressCheck } from '../http/egress.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import { serviceAccountKey } from '@reeve/bridge'
import type { AiProviderSettings } from '@reeve/sdk'
import {
  factsOf,
  providerTypeNames,
  isProviderType,
  type ProviderType,
  providerTypes,
  reservedNames,
} from './provider-types.ts'
import type { KeyRow, ProviderRow } from './queries.ts'

/** What a provider may be made of and changed to. Everything here is about what was asked; nothing is written. */

export const keyContext = (id: string): string => contextOf('ai_provider_keys', 'value', id)

export const bad = (field: string, detail: string) =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

export function readType(text: string): ProviderType {
  if (isProviderType(text)) return text
  throw bad('type', `is none that Reeve can speak with; there are ${providerTypeNames.join(', ')}`)
}

export function checkName(name: string): void {
  if (reservedNames.has(name)) throw bad('name', 'is a path of the management API')
}

/** An image of this server, or one somewhere that is asked without a way to listen. */
export function checkIcon(icon: string): void {
  if (icon === '' || /^\/(?!\/)[\x21-\x7e]*$/.test(icon)) return
  const url = URL.parse(icon)
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw bad('icon', 'must be a path, or an https address without a user name')
}

/** A setting that a type does not know would be one that somebody waits for. */
export function checkSettings(type: ProviderType, settings: AiProviderSettings): void {
  const { settings: known = [] } = factsOf(type)
  for (const name of Object.keys(settings))
    if (!known.some((one) => one === name)) throw bad(`settings.${name}`, `means nothing to a provider of this type`)
}

/** Without a slash at its end. A key is not sent in the open to somewhere else. */
export function readBaseUrl(
  type: ProviderType,
  given: string | undefined,
  { allowPrivate, settings }: { readonly allowPrivate: boolean; readonly settings: AiProviderSettings },
  isAllowed: AddressCheck,
): string {
  const text = given ?? factsOf(type).addressOf?.(settings) ?? providerTypes[type].baseUrl
  if (text === null) throw bad('base_url', `must be given, as in ${providerTypes[type].exampleUrl}`)
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw bad('base_url', 'is not an https:// address')
  if (url.username !== '' || url.password !== '') throw bad('base_url', 'must not contain a user name or a password')
  if (url.search !== '' || url.hash !== '') throw bad('base_url', 'must not contain a query or a fragment')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isPrivate = isIP(host) !== 0 && !isAllowed(host)
  if (!allowPrivate && isPrivate) throw bad('base_url', 'is a private address; say allow_private if it is meant')
  if (!allowPrivate && url.protocol === 'http:')
    throw bad('base_url', 'must be https://; http:// is for a server in a private network, with allow_private')
  return url.href.replace(/\/+$/, '')
}

/** The file of a service account is kept in one line; of any other type a file is no key. */
function readKey(type: ProviderType, given: string, field: string): string {
  if (!given.trimStart().startsWith('{')) return given
  const key = type === 'vertex' ? serviceAccountKey(given) : null
  if (key === null) throw bad(field, type === 'vertex' ? 'is no key of a service account' : 'is no key')
  return key
}

export interface KeyPatch {
  readonly id?: string | undefined
  readonly api_key?: string | undefined
  readonly weight?: number | undefined
}

/** The keys after a change, and how many of the old ones went because they were entered for somewhere else. */
export interface KeyChange {
  readonly keys: readonly KeyRow[]
  readonly dropped: number
}

/**
 * Whoever may change a provider may not read its keys: they go nowhere that they were not entered for, whether they
 * were named or not.
 */
export function keysAfter(
  provider: Pick<ProviderRow, 'id' | 'base_url'> & { readonly type: ProviderType },
  before: readonly KeyRow[],
  patch: { readonly baseUrl: string; readonly keys: readonly KeyPatch[] | undefined },
  { keyring, clock }: { readonly keyring: Pick<Keyring, 'seal'>; readonly clock: Clock },
): KeyChange {
  const isMoved = new URL(patch.baseUrl).origin !== new URL(provider.base_url).origin
  const wanted: readonly KeyPatch[] = patch.keys ?? before.map(({ id }) => ({ id }))
  const now = clock.now()
  const keys: KeyRow[] = []
  let dropped = 0
  for (const [index, { id, api_key, weight }] of wanted.entries()) {
    const field = `api_keys.${index}`
    const position = keys.length
    if (api_key !== undefined) {
      const fresh = uuidv7(now)
      const secret = readKey(provider.type, api_key, `${field}.api_key`)
      const value = keyring.seal(secret, keyContext(fresh))
      const hint = new Secret(secret).hint()
      keys.push({ id: fresh, provider_id: provider.id, position, weight: weight ?? 0, value, hint, created_at: now })
      continue
    }
    const kept = before.find((row) => row.id === id?.toLowerCase())
    if (kept === undefined) throw bad(`${field}.id`, 'is no key of this provider')
    if (keys.some((row) => row.id === kept.id)) throw bad(`${field}.id`, 'is named twice')
    if (isMoved) dropped++
    else keys.push({ ...kept, position, weight: weight ?? kept.weight })
  }
  return { keys, dropped }
}
