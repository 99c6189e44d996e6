import type { AddressClass, Effect } from './document.ts'

/** One web request, in canonical form (`canonical.ts` makes it, or refuses). */
export interface WebRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Lower case, punycode, no dot at the end; an IPv6 address without brackets. */
  readonly host: string
  readonly port: number
  /** Decoded where that changes nothing, dot segments resolved, without the query; begins with `/`. */
  readonly path: string
  /** The program and its parents, the nearest first; empty where the tier cannot tell. */
  readonly exes: readonly string[]
}

/** A connection before anything is known of what it carries, or one that carries no HTTP. */
export interface Connection {
  readonly host: string
  readonly port: number
  readonly exes: readonly string[]
}

export interface Execution {
  /** The program as the kernel resolved it. */
  readonly path: string
  readonly argv: readonly string[]
  readonly cwd: string
  /** Programs of the parents, the nearest first. */
  readonly exes: readonly string[]
}

export type Reason =
  | 'rule'
  | 'no-matching-rule'
  | 'address-class'
  | 'not-canonical'
  | 'name-mismatch'
  | 'protocol'
  | 'too-large'
  | 'expired-policy'
  | 'bulk-delete'
  | 'protected-path'
  | 'not-writable'
  | 'system-call'

/** What a policy says to one act. Rule `default` is the one that denies what no rule is about. */
export interface Decision {
  readonly effect: Effect
  readonly rule: string
  /** The layer that the rule stands in: `claude-task@v17`. */
  readonly policy: string
  readonly reason: Reason
  /** The rule's own `reason` token, where it has one. */
  readonly hint: string | null
}

/** What the address that is dialled for it must not be: the policy's classes without those that the rule lifts. */
export interface Dialling {
  readonly deniedClasses: readonly AddressClass[]
}

/** What is said to a web request, and how it is carried where it is allowed. */
export type RequestDecision = Decision &
  Dialling & {
    readonly injectSession: boolean
    /** A request with a longer body is refused, in bytes. */
    readonly requestBytesMax: number | null
  }

/** Where a connection goes after its first look. */
export type ConnectionDecision = Decision &
  Dialling & {
    /** `web`: read as HTTP, decided by request. `passthrough`: TLS by server name. `tcp`: spliced. */
    readonly carry: 'web' | 'passthrough' | 'tcp'
  }
