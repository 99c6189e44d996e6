import { Fault } from '@reeve/base'
import { expect, test } from 'vitest'
import { atFields, patternsIn } from './patterns.ts'

test('lines, spaces and commas stand between patterns, and each is there once', () => {
  expect(patternsIn(' claude-*\r\n\ngpt-5, gpt-5-mini\tclaude-* ')).toEqual(['claude-*', 'gpt-5', 'gpt-5-mini'])
  expect(patternsIn(' \n')).toEqual([])
})

test('a problem of one pattern is told at its field with the pattern; the others stay where they are', () => {
  const problems = [
    { field: 'models.1', detail: 'is empty' },
    { field: 'models', detail: 'are too many' },
    { field: 'contact', detail: 'must be one line' },
  ]
  const told = atFields(new Fault('invalid', 'no', { problems }), { models: ['a', 'b'] })
  expect(told?.problems).toEqual([
    { field: 'models', detail: 'b: is empty' },
    { field: 'models', detail: 'are too many' },
    { field: 'contact', detail: 'must be one line' },
  ])
})
