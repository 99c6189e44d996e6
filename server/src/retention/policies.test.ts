import { expect, test } from 'vitest'
import { type Decision, limitOf, refusalOf, standingOf } from './policies.ts'

const at = (day: number) => new Date(Date.UTC(2026, 0, day))
const acme = '01999999-0000-7000-8000-0000000000aa'

let version = 0
const decision = (
  keep_days: number | null,
  setDay: number,
  fromDay = setDay,
  more: Partial<Decision> = {},
): Decision => ({
  version: ++version,
  data_class: 'content',
  organization_id: null,
  keep_days,
  set_at: at(setDay),
  effective_at: at(fromDay),
  set_by: null,
  ...more,
})
const own = { organization_id: acme }
const keeps = (decisions: readonly Decision[], day: number, organization: string | null = null) =>
  standingOf(decisions, 'content', organization, at(day)).keepDays

test('a shorter time is in force when its grace is over, and never when another one was set before', () => {
  const decisions = [decision(190, 1), decision(30, 10, 11)]
  expect([9, 10, 11].map((day) => keeps(decisions, day))).toEqual([190, 190, 30])
  const taken = [decision(190, 1), decision(30, 10, 12), decision(365, 11)]
  expect([10, 11, 12, 20].map((day) => keeps(taken, day))).toEqual([190, 365, 365, 365])
  const twice = [decision(190, 1), decision(30, 10, 12), decision(60, 11, 13)]
  expect([12, 13].map((day) => keeps(twice, day))).toEqual([190, 60])
})

test('an organization follows the deployment until it decides, and again when it takes that back', () => {
  const decisions = [decision(190, 1), decision(400, 5, 5, own), decision(null, 8, 9, own)]
  expect([4, 5, 8, 9].map((day) => keeps(decisions, day, acme))).toEqual([190, 400, 400, 190])
  expect(keeps(decisions, 5)).toBe(190)
})

test('before anything was decided everything is kept, and 0 is for ever', () => {
  expect(limitOf([], 'content', acme, at(1))).toBeNull()
  expect(limitOf([decision(0, 1)], 'content', null, at(400))).toBeNull()
  const both = [decision(100, 1), decision(10, 1, 1, { data_class: 'metadata' })]
  expect(limitOf(both, 'content', null, at(20))).toEqual(at(10))
})

test('what is out of bounds, or would let words outlive their request, is refused in words', () => {
  const decisions = [decision(190, 1), decision(400, 1, 1, { data_class: 'metadata' })]
  const bounds = { minimumDays: { content: 30 }, maximumDays: { content: 300 } }
  const refusal = (keepDays: number | null, dataClass: Decision['data_class'] = 'content') =>
    refusalOf(decisions, { dataClass, organizationId: acme, keepDays }, bounds)
  expect(refusal(60)).toBeNull()
  expect(refusal(null)).toBeNull()
  for (const days of [10, 301, 0]) expect(refusal(days)).toContain('at least 30 days and at most 300 days')
  expect(refusal(100, 'metadata')).toContain('words')
  expect(refusal(60, 'audit')).toContain('whole deployment')
  expect(
    refusalOf(
      decisions,
      { dataClass: 'content', organizationId: acme, keepDays: 500 },
      { minimumDays: {}, maximumDays: {} },
    ),
  ).toContain('400 days')
})
