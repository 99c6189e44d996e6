import { expect, test } from 'vitest'
import { askedPeriod, daysAfter, periodTitle } from './period.ts'

const now = new Date('2026-03-01T12:00:00Z')

test('days back count today, over the ends of months', () => {
  expect(askedPeriod({ from: '-1d' }, 'utc', now)).toEqual({ from: '2026-03-01' })
  expect(askedPeriod({ from: '-7d' }, 'utc', now)).toEqual({ from: '2026-02-23' })
  expect(askedPeriod({}, 'utc', now)).toEqual({})
})

test('what is no date of an address is not asked', () => {
  expect(askedPeriod({ from: 'yesterday', to: '2026-13' }, 'utc', now)).toEqual({})
  expect(askedPeriod({ from: '2026-01-01', to: '2026-02-01' }, 'utc', now)).toEqual({
    from: '2026-01-01',
    to: '2026-02-01',
  })
})

test('a period is called by its last day, which is in it', () => {
  expect(periodTitle({})).toBe('Last 30 days')
  expect(periodTitle({ from: '-7d' })).toBe('Last 7 days')
  expect(periodTitle({ from: '2026-01-01', to: '2026-02-01' })).toBe('2026-01-01 to 2026-01-31')
  expect(periodTitle({ from: '2026-01-01', to: '2026-01-02' })).toBe('2026-01-01')
  expect(periodTitle({ from: '2026-01-01' })).toBe('Since 2026-01-01')
  expect(daysAfter('2028-02-28', 1)).toBe('2028-02-29')
})
