import { expect, test } from 'vitest'
import { matchesPattern, patternProblem } from './repository-pattern.ts'

test('what cannot be matched in bounded time is no pattern', () => {
  expect(patternProblem(String.raw`^(https?://)?github\.com(/.*)?$`)).toBe(null)
  for (const pattern of [String.raw`(a)\1`, '(?=a)b', '(?<!a)b', '(', 'a'.repeat(1_001)]) {
    expect(patternProblem(pattern), pattern).not.toBe(null)
  }
})

test('an address of the worst kind ends as soon as any other', () => {
  for (const pattern of ['(a+)+$', '(a*)*b', 'a*a*a*a*a*a*b', '(a|a)*b']) {
    expect(patternProblem(pattern)).toBe(null)
    expect(matchesPattern(pattern, `${'a'.repeat(1_900)}!`)).toBe(false)
  }
})

test('an address matches in whatever case, and an empty pattern is for none', () => {
  expect(matchesPattern(String.raw`^https://github\.com/`, 'HTTPS://GitHub.com/acme')).toBe(true)
  expect(matchesPattern(String.raw`^https://github\.com/`, 'https://github.com.evil.example/')).toBe(false)
  expect(matchesPattern('', 'https://github.com/')).toBe(false)
  expect(matchesPattern('b', 'b'.repeat(2_001))).toBe(false)
})
