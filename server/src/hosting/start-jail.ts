import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, Fault } from '@reeve/base'
import { endJail, killedWithinMs } from './ending.ts'
import { jailCommand, type JailContents, type JailOptions } from './jail.ts'
import { openJail, type OpenedJail } from './open-jail.ts'
import { connectNetwork } from './own-network.ts'
import { bootId, firstChild, knownProcess, type ProcessRecord } from './process-record.ts'

export interface StartedJail {
  readonly jail: OpenedJail
  readonly record: ProcessRecord
}

/** A jail that is whole, network and all, and whose script waits for `go`. */
export async function startJail(options: JailOptions, contents: JailContents, clock: Clock): Promise<StartedJail> {
  const jail = await openJail(jailCommand(options, contents))
  try {
    const made = await processesOf(jail, clock)
    const network = options.network === null ? null : await connectNetwork(options.account, jail)
    return { jail, record: { ...made, network } }
  } catch (thrown) {
    await endJail(jail, clock)
    throw thrown
  }
}

/** All of its view has been made by the time it has a second process. */
async function processesOf({ pid, complaints }: OpenedJail, clock: Clock): Promise<Omit<ProcessRecord, 'network'>> {
  for (const deadline = clock.monotonicMs() + killedWithinMs; clock.monotonicMs() < deadline;) {
    const [first, main] = [knownProcess(pid), firstChild(pid)]
    if (first !== null && main !== null) return { boot: bootId(), first, main }
    if (first === null) break
    await wait(5)
  }
  const why = complaints()
  throw new Fault('unavailable', `the process cannot be started in its jail${why === '' ? '' : `: ${why}`}`)
}
