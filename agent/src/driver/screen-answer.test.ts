import { expect, test } from 'vitest'
import { screens } from './testing-screens.ts'
import { answerOn } from './screen-answer.ts'

const read = (before: string, now: string, said: string): string => answerOn(before.split('\n'), now.split('\n'), said)
const lines = (...all: readonly string[]): string => all.join('\n')

test('the answer of the real Gemini CLI is read from its screen, while it works and at its end', () => {
  const { geminiFirst, geminiTyping, geminiWorks, geminiAnswered } = screens
  const said = 'please make a file'
  expect(read(geminiFirst, geminiTyping, said)).toBe('')
  expect(read(geminiFirst, geminiWorks, said).split('\n')).toEqual([
    '✦ I make it.',
    '',
    `╭${'─'.repeat(74)}╮`,
    `│ ⊷  Shell echo made > marker; sleep 3; cat marker${' '.repeat(25)}│`,
    `│${' '.repeat(74)}│`,
    `╰${'─'.repeat(74)}╯`,
  ])
  const answer = read(geminiFirst, geminiAnswered, said).split('\n')
  expect([answer[0], answer.at(-1)]).toEqual(['✦ I make it.', '  is only eighty columns wide.'])
  expect(answer).toContain('  > quoted')
})

test.each([
  ['words broken over lines', lines('a', '> one two', '  three', 'Yes.', '> '), 'one two three', 'Yes.'],
  ['words in a box', lines('a', '┌──────┐', '│ hey  │', '└──────┘', 'Yes.', '> '), 'hey', 'Yes.'],
  ['a name before the words', lines('a', 'user: hello', 'Yes.', '> '), 'hello', 'Yes.'],
  ['words that were shortened', lines('a', '> [Pasted text #1 +30 lines]', 'Yes.', '> '), 'so\nmany', 'Yes.'],
  ['words that are not shown', lines('a', 'Yes.', '> '), 'hello', 'Yes.'],
  ['words without letters', lines('a', '> ???', 'Yes.', '> '), '???', 'Yes.'],
  ['words that the answer repeats', lines('a', '> yes', 'yes', 'yes', '> '), 'yes', 'yes\nyes'],
  ['nothing yet', lines('a', '> hello', '> '), 'hello', ''],
])('%s are not the answer', (_, now, said, answer) => {
  expect(read(lines('a', '> '), now, said)).toBe(answer)
})

test('an answer that reads like the one before it is not taken for that', () => {
  const before = lines('tokens: 1', '> go on', 'Done.', '> ')
  const now = lines('tokens: 2', '> go on', 'Done.', '> go on', 'Done.', '> ')
  expect(read(before, now, 'go on')).toBe('Done.')
})

test('a foot of the screen that was there before is not said, also where no place to type is recognised', () => {
  const foot = ['', '[ type here ]', 'model one']
  expect(read(lines('a', ...foot), lines('a', '> hello', 'Yes.', '', '  1. One', ...foot), 'hello')).toBe(
    'Yes.\n\n  1. One',
  )
})

test.each([
  ['a list', '- one\n- two'],
  ['a list with stars', '* one and\n* two more...'],
  ['a table', '| a | b |\n|---|---|\n| 1 | 2... |'],
  ['a choice', '1. One\n● Two'],
  ['code', 'if (a) {\n  return a > b\n}'],
])('%s at the end of an answer is kept', (_, answer) => {
  const box = ['', '─'.repeat(40), '❯ ', '─'.repeat(40)]
  expect(read(lines('a', ...box), lines('a', '> hello', answer, ...box), 'hello')).toBe(answer)
})

test.each([
  [' ⠋ Thinking... (esc to cancel, 0s)                              ? for shortcuts'],
  ['✻ Pondering… (12s · ↓ 1.2k tokens)'],
  ['* Reading…'],
  ['| working on it...'],
  ['  Press ctrl+c to interrupt'],
  ['Thinking...'],
  ['                                                                ? for shortcuts'],
])('what only shows that it works is left out: %s', (sign) => {
  const now = lines('a', '> hello', 'So far.', '', sign, '', '─'.repeat(40), '❯ ', '─'.repeat(40))
  expect(read(lines('a', '', '─'.repeat(40), '❯ ', '─'.repeat(40)), now, 'hello')).toBe('So far.')
})
