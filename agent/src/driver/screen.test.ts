import { expect, test } from 'vitest'
import type { Meaning } from './agent-driver.ts'
import { moreScreens } from './testing-more-screens.ts'
import { screens } from './testing-screens.ts'
import { screenDriver, type ScreenTalk } from './screen.ts'

const box = ['─'.repeat(40), '❯ ', '─'.repeat(40)]

/** A conversation whose screen and time are the test's. */
function talk(driver = screenDriver('custom')) {
  let [state]: readonly [ScreenTalk, ...unknown[]] = driver.begin(null)
  let atMs = 1000
  const short = (meaning: Meaning): string => {
    if (meaning.kind === 'write') return JSON.stringify(meaning.line)
    if (meaning.kind === 'rewritten') return `says ${meaning.text}`
    return meaning.kind === 'trouble' ? `${meaning.level}: ${meaning.message}` : meaning.kind
  }
  return {
    /** Looks for so long, every 50 ms, at the same screen. */
    look(forMs: number, lines: readonly string[], { knowsPaste = true, isCursorBelow = false } = {}): string[] {
      const told: string[] = []
      for (const end = atMs + forMs; atMs < end; atMs += 50) {
        const [next, meanings] = driver.line(state, { lines: [...lines], atMs, knowsPaste, isCursorBelow })
        state = next
        told.push(...meanings.map(short))
      }
      return told
    },
    prompt(words: string): string[] {
      const [next, meanings] = driver.prompt(state, words)
      state = next
      return meanings.map(short)
    },
    refusal: () => driver.refusal!(state),
  }
}

test('an agent waits when its place to type has stood still; one that shows none, or nothing, is given longer', () => {
  const usual = talk()
  expect(usual.look(1500, ['hello'])).toEqual([])
  expect(usual.look(1900, ['hello', ...box])).toEqual([])
  expect(usual.look(200, ['hello', ...box])).toEqual(['waiting'])
  const strange = talk()
  expect(strange.look(9900, ['hello'])).toEqual([])
  expect(strange.look(200, ['hello'])).toEqual([expect.stringContaining('no place to type'), 'waiting'])
  const blank = talk()
  expect(blank.look(59_000, [])).toEqual([])
  expect(blank.look(2000, [])).toEqual([expect.stringContaining('no place to type'), 'waiting'])
})

test('words are pasted, Enter follows when they are seen, and the answer is what the screen ends with', () => {
  const { look, prompt } = talk()
  look(3000, box)
  expect(prompt('hi there')).toEqual(['working', '{"keys":"\\u001b[200~hi there\\u001b[201~"}'])
  const typed = ['─'.repeat(40), '❯ hi there', '─'.repeat(40)]
  expect(look(100, typed)).toEqual([])
  expect(look(100, typed)).toEqual(['{"keys":"\\r"}'])
  expect(look(50, ['❯ hi there', '', '⠋ Thinking...', ...box])).toEqual(['working'])
  expect(look(1900, ['❯ hi there', '', 'Half', ...box])).toEqual(['says Half'])
  expect(look(1900, ['❯ hi there', '', 'Whole.', ...box])).toEqual(['says Whole.'])
  expect(look(200, ['❯ hi there', '', 'Whole.', ...box])).toEqual(['waiting'])
  expect(look(100, ['❯ hi there', '', 'Whole.', 'By myself.', ...box])).toEqual(['working', 'says Whole.\nBy myself.'])
})

test('Enter is pressed again when nothing happens, and in the end that is told', () => {
  const { look, prompt } = talk()
  look(3000, box)
  prompt('hi')
  expect(look(2100, box)).toEqual(['{"keys":"\\r"}'])
  expect(look(3000, box)).toEqual(['{"keys":"\\r"}'])
  expect(look(12_000, box).slice(-2)).toEqual(['error: The agent did not react to the message.', 'waiting'])
})

