import type { FilePolicy } from '@reeve/policy'
import type { EventProcess } from '../audit/event.ts'
import { nothing, type Recorder } from '../audit/recorder.ts'
import type { Timers } from '../timers.ts'
import { type Approvals, askedInTime } from './approvals.ts'

/** A file or folder of the workspace that is to go: by deletion, or by another that is moved into its place. */
export interface Deletion {
  readonly pid: number
  readonly path: string
  readonly process: EventProcess
}

/** Stops and ends programs: the one that deletes, with what it started. */
export interface Reins {
  stop(pid: number): void
  resume(pid: number): void
  kill(pid: number): void
}

export interface BrakeEffects {
  readonly limit: () => FilePolicy['bulk_delete']
  /** The policy only observes: deletions are told and go on. */
  readonly observes: () => boolean
  readonly recorder: Recorder
  readonly approvals: Approvals
  readonly timers: Timers
  readonly monotonicMs: () => number
  readonly reins: Reins
  readonly askTimeoutMs: number
}

/**
 * Counts deletions in the workspace, all programs of the sandbox together, since the agent may spread them.
 *
 *     free ──(more than `count` within `seconds`)──► ask: held ──► approved: free, with a count from 0
 *                                                            └───► otherwise: the program is ended; refusing
 *                                                └► deny: refusing
 *     refusing ──(`seconds` without an attempt)──► free
 *
 * While held, the program that went over the limit stands still, and every deletion of another waits for the same
 * answer: a call that is held up by the filter is not made. What was deleted up to the limit is gone; the snapshot has it.
 */
export function deletionBrake(effects: BrakeEffects) {
  const { recorder, monotonicMs } = effects
  let times: number[] = []
  let held: Promise<boolean> | null = null
  let refusedAtMs: number | null = null

  function over(limit: NonNullable<FilePolicy['bulk_delete']>): boolean {
    const now = monotonicMs()
    times = times.filter((at) => now - at < limit.seconds * 1000)
    times.push(now)
    return times.length > limit.count
  }

  function tell(deletion: Deletion, effect: 'allow' | 'deny', would: 'ask' | 'deny', facts: Record<string, string>) {
    const { path, process } = deletion
    const file = { op: 'delete', path, count: effect === 'deny' && times.length > 0 ? times.length : 1 }
    return recorder.record({ ...nothing, kind: 'file', decision: effect, would, rule: 'bulk-delete', reason: 'bulk-delete', process, file, facts }) // prettier-ignore
  }

  async function hold(deletion: Deletion, signal: AbortSignal): Promise<boolean> {
    const { reins, approvals, timers, askTimeoutMs } = effects
    reins.stop(deletion.pid)
    const { denial } = tell(deletion, 'deny', 'ask', { state: 'held' })
    const text = `${times.length} deletions, the last of ${deletion.path}`
    const outcome = await askedInTime(approvals, { kind: 'deletion', denial, text }, { timers, timeoutMs: askTimeoutMs, signal }) // prettier-ignore
    const goesOn = outcome === 'approved'
    tell(deletion, goesOn ? 'allow' : 'deny', 'ask', { state: goesOn ? 'resumed' : 'ended', outcome })
    times = []
    if (goesOn) reins.resume(deletion.pid)
    else reins.kill(deletion.pid)
    if (!goesOn) refusedAtMs = monotonicMs()
    return goesOn
  }

  return (deletion: Deletion, signal: AbortSignal): boolean | Promise<boolean> => {
    const limit = effects.limit()
    if (limit === null) return true
    if (held !== null) return held
    if (refusedAtMs !== null && monotonicMs() - refusedAtMs < limit.seconds * 1000) {
      refusedAtMs = monotonicMs()
      tell(deletion, 'deny', 'deny', { state: 'refused' })
      return false
    }
    refusedAtMs = null
    if (!over(limit)) return true
    if (effects.observes()) {
      tell(deletion, 'allow', limit.effect, { state: 'observed' })
      times = []
      return true
    }
    if (limit.effect === 'deny') {
      tell(deletion, 'deny', 'deny', { state: 'refused' })
      refusedAtMs = monotonicMs()
      times = []
      return false
    }
    held = hold(deletion, signal).finally(() => (held = null))
    return held
  }
}
