import type { EventProcess } from '../audit/event.ts'
import { family, treeOf, wordsOf } from '../notify/process-view.ts'

/** Who a thread is that was refused something. */
export type Acting = (thread: number) => EventProcess

const lookedAtMax = 20
const windowMs = 1_000
const heldMax = 256

/**
 * Looks at a process only while that is rare: one that is refused thousands of calls a second is known by then, and the
 * supervisor has more to do. So a program that becomes another in the middle of that may be told by its former name.
 */
export function acting(above: () => number, monotonicMs: () => number): Acting {
  const held = new Map<number, { readonly sinceMs: number; count: number; process: EventProcess }>()
  return (thread) => {
    const now = monotonicMs()
    const known = held.get(thread)
    if (known !== undefined && now - known.sinceMs < windowMs && ++known.count > lookedAtMax) return known.process
    const { pid, exes } = family(thread, above())
    const process = { pid, exe: exes[0] ?? null, argv: wordsOf(pid), tree: treeOf(exes) }
    if (known !== undefined && now - known.sinceMs < windowMs) known.process = process
    else {
      if (held.size >= heldMax) held.clear()
      held.set(thread, { sinceMs: now, count: 1, process })
    }
    return process
  }
}
