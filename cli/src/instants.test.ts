import { expect, test } from 'vitest'
import { parseDuration } from '@reeve/base'
import { ago, checkTimeZone, longInstant, readInstant, showInstant } from './instants.ts'

/** A Friday, an hour later in Berlin. */
const now = new Date('2026-11-20T12:00:00Z')
const read = (text: string, timeZone = 'Europe/Berlin') => readInstant(text, now, timeZone, parseDuration).toISOString()

test('an instant with its offset means what it says, whatever the zone', () => {
  expect(read('2026-11-17T03:00:00Z')).toBe('2026-11-17T03:00:00.000Z')
  expect(read('2026-11-17T03:00:00.5+02:00')).toBe('2026-11-17T01:00:00.500Z')
})

test('a date or a time without an offset is one of the chosen zone', () => {
  expect(read('2026-11-17')).toBe('2026-11-16T23:00:00.000Z')
  expect(read('2026-11-17 03:00')).toBe('2026-11-17T02:00:00.000Z')
  expect(read('2026-07-17T03:00:30')).toBe('2026-07-17T01:00:30.000Z')
  expect(read('2026-11-17', 'America/New_York')).toBe('2026-11-17T05:00:00.000Z')
})

test('a duration with a minus goes back from now', () => {
  expect(read('-24h')).toBe('2026-11-19T12:00:00.000Z')
  expect(read('-1h30m')).toBe('2026-11-20T10:30:00.000Z')
})

test('words are the latest such time that has begun', () => {
  expect(read('now')).toBe('2026-11-20T12:00:00.000Z')
  expect(read('today')).toBe('2026-11-19T23:00:00.000Z')
  expect(read('yesterday 14:00')).toBe('2026-11-19T13:00:00.000Z')
  expect(read('last tue 03:00')).toBe('2026-11-17T02:00:00.000Z')
  expect(read('Tuesday')).toBe('2026-11-16T23:00:00.000Z')
  expect(read('fri 12:00')).toBe('2026-11-20T11:00:00.000Z')
  expect(read('fri 14:00')).toBe('2026-11-13T13:00:00.000Z')
  expect(read('12:59')).toBe('2026-11-20T11:59:00.000Z')
  expect(read('13:01')).toBe('2026-11-19T12:01:00.000Z')
})

test('the hours that summer time skips and repeats are still hours', () => {
  expect(read('2026-03-29 02:30')).toMatch(/^2026-03-29T0[01]:30/)
  expect(read('2026-10-25 02:30')).toMatch(/^2026-10-25T0[01]:30/)
})

test('what is no time is refused with an example', () => {
  for (const text of [
    '',
    'tu',
    'tueday',
    'soon',
    '25:00',
    '2026-02-30',
    '2026-13-01',
    '-',
    '-3x',
    '2026-11-17T03:00:00+',
    'last',
  ]) {
    expect(() => read(text), text).toThrow('is not a time')
  }
})

test('a terminal shows how long ago, everything else the instant', () => {
  const place = { width: 80, now, timeZone: undefined }
  expect(showInstant('2026-11-20T11:00:00Z', place)).toBe('1h ago')
  expect(showInstant('2026-11-20T11:00:00Z', { ...place, width: null })).toBe('2026-11-20T11:00:00Z')
  expect(showInstant('2026-11-20T11:00:00.25Z', { ...place, width: null, timeZone: 'Asia/Kolkata' })).toBe(
    '2026-11-20T16:30:00.250+05:30',
  )
  expect(showInstant('2026-11-20T11:00:00Z', { ...place, timeZone: 'America/St_Johns' })).toBe(
    '2026-11-20T07:30:00.000-03:30',
  )
  expect(longInstant('2026-11-17T02:00:00Z', 'Europe/Berlin')).toBe('Tue 17 Nov 2026, 03:00:00 Europe/Berlin')
  expect(ago(new Date('2026-12-20T12:00:00Z'), now)).toBe('in 30d')
  expect(ago(now, now)).toBe('now')
})

test('a zone that does not exist is refused', () => {
  expect(() => checkTimeZone('Mars/Olympus')).toThrow('is not a time zone')
})
