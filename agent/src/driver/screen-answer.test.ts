import { expect, test } from 'vitest'
import { answerOn, continued, isUnsent } from './screen-answer.ts'
import { moreScreens } from './testing-more-screens.ts'
import { screens } from './testing-screens.ts'

const read = (before: string, now: string, said: string): string =>
  answerOn(before.split('\n'), now.split('\n'), said).text
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

const longAnswer = lines(
  'I have read it: true. A line that is rather long, so that a terminal of',
  'eighty columns has to break it somewhere.',
)
const narrow = (text: string): string => text.replaceAll(/^[ ●]+/gm, '')

test('the answers of the real aider, Copilot and opencode are read from their screens, and nothing before there is one', () => {
  const { aiderFirst, aiderWorks, aiderAnswered, opencodeFirst, opencodeWorks, opencodeAnswered } = moreScreens
  const said = 'two lines\nof words'
  expect(read(aiderFirst, aiderWorks, said)).toBe('')
  expect(read(aiderFirst, aiderAnswered, said).split('\n')).toEqual([
    'I have read it: true. A line that is rather long, so that a terminal of eighty',
    'columns has to break it somewhere.',
    '',
    '',
    'Tokens: 2.4k sent, 27 received. Cost: $0.0063 message, $0.0063 session.',
  ])
  expect(read(opencodeFirst, opencodeWorks, said)).toBe('')
  expect(narrow(read(opencodeFirst, opencodeAnswered, said))).toBe(longAnswer)

  const { copilotFirst, copilotWorks, copilotMade, copilotAnswered } = moreScreens
  expect(read(copilotFirst, copilotWorks, 'please make a file')).toMatch(/^ ● I make it\.\n[^]*\n ● The$/)
  expect(read(copilotFirst, copilotMade, 'please make a file')).toMatch(
    /^ ● I make it\.\n[^]*\n ● The file is there\.$/,
  )
  expect(narrow(read(copilotMade, copilotAnswered, said))).toBe(longAnswer)
})

test('a bar at the right edge that shows how far a screen was scrolled is not said', () => {
  const edge = (line: string): string => `${line.padEnd(79)}┃`
  const now = lines(edge(' ❯ go on'), edge(''), edge(' ● One.'), edge('   Two.'), edge(''), '> ')
  expect(read('> ', now, 'go on')).toBe(' ● One.\n   Two.')
})

test('an answer whose beginning was scrolled away is continued, and one that reads differently replaces it', () => {
  const line = (n: number): string => `Line ${n}.`
  const from = (first: number, last: number): string =>
    lines(...Array.from({ length: last - first + 1 }, (_, index) => line(first + index)))
  expect(continued(from(1, 40), from(20, 60))).toBe(from(1, 60))
  expect(continued(lines(from(1, 40), 'Half a li'), lines(from(20, 40), 'Half a line.'))).toBe(
    lines(from(1, 40), 'Half a line.'),
  )
  expect(continued(from(1, 40), from(50, 60))).toBe(from(50, 60))
  expect(continued(lines('Planning', 'Yes.'), 'Yes.')).toBe('Yes.')
})

test('short words that the foot of a screen happens to hold do not stand where they were typed', () => {
  const foot = ['─'.repeat(40), ' workspace   no sandbox   gemini-2.5-pro']
  const before = ['─'.repeat(40), '❯ ', ...foot]
  const isUnsentIn = (now: readonly string[], said: string): boolean => isUnsent(now, false, before, said)
  expect(isUnsentIn(before, 'no')).toBe(false)
  expect(isUnsentIn(['─'.repeat(40), '❯ no', ...foot], 'no')).toBe(true)
  expect(isUnsentIn(['─'.repeat(40), '❯ one two', '  three', ...foot], 'one two\nthree')).toBe(true)
})

test('words in a line of their own are sent when the cursor or an answer stands below them', () => {
  const [before, typed] = [moreScreens.aiderFirst.split('\n'), moreScreens.aiderWorks.split('\n')]
  const said = 'two lines\nof words'
  expect(isUnsent(typed, false, before, said)).toBe(true)
  expect(isUnsent(typed, true, before, said)).toBe(false)
  expect(isUnsent([...typed, '', 'I have read'], false, before, said)).toBe(false)
})
