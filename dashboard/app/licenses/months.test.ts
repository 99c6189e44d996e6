import { expect, test } from 'vitest'
import { monthsOf } from './months.ts'

test('days become the months that they are in, and none is lost', () => {
  const days = [
    { day: '2026-10-31', builds: 2 },
    { day: '2026-11-01', builds: 0 },
    { day: '2026-11-30', builds: 5 },
    { day: '2027-11-01', builds: 1 },
  ]
  expect(monthsOf(days)).toEqual([
    { id: '2026-10', builds: 2 },
    { id: '2026-11', builds: 5 },
    { id: '2027-11', builds: 1 },
  ])
  expect(monthsOf([])).toEqual([])
})
