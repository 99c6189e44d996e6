import type { Effect, Reason, Tier } from '@reeve/policy'

/**
 * One line of the boundary's record: the public format of what it decided. The control plane reads the same lines;
 * a test holds both sides to recorded ones. Query values, credentials and what looks like a secret in a command
 * line never stand here.
 *
 * Lines of a session are numbered from 0 without a hole (`seq`), and each names the SHA-256 of the line before it
 * (`prev`), so that a line that is missing, changed or cut off at the end is seen. The bytes that are hashed are those
 * of `JSON.stringify(event)` with the keys in the order below, in UTF-8, without the end of the line: who parses a line
 * and writes it again, with its keys left in their order, has the same bytes. No text in a line has control characters
 * or lone surrogates.
 *
 * A line may stand for several alike, where a program asked the same again and again: `facts.count` says for how many,
 * `facts.since` from when on, and `denial` is the id that all of them were told. A line of kind `gap` stands for
 * `facts.dropped` allowed acts that found no room; what was denied is never dropped.
 */
export interface BoundaryEvent {
  readonly v: 1
  /** `call` is a system call that is refused to every program; `facts.call` has its name. */
  readonly kind: 'session' | 'net' | 'dns' | 'file' | 'exec' | 'call' | 'policy' | 'access' | 'tamper' | 'gap' | 'end'
  /** The boundary's session, a UUIDv7. */
  readonly session: string
  readonly seq: number
  /** When it was decided, ISO 8601 with milliseconds, UTC. */
  readonly time: string
  /** What was done: `observe` lets pass what `would` have been denied. */
  readonly decision: 'allow' | 'deny'
  readonly would: Effect
  readonly rule: string
  readonly reason: Reason | null
  /** `dny_` and 26 letters; on denials and on what would have been denied. */
  readonly denial: string | null
  /** The layer that the rule stands in. */
  readonly policy: PolicyName | null
  readonly tier: Tier
  readonly process: EventProcess | null
  readonly net: NetFacts | null
  readonly dns: { readonly name: string; readonly type: string; readonly count: number } | null
  readonly file: { readonly op: string; readonly path: string; readonly count: number } | null
  readonly exec: { readonly path: string; readonly argv: readonly string[]; readonly cwd: string } | null
  /** Of what has no field of its own: plain facts, strings and numbers by name. */
  readonly facts: Readonly<Record<string, string | number | boolean | null>> | null
  /** SHA-256 of the line before, in hex; null for the first. */
  readonly prev: string | null
}

/** What a part of the boundary tells the recorder; number, time, chain and denial id are the recorder's. */
export type Fact = Omit<BoundaryEvent, 'v' | 'session' | 'seq' | 'time' | 'denial' | 'policy' | 'tier' | 'prev'> & {
  /** The layer that decided, as decisions name it: `claude-task@v17`. Without it, the policy in force. */
  readonly policy?: string
}

export interface PolicyName {
  readonly name: string
  /** 0 for a policy of the machine itself, which has no versions. */
  readonly version: number
}

export interface EventProcess {
  /** In the supervisor's view. */
  readonly pid: number
  /** The program; null where it was gone before it could be asked for. */
  readonly exe: string | null
  readonly argv: readonly string[]
  /** Base names of the program and its parents, the outermost first: `["claude", "bash", "curl"]`. */
  readonly tree: readonly string[]
}

export interface NetFacts {
  /** `tls` is a tunnel that was not looked into. */
  readonly protocol: 'http/1.1' | 'h2' | 'websocket' | 'tls' | 'tcp' | 'udp'
  readonly method: string | null
  /** Scheme, host, port where it is not the scheme's own, path, and names of the query with values as `*`. */
  readonly url: string | null
  readonly host: string
  readonly port: number
  /** The address that was dialled; null where none was. */
  readonly address: string | null
  readonly inspected: boolean
  readonly status: number | null
  readonly bytes_up: number
  readonly bytes_down: number
  /** From the decision to the end, milliseconds. */
  readonly duration_ms: number | null
}
