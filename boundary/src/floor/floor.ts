import type { Clock } from '@reeve/base'
import type { Recorder } from '../audit/recorder.ts'
import type { Floor } from '../notify/answer.ts'
import { acting } from './acting.ts'
import { refusedCalls } from './refused-calls.ts'
import { refusedWrites, type View } from './refused-writes.ts'

/** Tells the record of what the kernel refuses by itself, whatever the policy says. */
export function openFloor(
  options: View & {
    readonly recorder: Recorder
    /** The process above the command's first one. */
    readonly above: () => number
    readonly clock: Clock
  },
): Floor {
  const { recorder, above, clock } = options
  const who = acting(above, () => clock.monotonicMs())
  return {
    call: refusedCalls({ recorder, acting: who, end: endProcess }),
    ...refusedWrites({ ...options, acting: who }),
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGSYS')
  } catch {
    // It has ended meanwhile.
  }
}
