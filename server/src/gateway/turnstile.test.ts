import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { noLimits } from './gateway-testing.ts'
import { createTurnstile, type GatewayLimits } from './turnstile.ts'

const dana = { userId: 'dana', organizationId: 'acme', providerName: 'anthropic' }
const eve = { ...dana, userId: 'eve' }
const other = { userId: 'mallory', organizationId: 'umbrella', providerName: 'openai' }

function turnstile(limits: Partial<GatewayLimits>, eventLoopDelayMs: () => number = () => 0) {
  const clock = manualClock()
  const made = createTurnstile({ limits: { ...noLimits, ...limits }, clock, eventLoopDelayMs })
  const why = (request: typeof dana): string => {
    const entered = made.enter(request)
    return 'why' in entered ? entered.why : 'in'
  }
  return { ...made, clock, why }
}

test('each user has a bound of his own, and time gives him more', () => {
  const { enter, why, clock } = turnstile({ perUser: 2 })
  expect([dana, dana, dana, eve].map(why)).toEqual(['in', 'in', 'user_rate', 'in'])
  expect(enter(dana)).toMatchObject({
    refusal: {
      reason: 'throttled',
      message: 'You make more than 2 requests a second, which is the bound here.',
      retryAfterSeconds: 1,
    },
  })
  clock.advance(500)
  expect([dana, dana].map(why)).toEqual(['in', 'user_rate'])
})

test('the people of an organization share its bound, and what one’s own stops is not counted in it', () => {
  const { why } = turnstile({ perUser: 1, perOrganization: 2 })
  expect([dana, dana, dana, eve, { ...dana, userId: 'frank' }, other].map(why)).toEqual([
    'in',
    'user_rate',
    'user_rate',
    'in',
    'organization_rate',
    'in',
  ])
})

test('a provider with as many open requests as it may have takes one more for each that ends', () => {
  const { enter, why } = turnstile({ openPerProvider: 1 })
  const first = enter(dana)
  expect([eve, other].map(why)).toEqual(['provider_too_many', 'in'])
  if ('leave' in first) first.leave()
  expect([eve, dana].map(why)).toEqual(['in', 'provider_too_many'])
})

test('a server that is full or late turns everybody away, and says when to come back', () => {
  let delayMs = 0
  const { overloaded } = turnstile({ open: 3, eventLoopDelayMs: 100 }, () => delayMs)
  expect([overloaded(2), overloaded(3)?.why]).toEqual([null, 'too_many'])
  delayMs = 101
  expect(overloaded(0)).toMatchObject({
    why: 'overloaded',
    refusal: { reason: 'unavailable', retryAfterSeconds: 1 },
  })
  delayMs = 100
  expect(overloaded(0)).toBeNull()
})

test('without bounds nobody is turned away', () => {
  const { overloaded, why } = turnstile({}, () => 60_000)
  expect(overloaded(1_000_000)).toBeNull()
  expect(Array.from({ length: 1_000 }, () => why(dana)).every((word) => word === 'in')).toBe(true)
})
