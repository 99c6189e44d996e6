import type { Clock } from '@reeve/base'
import { admit, type BreakerState, closed, note, seenAt, type Verdict } from './breaker/breaker.ts'
import type { BridgeEvent } from './exchange.ts'
import {
  keyRests,
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
  /** How many of its models are left alone or tried now. */
  countBreakers(provider: Provider): Readonly<Record<'open' | 'half_open', number>>
  /** How each of them does now, in not too many words. */
  tell(providers: Iterable<Provider>): readonly ProviderStanding[]
}

export interface KeyAnswer {
  readonly status: number
  readonly retryAfterMs: number | null
}

/**
 * Models are the clients' words: of one provider no more of them are remembered, and only those of which an answer said
 * something. Providers are an administrator's.
 */
const modelsMax = 1000
const providersMax = 1000
/** So many rests of keys and breakers are told of: of one provider, and of all together. */
const toldOfOneMax = 50
const toldMax = 200

/** What is known of one provider: by model, for providers limit each model by itself, and by the ids of its keys. */
interface Known {
  readonly pools: Map<string, { keys: readonly ProviderKey[]; state: PoolState }>
  readonly breakers: Map<string, BreakerState>
  readonly usedAtMs: Map<string, number>
  requests: number
}

/** Kept in this process: another replica learns it for itself, from its own answers. */
export function createStanding({ clock, observe }: { clock: Clock; observe: (event: BridgeEvent) => void }): Standing {
  const remembered = new Map<string, Known>()

  function knownOf({ name }: Provider): Known {
    const known = remembered.get(name)
    if (known !== undefined) return known
    makeRoom(remembered, providersMax, ({ requests }) => requests === 0)
    const begun = nothingKnown()
    remembered.set(name, begun)
    return begun
  }

  /** For who only looks. */
  const seenOf = ({ name }: Provider): Known => remembered.get(name) ?? nothingKnown()

  function keepPool({ pools }: Known, { keys }: Provider, model: string, state: PoolState, nowMs: number): void {
    const pool = pools.get(model)
    if (pool !== undefined) pool.state = state
    else if (makeRoom(pools, modelsMax, (one) => !keyRests(one.state, nowMs))) pools.set(model, { keys, state })
  }

  function keepBreaker(
    { breakers }: Known,
    { name }: Provider,
    model: string,
    state: BreakerState,
    nowMs: number,
  ): void {
    const { is: from } = breakers.get(model) ?? closed
    if (from !== state.is) observe({ kind: 'breaker', providerName: name, from, state: state.is })
    // Those that changed last stand last.
    breakers.delete(model)
    if (state === closed) return
    const goes =
      makeRoom(breakers, modelsMax, ({ is }) => is === 'closed') ||
      makeRoom(breakers, modelsMax, (one) => seenAt(one, nowMs) !== 'open')
    if (goes) breakers.set(model, state)
  }

  return {
    admit(provider, model, withKey) {
      const nowMs = clock.monotonicMs()
      const known = knownOf(provider)
      const unasked = (reason: (BridgeEvent & { kind: 'unasked' })['reason'], refusal: Refusal): Refusal => {
        observe({ kind: 'unasked', providerName: provider.name, reason })
        return refusal
      }
      if (withKey && provider.keys.length > 0) {
        const { inMs, refused } = usableAgain(provider.keys, poolIn(known, provider, model), nowMs)
        if (inMs > 0) {
          return refused ? unasked('no_key', noKey(provider)) : unasked('limited', limited(provider, inMs))
        }
      }
      const before = known.breakers.get(model) ?? closed
      const admission = admit(before, nowMs)
      if (!admission.passes) return unasked('broken', broken(provider, admission.retryAfterMs))
      if (admission.state !== before) keepBreaker(known, provider, model, admission.state, nowMs)
      return null
    },
    asked: (provider) => void knownOf(provider).requests++,
    ended(provider, model, summary) {
      const known = knownOf(provider)
      known.requests = Math.max(0, known.requests - 1)
      const before = known.breakers.get(model) ?? closed
      const nowMs = clock.monotonicMs()
      const state = note(before, verdictOn(summary), nowMs)
      if (state !== before) keepBreaker(known, provider, model, state, nowMs)
    },
    takeKey(provider, model, tried) {
      const known = knownOf(provider)
      const nowMs = clock.monotonicMs()
      const before = poolIn(known, provider, model)
      const { key, state } = takeKey(provider.keys, before, nowMs, tried)
      if (state !== before) keepPool(known, provider, model, state, nowMs)
      if (key !== null) noteUse(known, provider, key, nowMs)
      return key
    },
    noteStatus(provider, model, key, answer) {
      const known = knownOf(provider)
      const nowMs = clock.monotonicMs()
      const before = poolIn(known, provider, model)
      const state = noteStatus(before, key, answer, nowMs)
      if (state === before) return
      keepPool(known, provider, model, state, nowMs)
      const reason = state.get(key.id)?.why ?? null
      if (reason !== null) observe({ kind: 'key_rests', providerName: provider.name, reason })
    },
    countKeys(provider) {
      const nowMs = clock.monotonicMs()
      const pools = [...seenOf(provider).pools.values()]
      const counts = { usable: 0, busy: 0, limited: 0, refused: 0 }
      for (const key of provider.keys) {
        const grades = pools.map(({ state }) => keyStandings.indexOf(standingOf(key, state, nowMs)))
        counts[keyStandings[Math.max(0, ...grades)]!]++
      }
      return counts
    },
    countBreakers(provider) {
      const nowMs = clock.monotonicMs()
      const counts = { closed: 0, open: 0, half_open: 0 }
      for (const state of seenOf(provider).breakers.values()) counts[seenAt(state, nowMs)]++
      return { open: counts.open, half_open: counts.half_open }
    },
    tell(providers) {
      const at = { now: clock.now(), ms: clock.monotonicMs() }
      let left = toldMax
      return [...providers].map((provider) => {
        const { name, keys } = provider
        const { pools, breakers, usedAtMs, requests } = seenOf(provider)
        const known = {
          name,
          keys,
          pools: [...pools].map(([model, { state }]) => [model, state] as const),
          breakers,
          usedAtMs: ({ id }: ProviderKey) => usedAtMs.get(id) ?? null,
          requests,
        }
        const told = tellStanding(known, at, Math.min(left, toldOfOneMax))
        left -= told.models.length + told.keys.reduce((sum, { rests }) => sum + rests.length, 0)
        return told
      })
    },
  }
}

