import type { Clock } from '@reeve/base'
import { admit, type BreakerState, closed, note, type Verdict } from './breaker/breaker.ts'
import type { BridgeEvent } from './exchange.ts'
import {
  type KeyStanding,
  keyStandings,
  noteStatus,
  type PoolState,
  type ProviderKey,
  standingOf,
  takeKey,
  untouched,
  usableAgain,
  withoutOthers,
} from './pool/pool.ts'
import { type ProviderStanding, tellStanding } from './provider-standing.ts'
import type { Provider } from './providers/provider.ts'
import type { RelaySummary } from './answer-record.ts'
import type { Refusal } from './wire/wire-format.ts'

/** What is known of how the providers do: which of their keys are good, and which models answer at all. */
export interface Standing {
  /**
   * Why nothing is to be asked now; null when it may be, and then its end has to be told to `ended`. Who asks with a
   * credential of his own does not need a key.
   */
  admit(provider: Provider, model: string, withKey: boolean): Refusal | null
  /** What was admitted is under way, until `ended` is told of it. */
  asked(provider: Provider): void
  ended(provider: Provider, model: string, summary: Pick<RelaySummary, 'outcome' | 'statusCode'>): void
  takeKey(provider: Provider, model: string, tried: readonly string[]): ProviderKey | null
  noteStatus(provider: Provider, model: string, key: ProviderKey, answer: KeyAnswer): void
  /** How many of a provider's keys do how; each is counted as it does with the model with which it does worst. */
  countKeys(provider: Provider): Readonly<Record<KeyStanding, number>>
  /** How each of them does now, in not too many words. */
  tell(providers: Iterable<Provider>): readonly ProviderStanding[]
}

export interface KeyAnswer {
  readonly status: number
  readonly retryAfterMs: number | null
}

/** Models are the clients' words: no more of them are remembered. */
const rememberedMax = 1000
/** So many rests of keys and breakers are told of: of one provider, and of all together. */
const toldOfOneMax = 50
const toldMax = 200

/** Kept in this process: another replica learns it for itself, from its own answers. */
export function createStanding({ clock, observe }: { clock: Clock; observe: (event: BridgeEvent) => void }): Standing {
  const pools = new Map<string, { readonly keys: readonly ProviderKey[]; state: PoolState }>()
  const breakers = new Map<string, BreakerState>()
  const underWay = new Map<string, number>()
  const usedAtMs = new Map<string, number>()

  /**
   * What is known of the provider's keys for a model: providers limit each model by itself. After a change of the keys,
   * what is known of those that stayed.
   */
  function poolOf(provider: Provider, model: string): { state: PoolState } {
    const name = placeOf(provider, model)
    const known = pools.get(name)
    if (known !== undefined && known.keys === provider.keys) return known
    const pool = { keys: provider.keys, state: withoutOthers(provider.keys, known?.state ?? untouched) }
    makeRoom(pools)
    pools.set(name, pool)
    return pool
  }

  function keep(key: string, provider: Provider, state: BreakerState): void {
    const before = breakers.get(key) ?? closed
    changed(provider.name, before, state)
    breakers.delete(key)
    if (state === closed) return
    const forgotten = makeRoom(breakers)
    // Else it would count as open for good.
    if (forgotten !== null) changed(forgotten.place.split('\n')[0]!, forgotten.value, closed)
    breakers.set(key, state)
  }

  function noteUse(place: string, nowMs: number): void {
    if (!usedAtMs.delete(place)) makeRoom(usedAtMs)
    usedAtMs.set(place, nowMs)
  }

  function changed(providerName: string, { is: from }: BreakerState, { is: state }: BreakerState): void {
    if (from !== state) observe({ kind: 'breaker', providerName, from, state })
  }

  return {
    admit(provider, model, withKey) {
      const nowMs = clock.monotonicMs()
      const { state } = poolOf(provider, model)
      const { inMs, refused } = usableAgain(provider.keys, state, nowMs)
      const unasked = (reason: (BridgeEvent & { kind: 'unasked' })['reason'], refusal: Refusal): Refusal => {
        observe({ kind: 'unasked', providerName: provider.name, reason })
        return refusal
      }
      if (withKey && provider.keys.length > 0 && inMs > 0) {
        return refused ? unasked('no_key', noKey(provider)) : unasked('limited', limited(provider, inMs))
      }
      const key = placeOf(provider, model)
      const admission = admit(breakers.get(key) ?? closed, nowMs)
      if (!admission.passes) return unasked('broken', broken(provider, admission.retryAfterMs))
      keep(key, provider, admission.state)
      return null
    },
    asked: ({ name }) => void underWay.set(name, (underWay.get(name) ?? 0) + 1),
    ended(provider, model, summary) {
      const left = (underWay.get(provider.name) ?? 0) - 1
      if (left > 0) underWay.set(provider.name, left)
      else underWay.delete(provider.name)
      const key = placeOf(provider, model)
      keep(key, provider, note(breakers.get(key) ?? closed, verdictOn(summary), clock.monotonicMs()))
    },
    takeKey(provider, model, tried) {
      const pool = poolOf(provider, model)
      const nowMs = clock.monotonicMs()
      const { key, state } = takeKey(provider.keys, pool.state, nowMs, tried)
      pool.state = state
      if (key !== null) noteUse(placeOf(provider, key.id), nowMs)
      return key
    },
    noteStatus(provider, model, key, answer) {
      const pool = poolOf(provider, model)
      const before = pool.state
      pool.state = noteStatus(before, key, answer, clock.monotonicMs())
      const reason = pool.state === before ? null : (pool.state.get(key.id)?.why ?? null)
      if (reason !== null) observe({ kind: 'key_rests', providerName: provider.name, reason })
    },
    countKeys(provider) {
      const nowMs = clock.monotonicMs()
      const known = [...pools].filter(([place]) => place.startsWith(placeOf(provider, '')))
      const counts = { usable: 0, busy: 0, limited: 0, refused: 0 }
      for (const key of provider.keys) {
        const grades = known.map(([, { state }]) => keyStandings.indexOf(standingOf(key, state, nowMs)))
        counts[keyStandings[Math.max(0, ...grades)]!]++
      }
      return counts
    },
    tell(providers) {
      const at = { now: clock.now(), ms: clock.monotonicMs() }
      let left = toldMax
      return [...providers].map((provider) => {
        const { name, keys } = provider
        const known = {
          name,
          keys,
          pools: inPlace(pools, provider).map(([model, { state }]) => [model, state] as const),
          breakers: inPlace(breakers, provider),
          usedAtMs: ({ id }: ProviderKey) => usedAtMs.get(placeOf(provider, id)) ?? null,
          requests: underWay.get(name) ?? 0,
        }
        const told = tellStanding(known, at, Math.min(left, toldOfOneMax))
        left -= told.models.length + told.keys.reduce((sum, { rests }) => sum + rests.length, 0)
        return told
      })
    },
  }
}

