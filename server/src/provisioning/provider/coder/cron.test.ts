import { expect, test } from 'vitest'
import { prebuildCron, prebuildCronsOverlap, scriptCron } from './cron.ts'

test.each([
  '0 0 8 * * 1-5',
  '*/30 0-30/10 8,20 1 jan,Jul mon-FRI',
  '0 30 6 ? * *',
  '0 8 * * *',
  '@daily',
  '@every 1h30m',
  'CRON_TZ=Europe/Berlin 0 0 8 * * *',
])('a script may run at %s', (schedule) => expect(scriptCron(schedule)).toBeNull())

test.each([
  '',
  '* * *',
  '60 * * * * *',
  '0 0 24 * * *',
  '0 0 0 0 * *',
  '0 5-1 * * * *',
  '*/0 * * * * *',
  '@noon',
  'a b c d e f',
])('a script never runs at "%s"', (schedule) => expect(scriptCron(schedule)).not.toBeNull())

test('prebuilt workspaces are looked at by the hour', () => {
  expect(prebuildCron('* 8-18 * * 1-5')).toBeNull()
  expect(prebuildCron('30 8 * * *')).toContain('minute has to be *')
  expect(prebuildCron('0 * 8 * * *')).toContain('has 5 fields here')
})

test.each([
  ['* 8-18 * * 1-5', '* 18-19 * * 5-6', true],
  ['* 9-12 * * 1-5', '* 13-18 * * 1-5', false],
  ['* 9-18 * * mon-fri', '* 9-18 * * sat,sun', false],
  ['* 9-18 * jan *', '* 9-18 * feb-dec *', false],
  ['* 9-18 1-15 * *', '* 9-18 16-31 * *', false],
  ['* 9-18 1-15 * 1-3', '* 9-18 10-20 * 4-6', true],
  ['* */2 * * *', '* 1-23/2 * * *', false],
  ['* * * * *', '* 4 * * *', true],
])('schedules of prebuilt workspaces: %s and %s have hours in common: %s', (one, other, common) => {
  expect(prebuildCronsOverlap(one, other)).toBe(common)
  expect(prebuildCronsOverlap(other, one)).toBe(common)
})
