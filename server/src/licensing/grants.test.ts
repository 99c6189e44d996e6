import type { LicenseClaims } from '@reeve/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildAllowance, grantOf, includedBuilds } from './grants.ts'
import { instantOf, presentMoment, stateOf } from './lifecycle.ts'
import { paceOf } from './pace.ts'
import { testClaims } from './testing.ts'
import { timeWarnings } from './warnings.ts'

const dayMs = 86_400_000
const from = new Date('2026-03-01T00:00:00Z')
const deployedAt = new Date('2026-01-15T12:00:00Z')
const later = (days: number) => new Date(from.getTime() + days * dayMs)
const year = testClaims(from)
const limitAt = (days: number, ...claims: LicenseClaims[]) => {
  const { limit, source, entitlement } = buildAllowance(claims, deployedAt, later(days))
  return { limit, source, entitlement }
}

test('a licence lies dormant, is active, is honoured for a while, and ends, each to the second', () => {
  const at = (seconds: number) => stateOf(year, instantOf(seconds))
  expect([at(year.nbf - 1), at(year.nbf)]).toEqual(['dormant', 'active'])
  expect([at(year.license_expires - 1), at(year.license_expires)]).toEqual(['active', 'grace_period'])
  expect([at(year.exp - 1), at(year.exp)]).toEqual(['grace_period', 'ended'])
})

test('without a licence there are 1,000 builds, once, from the first day of the deployment on', () => {
  expect(buildAllowance([], deployedAt, later(0))).toMatchObject({
    limit: includedBuilds,
    source: 'included',
    entitlement: 'entitled',
    period: { start: deployedAt, end: new Date('2126-01-15T12:00:00Z') },
  })
  expect(limitAt(0, testClaims(from, { features: { user_limit: 5 } }))).toMatchObject({
    limit: 1_000,
    source: 'included',
  })
})

test('a licence counts from its first second to its last, with a grace between', () => {
  const licensed = { limit: 5_000, source: 'license' }
  expect(limitAt(-1, year)).toMatchObject({ limit: 1_000 })
  expect(limitAt(0, year)).toEqual({ ...licensed, entitlement: 'entitled' })
  expect(limitAt(365, year)).toEqual({ ...licensed, entitlement: 'grace_period' })
  expect(limitAt(394, year)).toEqual({ ...licensed, entitlement: 'grace_period' })
  expect(limitAt(395, year)).toMatchObject({ limit: 1_000, source: 'included' })
})

test('of several the active one counts before one in its grace, then the one that was issued last, though it is for less', () => {
  const smaller = testClaims(later(10), { features: { managed_agent_limit: 200 } })
  expect(limitAt(9, year, smaller).limit).toBe(5_000)
  expect(limitAt(10, year, smaller).limit).toBe(200)
  const short = testClaims(later(10), {
    features: { managed_agent_limit: 200 },
    license_expires: year.nbf + 20 * 86_400,
    exp: year.nbf + 60 * 86_400,
  })
  expect(limitAt(19, year, short).limit).toBe(200)
  expect(limitAt(20, year, short)).toMatchObject({ limit: 5_000, entitlement: 'entitled' })
})

test('of users the most counts, and nothing is a limit without a licence that has one', () => {
  const [small, large] = [10, 100].map((user_limit) => testClaims(from, { features: { user_limit } }))
  expect(grantOf('user_limit', [small!, large!], later(1))?.limit).toBe(100)
  expect(grantOf('user_limit', [large!, small!], later(1))?.limit).toBe(100)
  expect(grantOf('user_limit', [year], later(1))).toBeNull()
})

test('the order in which licences were added changes nothing', () => {
  const claims = fc
    .record({ day: fc.integer({ min: -400, max: 30 }), limit: fc.integer({ min: 0, max: 9 }), length: fc.nat(500) })
    .map(({ day, limit, length }) => {
      const begin = testClaims(later(day), { features: { managed_agent_limit: limit, user_limit: limit } })
      const license_expires = begin.nbf + length * 86_400
      return { ...begin, license_expires, exp: license_expires + 86_400 }
    })
  fc.assert(
    fc.property(fc.array(claims, { maxLength: 6 }), (all) => {
      const reversed = all.toReversed()
      expect(buildAllowance(all, deployedAt, from)).toEqual(buildAllowance(reversed, deployedAt, from))
      expect(grantOf('user_limit', all, from)).toEqual(grantOf('user_limit', reversed, from))
      const grant = grantOf('managed_agent_limit', all, from)
      expect(grant === null || (grant.period.start <= from && grant.entitlement !== undefined)).toBe(true)
    }),
  )
})

test('what is about to end, is honoured or has ended is told of, unless another licence goes on from there', () => {
  const warned = (days: number, ...claims: LicenseClaims[]) => timeWarnings(claims, later(days))
  expect(warned(334, year)).toEqual([])
  expect(warned(335, year)).toEqual(['The licence expires on 2027-03-01.'])
  expect(warned(365, year)).toEqual(['The licence expired on 2027-03-01 and is honoured until 2027-03-31.'])
  expect(warned(395, year)).toEqual(['The licence ended on 2027-03-31.'])
  const trial = { ...year, trial: true }
  expect([warned(357, trial).length, warned(358, trial).length]).toEqual([0, 1])
  const next = testClaims(later(360))
  for (const days of [340, 365, 395]) expect(warned(days, year, next), String(days)).toEqual([])
  expect(warned(340, year, testClaims(later(370)))).toHaveLength(1)
})

test('a clock that was set back makes it no earlier, and is told of when that is more than servers may differ', () => {
  expect(presentMoment(later(1), null)).toEqual({ at: later(1), behindMs: 0 })
  expect(presentMoment(later(1), later(0))).toEqual({ at: later(1), behindMs: 0 })
  expect(presentMoment(later(0), later(2))).toEqual({ at: later(2), behindMs: 2 * dayMs })
  expect(presentMoment(later(0), new Date(later(0).getTime() + 1_000))).toMatchObject({ behindMs: 0 })
})

test('the pace is that of the last 30 days, and says when it would be all', () => {
  const allowance = buildAllowance([year], deployedAt, later(100))
  expect(paceOf(allowance, 2_000, 300, later(100))).toEqual({ perDay: 10, projectedAt: null })
  expect(paceOf(allowance, 3_000, 300, later(100))).toEqual({ perDay: 10, projectedAt: later(300) })
  expect(paceOf(allowance, 4_000, 0, later(100))).toEqual({ perDay: 0, projectedAt: null })
  expect(paceOf(allowance, 5_000, 300, later(100)).projectedAt).toBeNull()
  expect(paceOf(allowance, 100, 100, later(10)).perDay).toBe(10)
  expect(paceOf(allowance, 100, 100, later(0)).perDay).toBe(100)
})
