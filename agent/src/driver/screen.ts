import { isDeepStrictEqual } from 'node:util'
import { type AgentDriver, type AgentType, field, type Meaning, type Step } from './agent-driver.ts'
import { choiceAsked, inputBoxAt, isBusy, isSignIn } from './input-box.ts'
import { type Answer, answerOn, continued, isUnsent } from './screen-answer.ts'

/**
 * Any agent of the terminal, by what it shows there. It is looked at many times in a second, and what it does is told by
 * whether its screen moves:
 *
 *   starting   nothing was seen yet that takes words
 *   resting    the screen stands still: it waits
 *   typing     words were put in, and are about to be seen
 *   sending    Enter was pressed, and has yet to have an effect; it is pressed again after a while, and given up in the end
 *   working    the screen moves: its answer grows, and what it takes back is taken out of the message
 *
 * Nothing of such a conversation can be resumed: a new process knows nothing.
 */
export interface ScreenTalk {
  readonly stage: 'starting' | 'resting' | 'typing' | 'sending' | 'working'
  /** When the stage began, and when Enter was pressed last. */
  readonly sinceMs: number
  readonly pressedMs: number
  readonly presses: number
  readonly look: Look
  /** When the lines of the look became what they are. */
  readonly changedMs: number
  /** What was said last and the screen before it; null until something is said to this process. */
  readonly said: { readonly words: string; readonly before: readonly string[] } | null
  /** What was read of the answer to it; null until there is something. */
  readonly heard: Answer | null
  /** The question that was told last. */
  readonly asked: string | null
}

/** What the terminal of an agent shows at a moment. */
export interface Look {
  readonly lines: readonly string[]
  readonly atMs: number
  /** Whether what is pasted is told apart from what is typed. */
  readonly knowsPaste: boolean
  readonly isCursorBelow: boolean
}

export interface Patience {
  /** A screen that stood still for so long waits for a person. */
  readonly settleMs: number
  /** The same of one that has not answered yet, or took the place to type away, as many do while they work. */
  readonly hiddenMs: number
  /** And of one that shows that it works, with a sign that has come to a halt. */
  readonly busyMs: number
  /** The same of one that has just begun and on which no place to type is recognised. */
  readonly strangeMs: number
  readonly blankMs: number
}

const usualPatience: Patience = {
  settleMs: 2000,
  hiddenMs: 10_000,
  busyMs: 30_000,
  strangeMs: 10_000,
  blankMs: 60_000,
}
const knownBlankTimes = 3
const echoQuietMs = 150
const echoWithinMs = 2000
const pressAgainMs = 3000
const takenWithinMs = 15_000
const pressesMax = 6

export function screenDriver(type: AgentType, usual = usualPatience): AgentDriver<ScreenTalk> {
  // The place to type of those that are known is known too: without one they have not come so far. opencode's first
  // start in a home was seen to show nothing for more than a minute.
  const patience: Patience =
    type === 'custom'
      ? usual
      : { ...usual, hiddenMs: usual.busyMs, strangeMs: usual.blankMs, blankMs: usual.blankMs * knownBlankTimes }
  return {
    type,
    resumes: false,
    command: (given) => given,
    begin: () => [beginning, []],
    line(talk, line) {
      const look = readLook(line)
      if (look === null) return [talk, []]
      const moved = look.isCursorBelow !== talk.look.isCursorBelow || !isDeepStrictEqual(look.lines, talk.look.lines)
      const isFirst = talk.look === beginning.look
      const seen = { ...talk, look, changedMs: moved || isFirst ? look.atMs : talk.changedMs }
      return steps[seen.stage](seen, moved, patience)
    },
    prompt(talk, words) {
      const { lines, knowsPaste } = talk.look
      // As a person would paste them: nothing in the words may end the paste or press a key.
      const plain = words.replaceAll(/\r\n?/g, '\n').replaceAll(/(?![\n\t])\p{Cc}/gu, '')
      const keys = knowsPaste ? `\u001b[200~${plain}\u001b[201~` : plain.replaceAll('\t', ' ')
      const said = { words: plain, before: lines }
      return [{ ...enter(talk, 'typing'), said, heard: null, presses: 0 }, [{ kind: 'working' }, write(keys)]]
    },
    refusal(talk) {
      const asked = choiceAsked(talk.look.lines)
      if (asked === null) return null
      return wantsSignIn(talk, asked)
        ? `The agent is not signed in, and takes no message until it is. ${howToSignIn}`
        : 'The agent asks for a choice, and would take the message for one. Answer with raw keys.'
    },
  }
}

const howToSignIn = 'Give it its key in the environment, or sign in once by hand where it runs, and start it again.'

const beginning: ScreenTalk = {
  stage: 'starting',
  sinceMs: 0,
  pressedMs: 0,
  presses: 0,
  look: { lines: [], atMs: 0, knowsPaste: false, isCursorBelow: false },
  changedMs: 0,
  said: null,
  heard: null,
  asked: null,
}

