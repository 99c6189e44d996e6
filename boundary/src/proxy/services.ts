import type { Clock, Log } from '@reeve/base'
import type { Recorder } from '../audit/recorder.ts'
import type { Inject } from '../control/answers.ts'
import type { NameGate } from '../dns/name-limits.ts'
import type { Dial } from '../dial/dial.ts'
import type { Caller } from '../jail/jail.ts'
import type { Asks } from './asks.ts'
import type { Judge } from './judge.ts'
import type { OpenWays } from './open-ways.ts'
import type { Seal } from './seal.ts'
import type { Upstreams } from './upstreams.ts'

/** What every part of the proxy is handed. */
export interface Services {
  readonly judge: Judge
  readonly recorder: Recorder
  readonly dial: Dial
  readonly upstreams: Upstreams
  readonly gate: NameGate
  readonly open: OpenWays
  readonly seal: Seal | null
  /** Where the control plane wants the session told, besides what rules say; known once it was reached. */
  readonly injects: () => readonly Inject[]
  /** Whether somebody can be asked for more than the policy allows. */
  readonly canRequest: boolean
  readonly asks: Asks
  /** How long a client waits for somebody's answer, at most. */
  readonly askWaitMs: () => number
  readonly clock: Clock
  readonly log: Log
}

/** What is known of a connection before any request on it. */
export interface Origin {
  readonly scheme: 'http' | 'https'
  /** The host that every request on it must be about; null where each names its own. */
  readonly host: string | null
  /** What the connection was made to; a request that names no port means this one. */
  readonly port: number
  /** The server name differs from the host whose address was dialled. */
  readonly mismatched: boolean
  /** Inside a tunnel or TLS: no further tunnel begins here. */
  readonly inner: boolean
  readonly caller: Caller | null
  /** Called with the first request. */
  readonly used: () => void
}
