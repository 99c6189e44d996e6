import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches, patternOf } from './patterns.ts'

const fits = (pattern: string, name: string) => matches(patternOf(pattern), name)

test.each([
  ['claude-*', 'claude-opus-5', true],
  ['claude-*', 'claude', false],
  ['Bash', 'bash', true],
  ['bash', 'bash_tool', false],
  ['*', '', true],
  ['mcp__*__read*', 'mcp__files__read_file', true],
  ['mcp__*__read*', 'mcp__files__write', false],
  ['a*b', 'ab', true],
  ['ab*ba', 'aba', false],
  ['*a*a*', 'a', false],
  ['*a*a*', 'aa', true],
  ['gpt-5.1', 'gpt-5x1', false],
  ['[a-z]+', 'abc', false],
  ['a?c', 'abc', false],
])('%s and %j: %s', (pattern, name, expected) => {
  expect(fits(pattern, name)).toBe(expected)
})

test('a pattern finds what the same expression finds', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 12 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 16 })
  fc.assert(
    fc.property(text, name, (pattern, tried) => {
      expect(fits(pattern, tried)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 's').test(tried))
    }),
    { numRuns: 2_000 },
  )
})

test('a thousand wildcards are one, and many that are apart go through a long name once', () => {
  expect(patternOf('*'.repeat(1000)).pieces).toEqual(['', ''])
  // An expression with as many ways to fail would not come back from this.
  expect(fits('*a'.repeat(100), `${'a'.repeat(100_000)}b`)).toBe(false)
  expect(fits('*a'.repeat(100), 'a'.repeat(100_000))).toBe(true)
})
