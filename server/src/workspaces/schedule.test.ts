import { DayOfWeek } from '@reeve/sdk'
import { describe, expect, test } from 'vitest'
import { latestStop, nextStart, readSchedule, type Schedule } from './schedule.ts'

const allDays = DayOfWeek.options
const workDays = allDays.slice(0, 5)

function scheduleOf(text: string): Schedule {
  const read = readSchedule(text)
  if ('problem' in read) throw new Error(read.problem)
  return read.schedule
}

const next = (text: string, after: string, allowed: readonly DayOfWeek[] = allDays): string | undefined =>
  nextStart(scheduleOf(text), new Date(after), allowed)?.toISOString()

describe('a schedule is cron with a time zone', () => {
  test.each([
    ['CRON_TZ=Mars/Olympus 30 9 * * 1-5', 'time zone'],
    ['61 9 * * 1-5', 'cron'],
    ['30 25 * * *', 'cron'],
    ['30 9 * * 8', 'cron'],
    ['* 9 * * *', 'such as'],
    ['*/5 * * * *', 'such as'],
    ['30 9 1 * *', 'such as'],
    ['30 9 * * 1-5; drop table', 'such as'],
    ['', 'such as'],
    ['@daily', 'such as'],
  ])('%j is refused', (text, why) => {
    expect(readSchedule(text)).toEqual({ problem: expect.stringContaining(why) })
  })

  test('without a zone it is in UTC', () => {
    expect(next('30 9 * * *', '2026-03-02T10:00:00Z')).toBe('2026-03-03T09:30:00.000Z')
    expect(next('TZ=America/New_York 30 9 * * *', '2026-03-02T10:00:00Z')).toBe('2026-03-02T14:30:00.000Z')
  })
})

describe('the clock of the zone is what counts', () => {
  const berlin = 'CRON_TZ=Europe/Berlin 30 9 * * *'
  test('summer and winter start at the same time of the day', () => {
    expect(next(berlin, '2026-03-28T12:00:00Z')).toBe('2026-03-29T07:30:00.000Z')
    expect(next(berlin, '2026-10-24T12:00:00Z')).toBe('2026-10-25T08:30:00.000Z')
  })

  const night = 'CRON_TZ=Europe/Berlin 30 2 * * *'
  test('an hour that the clocks leave out starts after it', () => {
    expect(next(night, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
  })
  test('an hour that comes twice starts once', () => {
    const first = next(night, '2026-10-24T12:00:00Z')!
    expect(first).toBe('2026-10-25T00:30:00.000Z')
    expect(next(night, first)).toBe('2026-10-26T01:30:00.000Z')
  })
})

describe('the template says on which days', () => {
  test('other days are passed over', () => {
    const saturday = '2026-03-07T00:00:00Z'
    expect(next('30 9 * * *', saturday, workDays)).toBe('2026-03-09T09:30:00.000Z')
    expect(next('30 9 * * 6,0', saturday, workDays)).toBeUndefined()
    expect(next('30 9 * * *', saturday, [])).toBeUndefined()
  })
  test('the day is that of the zone', () => {
    // Monday in Auckland is still Sunday in UTC.
    expect(next('CRON_TZ=Pacific/Auckland 30 9 * * *', '2026-03-07T00:00:00Z', ['monday'])).toBe(
      '2026-03-08T20:30:00.000Z',
    )
  })
})

describe('a template has its workspaces stop on certain days', () => {
  const quiet = scheduleOf('CRON_TZ=Europe/Berlin 0 2 * * 1')
  const stop = (days: readonly DayOfWeek[], weeks: number, startedAt: string): string | undefined =>
    latestStop({ days_of_week: days, weeks }, quiet, new Date(startedAt))?.toISOString()

  test('at the quiet hour of the next of them', () => {
    expect(stop(['sunday'], 1, '2026-03-06T12:00:00Z')).toBe('2026-03-08T01:00:00.000Z')
    expect(stop(['tuesday', 'sunday'], 1, '2026-03-08T12:00:00Z')).toBe('2026-03-10T01:00:00.000Z')
    expect(stop([], 1, '2026-03-06T12:00:00Z')).toBeUndefined()
  })
  test('what starts within the quiet hour has until the next one', () => {
    expect(stop(['sunday'], 1, '2026-03-08T00:30:00Z')).toBe('2026-03-15T01:00:00.000Z')
  })
  test('every second week is the same week for all', () => {
    const one = stop(['sunday'], 2, '2026-03-06T12:00:00Z')!
    const other = stop(['sunday'], 2, '2026-03-09T12:00:00Z')!
    const apart = new Date(other).getTime() - new Date(one).getTime()
    expect([0, 14 * 86_400_000]).toContain(apart)
    expect(stop(['sunday'], 16, '2026-03-06T12:00:00Z')).toBeDefined()
  })
})
