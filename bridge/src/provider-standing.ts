import { type BreakerState, seenAt } from './breaker/breaker.ts'
import { keyStandings, type KeyStanding, type PoolState, type ProviderKey, standingOf } from './pool/pool.ts'
import { cleanText } from './wire/json.ts'

/**
 * How a provider does at one moment, as somebody who looks after it is told: keys by their ids only, instants instead of
 * a clock of this process.
 */
export interface ProviderStanding {
  readonly name: string
  /** Asked, and their answers not complete. */
  readonly requests: number
  /** All of them, in the order in which they are fallen back on. */
  readonly keys: readonly KeyReport[]
  /** Those that are not simply asked. */
  readonly models: readonly ModelReport[]
  /** So many rests and models are not told of: there were too many. */
  readonly leftOut: number
}

export interface KeyReport {
  readonly id: string
  /** When it was asked with last; null: not since this process began. */
  readonly usedAt: Date | null
  readonly rests: readonly KeyRest[]
}

/** Until when a key is left alone with a model, or the others are preferred to it. */
export interface KeyRest {
  /** Empty: with what names no model. */
  readonly model: string
  readonly state: Exclude<KeyStanding, 'usable'>
  readonly until: Date
}

export interface ModelReport {
  /** Empty: what names no model. */
  readonly model: string
  /** An open breaker whose time is over is half open: the next request is a probe. */
  readonly state: 'open' | 'half_open'
  /** Null for a half open one. */
  readonly until: Date | null
}

export interface KnownOf {
  readonly name: string
  readonly keys: readonly ProviderKey[]
  /** Of each model. */
  readonly pools: Iterable<readonly [model: string, PoolState]>
  readonly breakers: Iterable<readonly [model: string, BreakerState]>
  /** On the clock of the pools; null: never. */
  usedAtMs(key: ProviderKey): number | null
  readonly requests: number
}

/** One moment on both clocks. */
export interface Moment {
  readonly now: Date
  readonly ms: number
}

/** A model is the client's word, and a client may say anything. Half a character is none that a database keeps. */
const modelIn = (said: string): string => cleanText(said, 100).toWellFormed()

/** What is known of a provider, the worst first and no more than `max` of it: clients make up any number of models. */
export function tellStanding(known: KnownOf, at: Moment, max: number): ProviderStanding {
  const models = reportModels(known.breakers, at)
  const rests = reportRests(known, at)
  const told = models.slice(0, max)
  const toldRests = rests.slice(0, max - told.length)
  return {
    name: known.name,
    requests: known.requests,
    keys: known.keys.map((key) => {
      const usedMs = known.usedAtMs(key)
      return {
        id: key.id,
        usedAt: usedMs === null ? null : instantOf(usedMs, at),
        rests: toldRests.filter(({ of }) => of === key).map(({ rest }) => rest),
      }
    }),
    models: told,
    leftOut: models.length + rests.length - told.length - toldRests.length,
  }
}

function reportModels(breakers: KnownOf['breakers'], at: Moment): ModelReport[] {
  const found: ModelReport[] = []
  for (const [said, state] of breakers) {
    const is = seenAt(state, at.ms)
    if (is === 'closed') continue
    const model = modelIn(said)
    found.push(
      state.is === 'open' && is === 'open'
        ? { model, state: 'open', until: instantOf(state.untilMs, at) }
        : { model, state: 'half_open', until: null },
    )
  }
  return found.toSorted((a, b) => Number(b.state === 'open') - Number(a.state === 'open'))
}

function reportRests({ keys, pools }: KnownOf, at: Moment): { readonly of: ProviderKey; readonly rest: KeyRest }[] {
  const found: { readonly of: ProviderKey; readonly rest: KeyRest }[] = []
  for (const [model, pool] of pools) {
    for (const key of keys) {
      const state = standingOf(key, pool, at.ms)
      if (state === 'usable') continue
      const until = instantOf(pool.get(key.id)?.usableAtMs ?? at.ms, at)
      found.push({ of: key, rest: { model: modelIn(model), state, until } })
    }
  }
  return found.toSorted((a, b) => keyStandings.indexOf(b.rest.state) - keyStandings.indexOf(a.rest.state))
}

const instantOf = (ms: number, at: Moment): Date => new Date(at.now.getTime() + Math.round(ms - at.ms))