/** What is remembered of a provider, by model. */
function inPlace<Value>(remembered: ReadonlyMap<string, Value>, provider: Provider): (readonly [string, Value])[] {
  const start = placeOf(provider, '')
  return [...remembered]
    .filter(([place]) => place.startsWith(start))
    .map(([place, value]) => [place.slice(start.length), value] as const)
}

const placeOf = ({ name }: Provider, model: string): string => `${name}\n${model}`

/** Forgets the oldest, and tells which that was. */
function makeRoom<Value>(remembered: Map<string, Value>): { place: string; value: Value } | null {
  const [oldest] = remembered
  if (remembered.size < rememberedMax || oldest === undefined) return null
  const [place, value] = oldest
  remembered.delete(place)
  return { place, value }
}

/**
 * The provider failed when it could not be reached, kept silent, broke off, or answered with an error of its own. What
 * it says about the request or the key, and what clients do, says nothing of the kind.
 */
function verdictOn({ outcome, statusCode }: Pick<RelaySummary, 'outcome' | 'statusCode'>): Verdict {
  switch (outcome) {
    case 'ok':
      return 'success'
    case 'upstream_aborted':
    case 'timeout':
      return 'failure'
    case 'upstream_error':
      if (statusCode === 401 || statusCode === 403 || statusCode === 429) return 'unknown'
      return statusCode !== null && statusCode >= 400 && statusCode < 500 ? 'success' : 'failure'
    default:
      return 'unknown'
  }
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

const limited = ({ name }: Provider, inMs: number): Refusal => ({
  reason: 'throttled',
  message: `The provider ${name} limits all of its keys at the moment. It may be asked again in ${seconds(inMs)} s.`,
  retryAfterSeconds: seconds(inMs),
})

const noKey = ({ name }: Provider): Refusal => ({
  reason: 'forbidden',
  message: `The provider ${name} takes none of the keys that Reeve has for it. An administrator has to give it a new one.`,
})

const broken = ({ name }: Provider, inMs: number): Refusal => ({
  reason: 'unavailable',
  message: `The provider ${name} has failed again and again, and is left alone for ${seconds(inMs)} s.`,
  retryAfterSeconds: seconds(inMs),
})
