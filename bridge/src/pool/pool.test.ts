import { Secret } from '@reeve/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noteStatus, type PoolState, type ProviderKey, takeKey, untouched, usableAgain, withoutOthers } from './pool.ts'

const keyOf = (id: string, weight = 0): ProviderKey => ({ id, weight, secret: new Secret(`secret of ${id}`) })
const [a, b, c] = [keyOf('a'), keyOf('b'), keyOf('c')]
const refused = (state: PoolState, key: ProviderKey, status: number, retryAfterMs: number | null, nowMs: number) =>
  noteStatus(state, key, { status, retryAfterMs }, nowMs)

/** The keys that so many requests in a row are asked with. */
function taken(keys: readonly ProviderKey[], count: number, state: PoolState = untouched, nowMs = 0): string {
  let ids = ''
  for (let i = 0; i < count; i++) {
    const next = takeKey(keys, state, nowMs)
    ids += next.key?.id ?? '-'
    state = next.state
  }
  return ids
}

test('without weights the first key is used until it fails, then the next', () => {
  expect(taken([a, b, c], 4)).toBe('aaaa')
  expect(taken([a, b, c], 2, refused(untouched, a, 429, 9_000, 0))).toBe('bb')
  expect(takeKey([a, b], untouched, 0, ['a']).key?.id).toBe('b')
  expect(takeKey([a, b], untouched, 0, ['a', 'b']).key).toBeNull()
  expect(taken([], 1)).toBe('-')
})

test('weights are shares, evenly spread, and keys without one wait until those fail', () => {
  const keys = [keyOf('a', 3), keyOf('b', 1), c]
  expect(taken(keys, 8)).toBe('aabaaaba')
  const limited = refused(untouched, keys[0]!, 429, 5_000, 0)
  expect(taken(keys, 3, limited)).toBe('bbb')
  expect(taken(keys, 2, refused(limited, keys[1]!, 401, null, 0))).toBe('cc')
})

test('a key that the provider limits is left alone for as long as it says', () => {
  const state = refused(untouched, a, 429, 5_000, 1_000)
  expect(takeKey([a], state, 5_999).key).toBeNull()
  expect(takeKey([a], state, 6_000).key).toBe(a)
  expect(usableAgain([a], state, 2_000)).toEqual({ inMs: 4_000, refused: false })
})

test('when it does not say for how long, the others are preferred for a minute, and it is asked when there are none', () => {
  const state = refused(untouched, a, 429, null, 0)
  expect(takeKey([a, b], state, 59_999).key).toBe(b)
  expect(takeKey([a, b], state, 60_000).key).toBe(a)
  expect(takeKey([a], state, 0).key).toBe(a)
  expect(takeKey([a], state, 0, ['a']).key).toBeNull()
  expect(takeKey([a, b], refused(state, b, 429, null, 5_000), 6_000).key).toBe(a)
  expect(usableAgain([a, b], refused(state, b, 401, null, 0), 0)).toEqual({ inMs: 0, refused: false })
})

test('a later end is never replaced by an earlier one, and no provider can put a key away for ever with a 429', () => {
  const late = refused(untouched, a, 429, 3_600_000, 0)
  expect(refused(late, a, 429, 1_000, 0)).toBe(late)
  expect(refused(late, a, 200, null, 0)).toBe(late)
  expect(usableAgain([a], refused(untouched, a, 429, 1e15, 0), 0).inMs).toBe(86_400_000)
})

test('a key that the provider does not take is tried again after a while, and another one at once', () => {
  const state = refused(untouched, a, 401, null, 0)
  expect(takeKey([a], state, 299_999).key).toBeNull()
  expect(takeKey([a], state, 300_000).key).toBe(a)
  expect(usableAgain([a], state, 0)).toEqual({ inMs: 300_000, refused: true })
  const changed = [keyOf('a2')]
  expect(takeKey(changed, withoutOthers(changed, state), 0).key?.id).toBe('a2')
  expect(usableAgain([a, b], refused(state, b, 429, 7_000, 0), 1_000)).toEqual({ inMs: 6_000, refused: false })
  expect(usableAgain([a, b], state, 0)).toEqual({ inMs: 0, refused: false })
})

test('no other status says anything about a key', () => {
  for (const status of [200, 400, 403, 404, 408, 413, 500, 502, 503, 529]) {
    expect(refused(untouched, a, status, 9_000, 0)).toBe(untouched)
  }
})

test('whatever happened, a usable key is found when there is one, never one that is put away, and shares keep their proportion', () => {
  const events = fc.array(
    fc.tuple(fc.nat(3), fc.constantFrom(200, 401, 429, 500), fc.option(fc.nat(100_000)), fc.nat(10_000)),
  )
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }), events, (weights, happened) => {
      const keys = weights.map((weight, i) => keyOf(`k${i}`, weight))
      let state = untouched
      let nowMs = 0
      for (const [which, status, retryAfterMs, passedMs] of happened) {
        nowMs += passedMs
        const usable = keys.filter(({ id }) => (state.get(id)?.usableAtMs ?? 0) <= nowMs)
        const next = takeKey(keys, state, nowMs)
        if (usable.length === 0) expect(next.key === null || state.get(next.key.id)?.why === 'busy').toBe(true)
        else expect(usable).toContain(next.key)
        state = refused(next.state, keys[which % keys.length]!, status, retryAfterMs, nowMs)
      }
    }),
  )
  const keys = [keyOf('a', 5), keyOf('b', 3), keyOf('c', 2)]
  const ids = taken(keys, 100)
  expect([...'abc'].map((id) => ids.split(id).length - 1)).toEqual([50, 30, 20])
})
