import type { Fact } from '../audit/event.ts'
import { nothing, type Recorder } from '../audit/recorder.ts'
import type { Refused } from '../notify/answer.ts'
import { callText } from './call-text.ts'
import type { Acting } from './acting.ts'

export interface RefusedCallsOptions {
  readonly recorder: Recorder
  readonly acting: Acting
  /** Ends the process of a thread that called as another architecture: the filter cannot look at such calls. */
  readonly end: (pid: number) => void
}

/**
 * Records system calls that the filter refuses. Some are tried by ordinary programs at every start, which do without:
 * those are recorded once for each program of the session, so that the record is not full of what nobody meant.
 */
export function refusedCalls({ recorder, acting, end }: RefusedCallsOptions): (refused: Refused) => void {
  const told = new Set<string>()
  return (refused) => {
    const call = callText(refused.name, refused.arguments)
    const process = acting(refused.thread)
    const usual = isUsual(refused)
    const key = `${process.exe} ${call}`
    if (foreign.has(refused.name)) end(process.pid)
    if (usual && told.has(key)) return
    if (usual && told.size < programsMax) told.add(key)
    recorder.record({ ...nothing, ...denied, process, reason: reasonOf(call), facts: { call, ...(usual ? { usual } : {}) } }) // prettier-ignore
  }
}

const denied = { kind: 'call', decision: 'deny', would: 'deny', rule: 'floor' } as const
const foreign: ReadonlySet<string> = new Set(['i386', 'x32', 'arm'])
const programsMax = 1_000

const reasonOf = (call: string): Fact['reason'] => (call.startsWith('socket') ? 'protocol' : 'system-call')

/**
 * Node asks for io_uring and goes on without. Who looks a name up makes a UDP socket to see which of its addresses can
 * be reached, also where the answer came over TCP.
 */
function isUsual({ name, arguments: [family, type, protocol] }: Refused): boolean {
  if (name === 'io_uring_setup') return true
  const datagram = name === 'socket' && Number((type ?? 0n) & 0xfn) === 2
  return datagram && (family === 2n || family === 10n) && (protocol === 0n || protocol === 17n)
}
