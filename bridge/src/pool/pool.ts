import type { Secret } from '@reeve/base'

/** One of the credentials of a provider. */
export interface ProviderKey {
  /** Another secret has another id, so that what was learnt about the one is not held against the other. */
  readonly id: string
  readonly secret: Secret
  /** Its share of the requests, among the keys that have one. Keys without are taken in order when those fail. */
  readonly weight: number
}

/**
 * What is known of a provider's keys, on a clock of milliseconds.
 *
 *   usable    it is asked with
 *   limited   the provider said 429, and until when: until then it is left alone
 *   busy      it said 429 and not until when: the others are preferred for a while, but it may be asked
 *   refused   the provider said 401: it is tried again now and then, in case somebody mended it at the provider
 *
 * An earlier end never replaces a later one. A 403 says nothing about the key: it may be about the model that was asked
 * for, and one request for a model that is not allowed must not put the key away for everybody.
 *
 * `share` is how much of its turn a key with a weight has saved up (smooth weighted round-robin).
 */
export interface KeyState {
  /** From when on it may be used. */
  readonly usableAtMs: number
  readonly why: 'limited' | 'busy' | 'refused' | null
  readonly share: number
}

export type PoolState = ReadonlyMap<string, KeyState>

export const untouched: PoolState = new Map()

const fresh: KeyState = { usableAtMs: 0, why: null, share: 0 }
const stateOf = (state: PoolState, { id }: ProviderKey): KeyState => state.get(id) ?? fresh

/** The key to ask with, and the state after that. `tried`: keys that this request was refused with already. */
export function takeKey(
  keys: readonly ProviderKey[],
  state: PoolState,
  nowMs: number,
  tried: readonly string[] = [],
): { readonly key: ProviderKey | null; readonly state: PoolState } {
  const usable = keys.filter((key) => stateOf(state, key).usableAtMs <= nowMs && !tried.includes(key.id))
  const weighted = usable.filter(({ weight }) => weight > 0)
  if (weighted.length === 0) return { key: usable[0] ?? soonestBusy(keys, state, tried), state }
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  const shares = new Map(weighted.map((key) => [key.id, stateOf(state, key).share + key.weight]))
  const key = weighted.reduce((best, one) => (shares.get(one.id)! > shares.get(best.id)! ? one : best))
  shares.set(key.id, shares.get(key.id)! - total)
  const next = new Map(state)
  for (const one of weighted) next.set(one.id, { ...stateOf(state, one), share: shares.get(one.id)! })
  return { key, state: next }
}

function soonestBusy(keys: readonly ProviderKey[], state: PoolState, tried: readonly string[]): ProviderKey | null {
  const busy = keys.filter((key) => stateOf(state, key).why === 'busy' && !tried.includes(key.id))
  const at = (key: ProviderKey): number => stateOf(state, key).usableAtMs
  return busy.reduce<ProviderKey | null>((best, one) => (best !== null && at(best) <= at(one) ? best : one), null)
}

const busyMs = 60_000
/** A provider that asks for longer than this is asked again after it. */
const limitedMsMax = 24 * 3_600_000
const refusedMs = 300_000

/** What an answer's status says about the key that it was asked with. */
export function noteStatus(
  state: PoolState,
  key: ProviderKey,
  { status, retryAfterMs }: { readonly status: number; readonly retryAfterMs: number | null },
  nowMs: number,
): PoolState {
  if (status !== 401 && status !== 429) return state
  const known = stateOf(state, key)
  const why = status === 401 ? 'refused' : retryAfterMs === null ? 'busy' : 'limited'
  const usableAtMs =
    nowMs + { refused: refusedMs, busy: busyMs, limited: Math.min(retryAfterMs ?? 0, limitedMsMax) }[why]
  return usableAtMs <= known.usableAtMs ? state : new Map(state).set(key.id, { ...known, usableAtMs, why })
}

/** The words for how a key does, from the best to the worst. */
export const keyStandings = ['usable', 'busy', 'limited', 'refused'] as const
export type KeyStanding = (typeof keyStandings)[number]

export function standingOf(key: ProviderKey, state: PoolState, nowMs: number): KeyStanding {
  const { usableAtMs, why } = stateOf(state, key)
  return usableAtMs <= nowMs ? 'usable' : (why ?? 'usable')
}

/** Whether it says that a key is left alone, or the others preferred to it; else it holds shares at most. */
export function keyRests(state: PoolState, nowMs: number): boolean {
  for (const { usableAtMs } of state.values()) if (usableAtMs > nowMs) return true
  return false
}

/** Whether the same request with another key may be answered. */
export const anotherKeyMayHelp = (status: number): boolean => status === 401 || status === 403 || status === 429

/** When one of the keys may be asked with, in milliseconds from now, and whether the provider refuses them all. */
export function usableAgain(
  keys: readonly ProviderKey[],
  state: PoolState,
  nowMs: number,
): { readonly inMs: number; readonly refused: boolean } {
  const states = keys.map((key) => stateOf(state, key))
  const fromMs = states.map(({ usableAtMs, why }) => (why === 'busy' ? nowMs : usableAtMs))
  const inMs = Math.max(0, Math.min(...fromMs) - nowMs)
  return { inMs, refused: inMs > 0 && states.every(({ why }) => why === 'refused') }
}

/** Only what is known of keys that there are. */
export function withoutOthers(keys: readonly ProviderKey[], state: PoolState): PoolState {
  return new Map([...state].filter(([id]) => keys.some((key) => key.id === id)))
}
