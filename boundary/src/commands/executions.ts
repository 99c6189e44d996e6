import type { Decision, Effect, Execution } from '@reeve/policy'
import type { EventProcess, Fact } from '../audit/event.ts'
import { nothing, type Recorder } from '../audit/recorder.ts'
import { redactArgv } from '../audit/redact.ts'
import type { Timers } from '../timers.ts'
import { treeOf } from '../notify/process-view.ts'
import { type Approvals, askedInTime, type Outcome } from './approvals.ts'

/** One start of a program, and everything that it is by name (`readings.ts`). */
export interface Start {
  readonly pid: number
  readonly execution: Execution
  readonly readings: readonly Execution[]
  /** The words of the command line were too many to be looked at whole. */
  readonly shortened: boolean
  /** There is no such file: the kernel will say so, and shells try several places. */
  readonly missing: boolean
  /** The program lies where the sandbox may write: nobody knows what it is. */
  readonly writable: boolean
}

export interface ExecutionEffects {
  readonly decide: (execution: Execution) => Decision
  /** Whether a rule that denies or asks is about this program at all, whatever its words. */
  readonly concerns: (path: string) => boolean
  /** What holds in place of a decision where the policy only observes. */
  readonly held: (decision: Decision) => Effect
  readonly recorder: Recorder
  readonly approvals: Approvals
  readonly timers: Timers
  readonly askTimeoutMs: number
}

/**
 * Decides starts of programs and records them.
 *
 *     allow ──────────────────────────────► recorded, goes on
 *     deny ───────────────────────────────► recorded, EPERM
 *     ask ──► recorded as asked ──► approved ──► recorded, goes on
 *                                └► declined, no answer in time, end of the session ──► recorded, EPERM
 *
 * The same command line that is asked about twice at once is one question. An approval is for the starts that waited
 * for it; the next one is asked about anew.
 */
export function executions(effects: ExecutionEffects) {
  const { recorder, held } = effects
  const open = new Map<string, Promise<Outcome>>()

  function tell(start: Start, decision: Decision, effect: 'allow' | 'deny', outcome: Outcome | null): void {
    recorder.record({ ...fact(start, decision), decision: effect, facts: factsOf(start, outcome) })
  }

  async function ask(start: Start, decision: Decision, signal: AbortSignal): Promise<boolean> {
    const words = redactArgv(start.execution.argv).join(' ')
    const key = `${start.execution.path}\0${start.execution.argv.join('\0')}\0${start.execution.cwd}`
    const asking = open.get(key) ?? begin(key, start, decision, words, signal)
    const outcome = await asking
    tell(start, decision, outcome === 'approved' ? 'allow' : 'deny', outcome)
    return outcome === 'approved'
  }

  function begin(key: string, start: Start, decision: Decision, words: string, signal: AbortSignal): Promise<Outcome> {
    const { denial } = recorder.record({ ...fact(start, decision), kind: 'access', decision: 'deny' })
    const text = `${words.slice(0, textCharsMax)} (in ${start.execution.cwd})`
    const { approvals, timers, askTimeoutMs } = effects
    const asking = askedInTime(
      approvals,
      { kind: 'command', denial, text },
      { timers, timeoutMs: askTimeoutMs, signal },
    )
    open.set(key, asking)
    void asking.finally(() => open.delete(key))
    return asking
  }

  /** Whether it may start. Most are decided without waiting. */
  return (start: Start, signal: AbortSignal): boolean | Promise<boolean> => {
    const decision = strictest(start, effects)
    const effect = held(decision)
    // Trying names along PATH is no start of a program; whoever makes the file meanwhile has gained nothing.
    if (start.missing) return effect === 'allow'
    if (effect === 'ask') return ask(start, decision, signal)
    tell(start, decision, effect, null)
    return effect === 'allow'
  }
}
const textCharsMax = 400

const strictness: Readonly<Record<Effect, number>> = { allow: 0, ask: 1, deny: 2 }

function strictest(start: Start, { decide, concerns }: ExecutionEffects): Decision {
  const decisions = start.readings.map(decide)
  const found = decisions.reduce((a, b) => (strictness[b.effect] > strictness[a.effect] ? b : a))
  if (found.effect === 'deny') return found
  // A rule about this program might be met by a word that was not read; a path that is no text names no known program.
  const reason = start.readings.some(({ path }) => path.includes('\uFFFD'))
    ? 'not-canonical'
    : start.shortened && start.readings.some(({ path }) => concerns(path))
      ? 'too-large'
      : null
  return reason === null ? found : { ...found, effect: 'deny', rule: 'default', reason, hint: null }
}

function fact(start: Start, decision: Decision): Fact {
  const { path, argv, cwd } = start.execution
  const { effect: would, rule, policy, reason } = decision
  return { ...nothing, kind: 'exec', would, rule, policy, reason, process: processOf(start), exec: { path, argv, cwd } }
}

/** The process as it will be: the program that starts, and whose it is. */
function processOf({ pid, execution: { path, argv, exes } }: Start): EventProcess {
  return { pid, exe: path, argv, tree: treeOf([path, ...exes]) }
}

function factsOf(start: Start, outcome: Outcome | null): Fact['facts'] {
  if (!start.writable && outcome === null) return null
  return { ...(start.writable ? { writable: true } : {}), ...(outcome === null ? {} : { outcome }) }
}
