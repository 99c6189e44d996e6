import { type Clock, type Log, type Secret, uuidv7 } from '@reeve/base'
import type { PolicyLayer, Tier } from '@reeve/policy'
import { createRecorder, nothing, type SessionRecorder } from './audit/recorder.ts'
import {
  createSessionDirectory,
  markDone,
  type SessionDirectory,
  type SessionRecord,
} from './audit/session-directory.ts'
import { lockScope } from './audit/session-lock.ts'
import { openSpool, type Spool } from './audit/spool.ts'
import { nodeSpoolFiles } from './audit/spool-files.ts'
import { type Approvals, noApprovals } from './commands/approvals.ts'
import type { Inject } from './control/answers.ts'
import { connectControl, type Control } from './control/control.ts'
import { type ControlHttp, createControlHttp } from './control/http.ts'
import { finishLeftovers } from './control/leftovers.ts'
import { createSessionKey, type SessionKey } from './control/session-key.ts'
import { openTrust } from './control/trust.ts'
import { createPolicyInForce, type PolicyInForce } from './policy-in-force.ts'
import { pause, type Timers } from './timers.ts'

/**
 * One run of a boundary, as far as record and control plane go: what is decided is recorded here and delivered there,
 * and what is in force comes from there. Opening it fails where nothing may run: the record has no place, the control
 * plane refuses, or no policy can be trusted.
 */
export interface BoundarySession {
  readonly id: string
  /** Signs what the gateway is to believe. */
  readonly key: SessionKey
  readonly recorder: SessionRecorder
  readonly policy: PolicyInForce
  /** Addresses of the gateway, where the control plane named any. */
  readonly injects: readonly Inject[]
  /** Who is asked where a rule says so. */
  readonly approvals: Approvals
  /** False while the control plane has not answered since the start: the last signed policy is in force. */
  readonly online: boolean
  /**
   * The last line, everything delivered within that time. How many lines the control plane does not have yet, and how many
   * nobody will have: the disk refused them to the end.
   */
  end(how: SessionEndFacts): Promise<{ readonly unsent: number; readonly unwritten: number }>
}

export interface SessionEndFacts {
  readonly exitCode: number | null
  readonly signalName: NodeJS.Signals | null
  readonly waitMs: number
}

export interface SessionOptions {
  readonly state: string
  /** Null: the record stays on this machine, and the local policy decides alone. */
  readonly control: { readonly url: string; readonly token: Secret } | null
  readonly local: PolicyLayer | null
  readonly about: SessionFacts
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly userId: number | null
  /** An administrator ends the session. */
  readonly onStop: () => void
}

export interface SessionFacts {
  /** Base name of the command. */
  readonly command: string
  readonly hostname: string
  readonly clientVersion: string
  readonly tier: Tier
  readonly jail: string
  readonly kernel: string
  /** The name of the policy that is asked for, where one is. */
  readonly policy: string | null
}

export async function openSession(options: SessionOptions): Promise<BoundarySession> {
  const { state, about, clock, timers, log, userId } = options
  const key = createSessionKey()
  const directory = await createSessionDirectory(state, recordOf(options, key), { now: clock.now(), userId })
  const { id } = directory.record
  const policy = createPolicyInForce({ local: options.local, clock, timers })
  const spool = openSpool({ files: nodeSpoolFiles(directory.path), clock, timers, log })
  const recorder = createRecorder({ session: id, tier: about.tier, policy: () => policy.name, spool, clock, timers })
  const parts: Parts = { directory, policy, spool, recorder }
  try {
    const facts = {
      command: about.command,
      jail: about.jail,
      kernel: about.kernel,
      client_version: about.clientVersion,
    }
    recorder.record({ ...nothing, facts })
    const { control } = options
    if (control === null) return { id, key, ...localSession(options, parts) }
    const userAgent = `reeve-boundary/${about.clientVersion}`
    const http = createControlHttp({ ...control, userAgent, env: options.env, timers })
    const tie = await connectTo(http, control.url, options, parts)
    return {
      id,
      key,
      recorder,
      policy,
      approvals: tie.approvals,
      get injects() {
        return tie.injects
      },
      get online() {
        return tie.registered
      },
      async end(how) {
        await settled(recorder, timers)
        const left = await tie.end(how)
        await close(parts)
        http[Symbol.dispose]()
        return { ...left, unwritten: unwritten(parts) }
      },
    }
  } catch (thrown) {
    // Nothing ran: there is nothing to deliver.
    await close(parts)
    markDone(directory.path)
    throw thrown
  }
}

interface Parts {
  readonly directory: SessionDirectory
  readonly policy: PolicyInForce
  readonly spool: Spool
  readonly recorder: SessionRecorder
}

function connectTo(http: ControlHttp, url: string, options: SessionOptions, parts: Parts): Promise<Control> {
  const { state, clock, timers, random, log, userId, onStop } = options
  return connectControl({
    ...parts,
    http,
    trust: openTrust(state, url, userId),
    state,
    clock,
    timers,
    random,
    log,
    onBundle: (bundle) => parts.policy.apply(bundle),
    onStop,
  })
}

function localSession(options: SessionOptions, parts: Parts): Omit<BoundarySession, 'id' | 'key'> {
  const { recorder, policy, directory } = parts
  const stop = new AbortController()
  const leftovers = finishLeftovers({ ...options, url: null, http: null }, stop.signal)
  return {
    recorder,
    policy,
    approvals: noApprovals,
    injects: [],
    online: false,
    async end({ exitCode, signalName }) {
      await recorder.flush()
      recorder.record({ ...nothing, kind: 'end', facts: { how: 'ended', exit_code: exitCode, signal: signalName } })
      stop.abort()
      await leftovers
      await close(parts)
      markDone(directory.path)
      return { unsent: 0, unwritten: unwritten(parts) }
    },
  }
}

const unwritten = ({ recorder, spool }: Parts): number => recorder.head.seq - spool.durable

const settleMs = 20
const settleTurnsMax = 10

/** What a person was asked about and nobody waits for any more comes to its end, and is told of before the last line. */
async function settled(recorder: SessionRecorder, timers: Timers): Promise<void> {
  const { signal } = new AbortController()
  for (let turn = 0; turn < settleTurnsMax; turn++) {
    const { seq } = recorder.head
    await pause(timers, settleMs, signal)
    if (recorder.head.seq === seq) return
  }
}

async function close({ policy, recorder, directory }: Parts): Promise<void> {
  policy[Symbol.dispose]()
  await recorder[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
}

function recordOf({ about, control, clock }: SessionOptions, key: SessionKey): SessionRecord {
  const now = clock.now()
  return {
    id: uuidv7(now),
    url: control?.url ?? null,
    command: about.command.slice(0, 256),
    hostname: about.hostname.slice(0, 256),
    client_version: about.clientVersion,
    tier: about.tier,
    jail: about.jail,
    kernel: about.kernel.slice(0, 128),
    public_key: key.publicKey,
    policy: about.policy,
    started_at: now.toISOString(),
    lock_scope: lockScope(),
  }
}