type Stage = ScreenTalk['stage']
const steps: Readonly<Record<Stage, (talk: ScreenTalk, moved: boolean, patience: Patience) => Step<ScreenTalk>>> = {
  starting(talk, _, { settleMs, strangeMs, blankMs }) {
    const { lines } = talk.look
    if (quietMs(talk) < settleMs) return [talk, []]
    // A first message would choose what stands first: nobody has seen the question yet.
    if (choiceAsked(lines) !== null) return tellQuestion(talk)
    const isPlace = inputBoxAt(lines) !== null
    if (quietMs(talk) < (isPlace ? settleMs : lines.length === 0 ? blankMs : strangeMs)) return [talk, []]
    const message = 'The agent shows no place to type that is known: whether it takes a message is not known either.'
    const doubt: Meaning = { kind: 'trouble', message, level: 'warning' }
    return [enter(talk, 'resting'), [...(isPlace ? [] : [doubt]), { kind: 'waiting' }]]
  },
  resting: (talk, moved) => (moved ? works(talk) : [talk, []]),
  typing(talk) {
    const { atMs } = talk.look
    const isSeen = talk.changedMs > talk.sinceMs && quietMs(talk) >= echoQuietMs
    if (!isSeen && atMs - talk.sinceMs < echoWithinMs) return [talk, []]
    return press(enter(talk, 'sending'))
  },
  sending(talk, moved) {
    if (moved) return works(talk)
    const { atMs } = talk.look
    if (atMs - talk.sinceMs >= takenWithinMs) {
      const message = 'The agent did not react to the message.'
      return [enter(talk, 'resting'), [{ kind: 'trouble', message, level: 'error' }, { kind: 'waiting' }]]
    }
    return atMs - talk.pressedMs < pressAgainMs ? [talk, []] : press(talk)
  },
  working(talk, moved, patience) {
    if (moved) return answer(talk)
    if (quietMs(talk) < patience.settleMs) return [talk, []]
    // One that was still starting has shown the words and passed Enter over.
    if (isWaitingForEnter(talk) && talk.presses < pressesMax) return press(enter(talk, 'sending'))
    if (quietMs(talk) < restsAfterMs(talk, patience)) return [talk, []]
    const [asked, question] = tellQuestion(talk)
    return [enter(asked, 'resting'), [...question, { kind: 'waiting' }]]
  },
}

const enter = (talk: ScreenTalk, stage: Stage): ScreenTalk => ({ ...talk, stage, sinceMs: talk.look.atMs })
const quietMs = ({ look, changedMs }: ScreenTalk): number => look.atMs - changedMs
const write = (keys: string): Meaning => ({ kind: 'write', line: { keys } })
function works(talk: ScreenTalk): Step<ScreenTalk> {
  const [next, meanings] = answer(enter(talk, 'working'))
  return [next, [{ kind: 'working' }, ...meanings]]
}

function restsAfterMs({ look, said, heard }: ScreenTalk, { settleMs, hiddenMs, busyMs }: Patience): number {
  if (choiceAsked(look.lines) !== null) return settleMs
  if (isBusy(look.lines)) return busyMs
  if (said === null) return settleMs
  const isHidden = inputBoxAt(look.lines) === null && inputBoxAt(said.before) !== null
  return isHidden || heard === null ? hiddenMs : settleMs
}

const isWaitingForEnter = ({ said, look }: ScreenTalk): boolean =>
  said !== null && isUnsent(look.lines, look.isCursorBelow, said.before, said.words)
const press = (talk: ScreenTalk): Step<ScreenTalk> => [
  { ...talk, pressedMs: talk.look.atMs, presses: talk.presses + 1 },
  [write('\r')],
]

function answer(talk: ScreenTalk): Step<ScreenTalk> {
  const { said, look, heard } = talk
  if (said === null || isUnsent(look.lines, look.isCursorBelow, said.before, said.words)) return [talk, []]
  const { text, isBelowWords } = answerOn(said.before, look.lines, said.words)
  if (text === '') return [talk, []]
  // The words were there, and were scrolled away by what follows them.
  const isLonger = heard?.isBelowWords === true && !isBelowWords
  const whole = isLonger ? continued(heard.text, text) : text
  return [
    { ...talk, heard: { text: whole, isBelowWords: isBelowWords || isLonger } },
    [{ kind: 'rewritten', text: whole }],
  ]
}

/** Later on it may be a command that asks whether it may sign in somewhere. */
const wantsSignIn = ({ said }: ScreenTalk, asked: string): boolean => said === null && isSignIn(asked)

/** Once: people see it among the errors, also those who do not look at the screen. */
function tellQuestion(talk: ScreenTalk): Step<ScreenTalk> {
  const asked = choiceAsked(talk.look.lines)
  if (asked === null || asked === talk.asked) return [{ ...talk, asked }, []]
  if (wantsSignIn(talk, asked)) {
    const message = `The agent is not signed in. ${howToSignIn} Its screen says:\n${asked}`
    return [{ ...talk, asked }, [{ kind: 'trouble', message, level: 'error' }]]
  }
  const message = `The agent asks for a choice on its screen, which raw keys answer:\n${asked}`
  return [{ ...talk, asked }, [{ kind: 'trouble', message, level: 'warning' }]]
}

function readLook(line: unknown): Look | null {
  const lines = field(line, 'lines')
  const atMs = field(line, 'atMs')
  if (!Array.isArray(lines) || typeof atMs !== 'number') return null
  return {
    lines,
    atMs,
    knowsPaste: field(line, 'knowsPaste') === true,
    isCursorBelow: field(line, 'isCursorBelow') === true,
  }
}