const nothingKnown = (): Known => ({ pools: new Map(), breakers: new Map(), usedAtMs: new Map(), requests: 0 })

/** What is known of the provider's keys for a model; after a change of the keys, of those that stayed. */
function poolIn({ pools }: Known, { keys }: Provider, model: string): PoolState {
  const pool = pools.get(model)
  if (pool === undefined) return untouched
  if (pool.keys !== keys) {
    pool.state = withoutOthers(keys, pool.state)
    pool.keys = keys
  }
  return pool.state
}

function noteUse({ usedAtMs }: Known, { keys }: Provider, { id }: ProviderKey, nowMs: number): void {
  if (!usedAtMs.has(id)) {
    for (const other of usedAtMs.keys()) if (!keys.some((key) => key.id === other)) usedAtMs.delete(other)
  }
  usedAtMs.set(id, nowMs)
}

/**
 * Whether one more has room: where there are too many, in the place of the oldest that is idle. Nothing else is
 * forgotten for a newcomer, or whoever makes up models would push out what is known of the others. A newcomer without
 * room is asked for as if nothing were known of it, until one of the others is idle.
 */
function makeRoom<Value>(from: Map<string, Value>, max: number, isIdle: (value: Value) => boolean): boolean {
  if (from.size < max) return true
  for (const [name, value] of from) if (isIdle(value)) return from.delete(name)
  return false
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