test('Enter that an agent passed over while it started is pressed again, and what it drew meanwhile is no answer', () => {
  const { look, prompt } = talk()
  look(3000, box)
  prompt('hi there')
  const typed = ['─'.repeat(40), '❯ hi there', '─'.repeat(40)]
  expect(look(200, typed)).toEqual(['{"keys":"\\r"}'])
  expect(look(2000, ['Welcome', '', ...typed])).toEqual(['working'])
  expect(look(50, ['Welcome', '', ...typed])).toEqual(['{"keys":"\\r"}'])
  expect(look(50, ['Welcome', '', '❯ hi there', 'Hi.', ...box])).toEqual(['working', 'says Hi.'])
})

test('words for a program that knows no paste are typed, and hold no key', () => {
  const { look, prompt } = talk()
  look(3000, box, { knowsPaste: false })
  expect(prompt('a\tb\u001b[201~\rc\u0003')).toEqual(['working', '{"keys":"a b[201~\\nc"}'])
})

test('a question before the first message keeps that back, is told once, and is answered by keys', () => {
  const { look, refusal } = talk()
  const told = look(30_000, screens.geminiTrust.split('\n'))
  expect(told).toEqual([expect.stringMatching(/^warning: The agent asks for a choice.*\n[^]*Trust folder/)])
  expect(refusal()).toMatch(/raw keys/)
  expect(look(3000, screens.geminiFirst.split('\n'))).toEqual(['waiting'])
  expect(refusal()).toBe(null)
})

test('a look that is none means nothing', () => {
  const driver = screenDriver('custom')
  const [state] = driver.begin(null)
  for (const line of [null, {}, { lines: 5, atMs: 1 }, { lines: [] }])
    expect(driver.line(state, line)).toEqual([state, []])
})

test('one of a known kind is waited for until it shows where to type', () => {
  const { look } = talk(screenDriver('aider'))
  expect(look(50_000, moreScreens.aiderStarts.split('\n'))).toEqual([])
  expect(look(2200, moreScreens.aiderFirst.split('\n'))).toEqual(['waiting'])
  const blank = talk(screenDriver('opencode'))
  expect(blank.look(150_000, [])).toEqual([])
})

test('one that takes the place to type away, or says that it works, works on although its screen stands still', () => {
  const aider = talk(screenDriver('aider'))
  aider.look(3000, moreScreens.aiderFirst.split('\n'))
  aider.prompt('two lines\nof words')
  const sent = moreScreens.aiderWorks.split('\n')
  expect(aider.look(1000, sent)).toEqual(['{"keys":"\\r"}'])
  expect(aider.look(25_000, sent, { isCursorBelow: true })).toEqual(['working'])
  expect(aider.look(2500, moreScreens.aiderAnswered.split('\n'))).toEqual([
    expect.stringMatching(/^says I have read it/),
    'waiting',
  ])
  const opencode = talk(screenDriver('opencode'))
  opencode.look(3000, moreScreens.opencodeFirst.split('\n'))
  opencode.prompt('two lines\nof words')
  opencode.look(300, moreScreens.opencodeFirst.replace(/Ask anything.*/, 'two lines\n   ┃  of words').split('\n'))
  const worked = opencode.look(25_000, moreScreens.opencodeWorks.split('\n'))
  expect(worked).not.toContain('waiting')
  expect(opencode.look(2500, moreScreens.opencodeAnswered.split('\n'))).toEqual([
    expect.stringMatching(/^says {6}I have read it[^]*somewhere\.$/),
    'waiting',
  ])
})

test('one that is not signed in says what to do, and takes no message', () => {
  const amp = talk(screenDriver('amp'))
  const told = amp.look(90_000, moreScreens.ampSignIn.split('\n'))
  expect(told).toEqual([expect.stringMatching(/^error: The agent is not signed in\. Give it its key[^]*log in to Amp/)])
  expect(amp.refusal()).toMatch(/^The agent is not signed in, and takes no message until it is\./)

  const atWork = talk()
  atWork.look(3000, box)
  atWork.prompt('publish it')
  atWork.look(200, ['─'.repeat(40), '❯ publish it', '─'.repeat(40)])
  const asks = atWork.look(5000, ['❯ publish it', 'May this run?', '  npm login', '❯ 1. Yes', '  2. No'])
  expect(asks.slice(-2)).toEqual([expect.stringMatching(/^warning: The agent asks for a choice/), 'waiting'])
  expect(atWork.refusal()).toMatch(/^The agent asks for a choice/)
})
