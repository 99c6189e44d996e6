import { randomFillSync } from 'node:crypto'
import type { Clock } from '@reeve/base'
import type { Tier } from '@reeve/policy'
import type { Timers } from '../timers.ts'
import type { BoundaryEvent, Fact, PolicyName } from './event.ts'
import { createFlood, floodWindowMs, isDenial, type Summary } from './flood.ts'
import { chainOrigin, encodeLine, type Head } from './line.ts'
import { clean, redactFact } from './redact.ts'
import { type Spool, spoolBytesMax } from './spool.ts'

/**
 * What every part of the boundary tells of what it decided. `record` returns at once and never throws: the line is
 * numbered, chained and on its way to the disk, and `flush` resolves when all of them are there.
 */
export interface Recorder {
  /** The number of the line, and the id of the denial where it is one or would have been. */
  record(fact: Fact): Recorded
  flush(): Promise<void>
  /** Resolves when the lines so far are on the disk, or it refused them. What is being counted goes on being counted. */
  kept(): Promise<void>
}

export interface Recorded {
  readonly seq: number
  readonly denial: string | null
}

export interface SessionRecorder extends Recorder, AsyncDisposable {
  /** The last line. Its number is what a call to the gateway is signed with. */
  readonly head: Head
  /** Called with each line, after it was numbered: for the log of the machine and the summary at the end. */
  onEvent(listener: (event: BoundaryEvent) => void): void
}

export interface RecorderOptions {
  readonly session: string
  readonly tier: Tier
  /** The policy in force at the moment. */
  readonly policy: () => PolicyName | null
  readonly spool: Spool
  readonly clock: Clock
  readonly timers: Timers
  readonly newDenial?: () => string
  /** Where the chain stands, for a session that has lines already. */
  readonly head?: Head
  readonly bytesMax?: number
}

/** What may wait for a disk that refuses, before allowed acts are only counted. */
const waitingBytesMax = 16 * 1024 * 1024

export function createRecorder(options: RecorderOptions): SessionRecorder {
  const { session, tier, policy, spool, clock, timers, bytesMax = spoolBytesMax } = options
  const flood = createFlood(options.newDenial ?? newDenial)
  const listeners: ((event: BoundaryEvent) => void)[] = []
  let head = options.head ?? chainOrigin
  let dropped = 0
  let droppedSince: string | null = null
  let cancelTimer: (() => void) | null = null

  const over = (factor: number): boolean =>
    spool.bytes > bytesMax * factor || spool.waitingBytes > waitingBytesMax * factor

  function write(fact: Fact, time: string, denial: string | null): number {
    const seq = head.seq + 1
    const event: BoundaryEvent = {
      v: 1,
      kind: fact.kind,
      session,
      seq,
      time,
      decision: fact.decision,
      would: fact.would,
      rule: fact.rule,
      reason: fact.reason,
      denial,
      policy: policyName(fact.policy) ?? policy(),
      tier,
      process: fact.process,
      net: fact.net,
      dns: fact.dns,
      file: fact.file,
      exec: fact.exec,
      facts: fact.facts,
      prev: head.hash,
    }
    const line = encodeLine(event)
    head = line
    spool.append(line)
    for (const listener of listeners) listener(event)
    return seq
  }

  /** Allowed acts that found no room are a line of their own, which says how many and since when. */
  function writeGap(time: string): void {
    if (dropped === 0) return
    const facts = { dropped, since: droppedSince }
    dropped = 0
    droppedSince = null
    write({ ...nothing, kind: 'gap', facts }, time, null)
  }

  function writeSummaries(all: boolean): void {
    const time = clock.now().toISOString()
    for (const summary of flood.due(clock.monotonicMs(), all)) {
      const fact = { ...counted(summary), facts: { ...summary.fact.facts, count: summary.count, since: summary.since } }
      write(fact, time, summary.denial)
    }
    cancelTimer?.()
    cancelTimer = flood.waiting ? timers.after(floodWindowMs, () => writeSummaries(false)) : null
  }

  return {
    record(told) {
      const time = clock.now().toISOString()
      if (flood.waiting) writeSummaries(false)
      const fact = redactFact(told)
      const summary = flood.fold(fact, { ms: clock.monotonicMs(), time }, over(2))
      if (summary !== null) {
        cancelTimer ??= timers.after(floodWindowMs, () => writeSummaries(false))
        return { seq: head.seq, denial: summary.denial }
      }
      const denied = isDenial(fact)
      if (!denied && isAct(fact) && over(1)) {
        dropped++
        droppedSince ??= time
        return { seq: head.seq, denial: null }
      }
      writeGap(time)
      const denial = denied ? (options.newDenial ?? newDenial)() : null
      return { seq: write(fact, time, denial), denial }
    },
    async kept() {
      await spool.flush()
    },
    async flush() {
      if (flood.waiting) writeSummaries(true)
      writeGap(clock.now().toISOString())
      await spool.flush()
    },
    get head() {
      return head
    },
    onEvent(listener) {
      listeners.push(listener)
    },
    async [Symbol.asyncDispose]() {
      await this.flush()
      cancelTimer?.()
      await spool[Symbol.asyncDispose]()
    },
  }
}

/** What a line has where there is nothing to say. */
export const nothing: Fact = {
  kind: 'session',
  decision: 'allow',
  would: 'allow',
  rule: 'boundary',
  reason: null,
  process: null,
  net: null,
  dns: null,
  file: null,
  exec: null,
  facts: null,
}

/** Something that a program did, and not something about the boundary itself. */
const isAct = ({ kind }: Fact): boolean => kind === 'net' || kind === 'dns' || kind === 'file' || kind === 'exec'

function counted({ fact, count }: Summary): Fact {
  return {
    ...fact,
    dns: fact.dns === null ? null : { ...fact.dns, count },
    file: fact.file === null ? null : { ...fact.file, count },
  }
}

/** `claude-task@v17`; null for what is no such label. A policy of this machine (`claude-task@local`) has no versions: 0. */
export function policyName(label: string | undefined): PolicyName | null {
  const parts = /^(.{1,128})@(?:v(\d{1,9})|local)$/.exec(label ?? '')
  return parts === null ? null : { name: clean(parts[1]!, 64), version: Number(parts[2] ?? 0) }
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const randomness = new Uint8Array(26)

/** `dny_` and 26 letters of Crockford's alphabet: 130 bits, so that nobody comes upon one of another session. */
function newDenial(): string {
  randomFillSync(randomness)
  let id = 'dny_'
  for (const byte of randomness) id += crockford[byte & 31]!
  return id
}
