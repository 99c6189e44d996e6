import { Fault, formatDuration, toError } from '@reeve/base'
import type { Context } from '../context.ts'

/** The steps of a test of a template, with their times. */

export interface Step {
  readonly name: string
  readonly ok: boolean
  readonly seconds: number
  readonly detail: string
}

export interface Trial {
  readonly steps: readonly Step[]
  /** What was wrong with the first step that did not hold; null while all did. */
  readonly failed: Fault | null
  /** Does a step, whose answer is its detail. What it throws is noted, and thrown again. */
  step(limit: Limit, name: string, fix: string, work: () => Promise<string>): Promise<void>
}

export function createTrial({ note, io: { clock } }: Context): Trial {
  const steps: Step[] = []
  let failed: Fault | null = null

  async function step(limit: Limit, name: string, fix: string, work: () => Promise<string>): Promise<void> {
    const began = clock.monotonicMs()
    const done = (ok: boolean, detail: string): void => {
      const seconds = Math.round((clock.monotonicMs() - began) / 100) / 10
      steps.push({ name, ok, seconds, detail })
      note(`${ok ? 'ok     ' : 'FAILED '} ${name}, ${seconds} s${detail === '' ? '' : `: ${detail}`}`)
    }
    note(`= ${name}`)
    try {
      done(true, await work())
    } catch (thrown) {
      const why = limit.late ?? (thrown instanceof Fault ? thrown : new Fault('internal', toError(thrown).message))
      done(false, limit.isStopped() ? 'interrupted' : why.message)
      failed ??= explained(name, fix, why)
      throw thrown
    }
  }

  return {
    steps,
    get failed() {
      return failed
    },
    step,
  }
}

const explained = (name: string, fix: string, why: Fault): Fault =>
  new Fault(why.code, `the step ${name} does not hold: ${why.message}`, {
    fix: why.fix ?? fix,
    problems: why.problems,
    cause: why,
    ...(why.requestId === undefined ? {} : { requestId: why.requestId }),
  })

/** How long a test may take. Its signal ends what is waited for, as Ctrl-C does. */
export interface Limit extends Disposable {
  readonly signal: AbortSignal
  /** Once the time is over. */
  readonly late: Fault | null
  /** Somebody pressed Ctrl-C. */
  isStopped(): boolean
}

export function startLimit(ms: number, stop: AbortSignal): Limit {
  const over = new AbortController()
  const timer = setTimeout(() => {
    over.abort(
      new Fault('timeout', `it was not over after ${formatDuration(ms)}`, { fix: 'give it longer with --timeout' }),
    )
  }, ms)
  return {
    signal: AbortSignal.any([stop, over.signal]),
    get late() {
      // SAFETY: nothing else aborts it.
      return over.signal.aborted && !stop.aborted ? (over.signal.reason as Fault) : null
    },
    isStopped: () => stop.aborted,
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
