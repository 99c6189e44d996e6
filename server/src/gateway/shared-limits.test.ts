import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { noLimits } from './gateway-testing.ts'
import type { Share, Siblings } from './siblings.ts'
import { createTurnstile, type GatewayLimits, type Turnstile } from './turnstile.ts'

/** Turnstiles of processes that hear each other, as their server carries it between them. */
function beside(count: number, limits: Partial<GatewayLimits>) {
  const clock = manualClock()
  const heard: ((from: number, share: Share | null) => void)[] = []
  const told: Share[] = []
  const tellOthers = (from: number, share: Share | null): void =>
    heard.forEach((hear, number) => number !== from && hear(from, share))
  const turnstiles = Array.from({ length: count }, (_, number): Turnstile => {
    const siblings: Siblings = {
      tell(share) {
        told.push(share)
        tellOthers(number, share)
      },
      onShare: (hear) => (heard[number] = hear),
    }
    return createTurnstile({ limits: { ...noLimits, ...limits }, clock, eventLoopDelayMs: () => 0, siblings })
  })
  return { clock, turnstiles, told, leave: (number: number) => tellOthers(number, null) }
}

const request = { userId: 'u', organizationId: 'o', providerName: 'p' }

test('what one process let in, the others spend too: over time a rate is that of the server', async () => {
  const { clock, turnstiles, told } = beside(3, { perUser: 2 })
  // Before they have heard of each other, each lets in what it would alone.
  for (const each of turnstiles) {
    expect(each.enter(request)).not.toHaveProperty('why')
    expect(each.enter(request)).not.toHaveProperty('why')
    expect(each.enter(request)).toMatchObject({ why: 'user_rate' })
  }
  await expect.poll(() => told.length).toBe(3)
  // Six were let in where two a second may be: the four too many are paid for.
  clock.advance(2_000)
  for (const each of turnstiles) expect(each.enter(request)).toMatchObject({ why: 'user_rate' })
  clock.advance(1_000)
  expect(turnstiles[0]!.enter(request)).not.toHaveProperty('why')
  for (const each of turnstiles) each[Symbol.dispose]()
})

test('open requests are counted together, and those of a process that is gone are not any more', async () => {
  const { turnstiles, told, leave } = beside(2, { openPerProvider: 2, open: 3 })
  const [here, there] = turnstiles as [Turnstile, Turnstile]
  const first = there.enter(request)
  there.enter(request)
  await expect.poll(() => told.at(-1)?.open).toBe(2)
  expect(here.enter(request)).toMatchObject({ why: 'provider_too_many' })
  expect(here.enter({ ...request, providerName: 'other' })).not.toHaveProperty('why')
  expect(here.overloaded(1)).toMatchObject({ why: 'too_many' })
  if ('leave' in first) first.leave()
  await expect.poll(() => told.at(-1)?.open).toBe(1)
  expect(here.enter(request)).not.toHaveProperty('why')
  expect(here.enter(request)).toMatchObject({ why: 'provider_too_many' })
  leave(1)
  expect(here.enter(request)).not.toHaveProperty('why')
  for (const each of turnstiles) each[Symbol.dispose]()
})

test('where nothing is bounded, nobody tells anything', () => {
  const { turnstiles, told } = beside(2, {})
  for (const each of turnstiles) each.enter(request)
  expect(told).toEqual([])
})
