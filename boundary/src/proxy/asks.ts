import type { Approvals, Outcome } from '../commands/approvals.ts'
import type { Timers } from '../timers.ts'
import type { OpenWays } from './open-ways.ts'

/** Something that a rule asks a person about while a client waits. */
export interface Question {
  /** What is the same has the same, and is asked once. */
  readonly key: string
  /** One line for whoever decides. */
  readonly text: string
  /** Writes the line that is asked about; its denial. Called once for what is the same. */
  readonly record: () => string | null
}

/** Who waits, and for how long. */
export interface Waiting {
  /** False when the policy does not ask any more: then it is decided anew. */
  readonly isAsked: () => boolean
  /** The client has gone. */
  readonly gone: AbortSignal
  readonly waitMs: number
}

/** `pending`: it was asked, and nobody has answered yet. `unanswered`: nobody can be asked. */
export type HoldEnd = Outcome | 'pending' | 'gone' | 'changed'

/**
 * Questions of the network. Whoever waits does so for a while only; the question itself stays until somebody answers it or
 * the session ends.
 *
 *     asked ──► approved ──► those who wait go on, and the same is let pass until the policy brings the grant
 *           ├─► declined ──► those who wait are denied, and the same is from then on, without asking again
 *           └─► nobody to ask, taken back, nobody for a week ──► denied; a little later the same is asked about again
 *
 * A wait ends before that when its time is over, when the client goes and when the policy does not ask any more. However
 * much a program tries, so many questions stand at once and no more, and so many of its requests wait.
 */
export interface Asks extends Disposable {
  hold(question: Question, waiting: Waiting): Promise<HoldEnd>
}

const questionsMax = 16
const waitingMax = 256
/** A policy that was changed is there within 10 seconds. */
const approvedMs = 30_000
const unansweredMs = 10_000
const declinedMax = 1_000

export function createAsks({
  approvals,
  timers,
  open,
}: {
  readonly approvals: Approvals
  readonly timers: Timers
  readonly open: OpenWays
}): Asks {
  const questions = new Map<string, Promise<Outcome>>()
  const declined = new Set<string>()
  const over = new AbortController()
  let asked = 0
  let held = 0

  function ask({ key, text, record }: Question): Promise<Outcome> | null {
    if (declined.has(key)) return Promise.resolve('declined')
    const known = questions.get(key)
    if (known !== undefined) return known
    if (asked >= questionsMax) return null
    asked++
    const answer = approvals.ask({ kind: 'request', denial: record(), text }, over.signal).catch(() => unanswered)
    questions.set(key, answer)
    void answer.then((outcome) => {
      asked--
      if (outcome === 'declined' && declined.size < declinedMax) declined.add(key)
      if (over.signal.aborted || outcome === 'declined') return questions.delete(key)
      timers.after(outcome === 'approved' ? approvedMs : unansweredMs, () => questions.delete(key))
    })
    return answer
  }

  return {
    async hold(question, { isAsked, gone, waitMs }) {
      if (gone.aborted || over.signal.aborted) return 'gone'
      const answer = ask(question)
      if (answer === null) return 'unanswered'
      const { promise, resolve } = Promise.withResolvers<HoldEnd>()
      // An answer that is there already is taken, however short the wait.
      void answer.then(resolve)
      const cancel = timers.after(held >= waitingMax ? 0 : Math.max(0, waitMs), () => resolve('pending'))
      const off = open.add({ stillAllowed: isAsked, close: () => resolve(over.signal.aborted ? 'gone' : 'changed') })
      const leave = () => resolve('gone')
      gone.addEventListener('abort', leave, { once: true })
      held++
      try {
        return await promise
      } finally {
        held--
        cancel()
        off()
        gone.removeEventListener('abort', leave)
      }
    },
    [Symbol.dispose]: () => over.abort(),
  }
}

const unanswered: Outcome = 'unanswered'
