import { expect, test } from 'vitest'
import { readSchedule } from './cron.ts'

const since = new Date('2026-03-01T00:00:00Z')
const due = (schedule: string, at: string): boolean | undefined => readSchedule(schedule)?.isDue(new Date(at), since)

test('a schedule is due in the seconds that its six fields name', () => {
  expect(due('TZ=UTC 0 */5 9-17 * * mon-fri', '2026-03-02T09:05:00Z')).toBe(true)
  expect(due('TZ=UTC 0 */5 9-17 * * mon-fri', '2026-03-02T09:05:01Z')).toBe(false)
  expect(due('TZ=UTC 0 */5 9-17 * * mon-fri', '2026-03-02T09:06:00Z')).toBe(false)
  expect(due('TZ=UTC 0 */5 9-17 * * mon-fri', '2026-03-01T09:05:00Z')).toBe(false)
  expect(due('TZ=UTC 10,20/30 0 0 1 jan *', '2026-01-01T00:00:50Z')).toBe(true)
})

test('five fields leave the day of the week out, and of two days that are named either will do', () => {
  expect(due('TZ=UTC 0 30 8 * *', '2026-03-01T08:30:00Z')).toBe(true)
  expect(due('TZ=UTC 0 0 0 15 * mon', '2026-03-15T00:00:00Z')).toBe(true)
  expect(due('TZ=UTC 0 0 0 15 * mon', '2026-03-16T00:00:00Z')).toBe(true)
  expect(due('TZ=UTC 0 0 0 15 * mon', '2026-03-17T00:00:00Z')).toBe(false)
})

test('a time zone moves it, over the change to summer time as well', () => {
  const morning = 'CRON_TZ=Europe/Berlin 0 0 8 * * *'
  expect(due(morning, '2026-03-28T07:00:00Z')).toBe(true)
  expect(due(morning, '2026-03-30T06:00:00Z')).toBe(true)
  expect(due(morning, '2026-03-30T07:00:00Z')).toBe(false)
  expect(readSchedule('TZ=Nowhere/Land 0 0 8 * * *')).toBeNull()
})

test('shorthands are schedules too', () => {
  expect(due('TZ=UTC @daily', '2026-03-05T00:00:00Z')).toBe(true)
  expect(due('TZ=UTC @hourly', '2026-03-05T03:00:00Z')).toBe(true)
  expect(due('@every 1m30s', '2026-03-01T00:01:30Z')).toBe(true)
  expect(due('@every 1m30s', '2026-03-01T00:00:00Z')).toBe(false)
  expect(due('@every 1ms', '2026-03-01T00:00:01Z')).toBe(true)
})

test('what is no schedule is none', () => {
  for (const text of ['', '* * *', '60 * * * * *', 'a b c d e f', '0 0 0 0 * *', '*/0 * * * * *']) {
    expect(readSchedule(text), text).toBeNull()
  }
})
