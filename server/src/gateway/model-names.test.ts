import { expect, test } from 'vitest'
import { createModelNames } from './model-names.ts'

test('a model is a label once its provider has answered to it, and of that provider only', () => {
  const names = createModelNames()
  expect(names.label('anthropic', 'claude-1')).toBe('other')
  names.learn('anthropic', 'claude-1')
  expect(names.label('anthropic', 'claude-1')).toBe('claude-1')
  expect(names.label('openai', 'claude-1')).toBe('other')
  expect(names.label('anthropic', '')).toBe('none')
})

test('a provider that answers to anything does not make labels without end, nor labels of any shape', () => {
  const names = createModelNames()
  const made = Array.from({ length: 500 }, (_, i) => `model-${i}`)
  for (const name of made) names.learn('any', name)
  expect(new Set(made.map((name) => names.label('any', name))).size).toBe(51)
  for (const name of ['a\nb', 'x'.repeat(101), 'with words', '{a="b"}']) {
    names.learn('other', name)
    expect(names.label('other', name)).toBe('other')
  }
})
