import { expect, test } from 'vitest'
import { suggestPassphrase } from '../forms/passphrase.ts'
import { bytes, compact, duration } from './format.ts'
import { ago, dateTime } from './instant.ts'

test('numbers are short where they are long', () => {
  expect([0, 9_999, 10_000, 412_345, 999_600, 1_840_000].map(compact)).toEqual([
    '0',
    '9,999',
    '10 k',
    '412 k',
    '1.0 M',
    '1.8 M',
  ])
  expect([512, 4_200, 1_100_000].map(bytes)).toEqual(['512 B', '4.2 kB', '1.1 MB'])
})

test('durations name their two largest units', () => {
  expect([240, 8_200, 59_900, 881_000, 7_380_000, 90_000_000].map(duration)).toEqual([
    '240 ms',
    '8.2 s',
    '1 m',
    '14 m 41 s',
    '2 h 3 m',
    '1 d 1 h',
  ])
})

test('an instant names its year only when it is another one', () => {
  const now = new Date('2026-11-20T12:00:00Z')
  expect(dateTime(new Date('2026-11-17T03:00:12.418Z'), 'utc', now, true)).toBe('Tue 17 Nov 03:00:12.418')
  expect(dateTime(new Date('2025-11-17T03:00:12Z'), 'utc', now)).toBe('Mon 17 Nov 2025 03:00:12')
  expect(ago(new Date('2026-11-20T11:59:55Z'), now)).toBe('just now')
})

test('a suggested passphrase is never the same and always sayable', () => {
  const some = Array.from({ length: 50 }, () => suggestPassphrase())
  expect(new Set(some).size).toBe(50)
  for (const one of some) expect(one).toMatch(/^(?:(?:[bdfgklmnprstvz][aeiou]){3}-?){4}$/)
})
