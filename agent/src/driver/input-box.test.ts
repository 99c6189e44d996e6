import { expect, test } from 'vitest'
import { choiceAsked, inputBoxAt, isBusy, isSignIn } from './input-box.ts'
import { moreScreens } from './testing-more-screens.ts'
import { screens } from './testing-screens.ts'

const linesOf = (screen: string): string[] => screen.split('\n')
const boxOf = (screen: string): string | null => {
  const at = inputBoxAt(linesOf(screen))
  return at === null ? null : linesOf(screen).slice(at).join('\n')
}

test.each([
  ['between lines across the screen', '─'.repeat(40) + '\n❯ \n' + '─'.repeat(40) + '\n  auto mode on · ← for agents'],
  [
    'under one line, with a title',
    '─'.repeat(40) + '\n YOLO\n\n *   Type your message\n\n workspace   model\n /work   one',
  ],
  [
    'in a box',
    `╭${'─'.repeat(40)}╮\n│ > half${' '.repeat(33)} │\n│   a word${' '.repeat(31)} │\n╰${'─'.repeat(40)}╯\n  ? for help`,
  ],
  ['behind a bar', `┏${'━'.repeat(40)}\n┃ > \n  ctrl+p commands`],
  [
    'behind a bar that ends below it',
    `   ┃\n   ┃  Ask anything…\n   ┃\n   ┃  Build · x gw\n   ╹${'▀'.repeat(74)}\n    tab agents  ctrl+p commands\n\n\n\n  ~/work   1.18.33`,
  ],
  ['without anything', '> '],
  ['with a name before it', 'architect> '],
  ['with a hint after it', '( O)> Press Enter to send, Ctrl-J for new line'],
])('the place to type is found %s', (_, box) => {
  expect(boxOf(`An answer.\n\n${box}`)).toBe(box)
})

test.each([
  ['a quote', 'It says:\n\n> quoted words'],
  [
    'a table',
    '┌────────────────────────┐\n│ a                      │\n├────────────────────────┤\n│ 1                      │\n└────────────────────────┘',
  ],
  ['a rule and a list', `${'─'.repeat(40)}\n- one\n- two`],
  ['a place to type far above', `${'─'.repeat(40)}\n> \n${'more\n'.repeat(20)}`],
  ['nothing at all', ''],
])('%s is no place to type', (_, screen) => {
  expect(boxOf(screen)).toBe(null)
})

test('a choice that is asked for is told from a place to type, and from a list', () => {
  expect(choiceAsked(linesOf(screens.geminiAsks))).toContain('Apply this change?\n● 1. Allow once\n2. Allow for this')
  expect(choiceAsked(linesOf(screens.geminiTrust))).toContain('● 1. Trust folder (work)')
  expect(choiceAsked(linesOf(screens.claudeAsks))).toContain('Do you want to proceed?\n❯ No\nYes')
  expect(choiceAsked(linesOf(screens.claudeKeys))).toContain('Enter to stay in auto mode')
  expect(choiceAsked(linesOf(screens.geminiAnswered))).toBe(null)
  expect(choiceAsked(['Steps:', '1. One', '2. Two', '', '> '])).toBe(null)
  expect(choiceAsked(['● 1. One', '  2. Two', '', '─'.repeat(40), '❯ ', '─'.repeat(40)])).toBe(null)
  expect(inputBoxAt(linesOf(screens.geminiAsks))).toBe(null)
  expect(inputBoxAt(linesOf(screens.claudeAsks))).toBe(null)
})

test('a choice and a way to sign in are told from each other on the screens of real agents', () => {
  const { copilotTrust, ampSignIn, auggieSignIn, auggieCode, auggieWelcome } = moreScreens
  const questions = [copilotTrust, auggieWelcome].map((screen) => choiceAsked(linesOf(screen)))
  expect(questions).toEqual([
    expect.stringContaining('Do you trust the files in this folder?\n❯ 1. Yes'),
    expect.stringContaining('→ Continue\nPress return to continue'),
  ])
  expect(questions.map((asked) => isSignIn(asked!))).toEqual([false, false])
  const ways = [ampSignIn, auggieSignIn, auggieCode].map((screen) => choiceAsked(linesOf(screen)))
  expect(ways).toEqual([
    expect.stringContaining('Would you like to log in to Amp? [(y)es, (n)o]:'),
    expect.stringContaining('→ Login to continue'),
    expect.stringContaining('Paste your login code:'),
  ])
  expect(ways.map((asked) => isSignIn(asked!))).toEqual([true, true, true])
})

test.each([["Add file to the chat? (Y)es/(N)o/(D)on't ask again [Yes]:"], ['Go on? [y/N]'], ['Overwrite it? (y/n): ']])(
  'letters are a choice as well: %s',
  (line) => {
    expect(choiceAsked(['An answer.', '', line])).toContain(line.trim())
    expect(choiceAsked(['An answer.', '', line, '> '])).toBe(null)
  },
)

test('an agent that shows that it works is told from one that waits', () => {
  const { aiderAnswered, copilotFirst, copilotWorks, copilotMade, opencodeFirst, opencodeWorks, opencodeAnswered } =
    moreScreens
  const atWork = [copilotWorks, opencodeWorks, screens.geminiWorks]
  const atRest = [aiderAnswered, copilotFirst, copilotMade, opencodeFirst, opencodeAnswered, screens.geminiAnswered]
  expect(atWork.map((screen) => isBusy(linesOf(screen)))).toEqual([true, true, true])
  expect(atRest.filter((screen) => isBusy(linesOf(screen)))).toEqual([])
  expect(atRest.filter((screen) => inputBoxAt(linesOf(screen)) === null)).toEqual([])
})
