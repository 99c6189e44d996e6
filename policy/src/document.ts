/**
 * The boundary's policy, as it is written: one YAML or JSON document per scope. What a key means stands here; how it is
 * read and what is refused, in `parse.ts`.
 *
 *     apiVersion: reeve/v1
 *     name: claude-task
 *     mode: enforce
 *     min_tier: 2
 *     network:
 *       deny_address_classes: [loopback, link_local, metadata, multicast, self, private]
 *       rules:
 *         - { id: gh-read, host: [github.com, api.github.com], http: { methods: [GET, HEAD], paths: ["/acme/**"] } }
 *         - { id: no-direct, effect: deny, host: api.openai.com, reason: use-the-gateway }
 *         - { id: db, tcp: true, host: pg.dev.internal, ports: [5432], when: { exe: [/usr/bin/psql] } }
 *     files: { workspace: snapshot, read: ["~/.cache/**"], hide: [".env*"], no_delete: ["migrations/**"] }
 *     commands:
 *       - { id: force-push, effect: deny, argv: [git, push, { any: ["--force", "-f"] }] }
 *     tests:
 *       - { request: "GET https://api.github.com/acme/x", expect: allow, rule: gh-read }
 */
export interface PolicyDocument {
  readonly apiVersion: 'reeve/v1'
  /** Lower-case letters, digits and `-`, 1 to 64 of them. */
  readonly name: string
  /** `observe` lets pass what would be denied and says so; the address classes are denied all the same. */
  readonly mode: 'enforce' | 'observe'
  /** The weakest tier (1 is the strongest) that may run under it. */
  readonly min_tier: Tier
  readonly network: NetworkPolicy
  /** Null: nothing is said about files, and what the layers above say stands. */
  readonly files: FilePolicy | null
  readonly commands: readonly CommandRule[]
  readonly tests: readonly PolicyTest[]
}

/**
 * What holds the policy: 1 own namespaces, every TCP connection captured, no UDP; 2 a system-call filter and Landlock,
 * where namespaces are forbidden; 3 proxy variables, which a program may ignore.
 */
export type Tier = 1 | 2 | 3

export type Effect = 'allow' | 'deny' | 'ask'

/** Classes of the address that is dialled. `metadata` and `self` cannot be taken off the list. */
export type AddressClass = 'loopback' | 'link_local' | 'metadata' | 'multicast' | 'self' | 'private' | 'reserved'

export interface NetworkPolicy {
  readonly deny_address_classes: readonly AddressClass[]
  /**
   * What is said where no rule matched. `deny` is the default of a document with a `network`; one without says `inherit`,
   * which leaves it to the layers above. Where no layer says anything, it is denied.
   */
  readonly default: 'deny' | 'inherit'
  /**
   * How long a request that a rule asks about waits for its answer, at most; of several layers the shortest. Then it is
   * told that it is being decided. Null: nothing is said, and it is 30.
   */
  readonly ask_wait_seconds: number | null
  readonly rules: readonly NetworkRule[]
}

/**
 * One rule. `host` takes exact names, `*.` in front for one or more labels, a `*` label inside for exactly one; an address
 * or CIDR literally. Without `http` and `tcp` it is about web requests of any method and path at the host.
 */
export interface NetworkRule {
  readonly id: string
  readonly effect: Effect
  readonly host: readonly string[]
  /**
   * Default: 443 for web requests, every port for a `deny` (then it is empty here); a `tcp` rule must name them. 80 means
   * plain HTTP and must be named.
   */
  readonly ports: readonly number[]
  readonly http: { readonly methods: readonly string[]; readonly paths: readonly string[] } | null
  /** Raw TCP, spliced and not looked into: SSH, databases. A `deny` without `http` is about raw TCP too. */
  readonly tcp: boolean
  /** `inspect` is the default; `passthrough` splices the TLS after a look at its server name. */
  readonly tls: 'inspect' | 'passthrough'
  /** Only for processes whose program or one of whose parents is one of these (globs over the resolved path). */
  readonly when: { readonly exe: readonly string[] } | null
  /** The boundary's session is put into requests that it allows; what the client sent under those names is taken off. */
  readonly inject_session: boolean
  /** A request with a longer body is refused, in bytes. */
  readonly request_bytes_max: number | null
  /** Classes that this rule's hosts may resolve to although they are denied otherwise; never `metadata` or `self`. */
  readonly address_classes: readonly AddressClass[]
  /** A token of letters, digits, `-`, `.` and `_` that is shown with a denial; never free text. */
  readonly reason: string | null
  /** An instant after which the rule is as if it were not there. */
  readonly expires: string | null
  /** Layers below may allow more at this rule's hosts than it does: other ports, methods, paths and programs. */
  readonly extendable: boolean
}

export interface FilePolicy {
  /** `direct`: written in place. `snapshot`: in place, with a copy from before. `overlay`: changes lie beside it until taken over. */
  readonly workspace: 'direct' | 'snapshot' | 'overlay'
  /** More of the file system than the default view has; `~` is the home of the user outside. */
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** Not there for the agent, wherever else it may look. */
  readonly hide: readonly string[]
  /** Inside the workspace: cannot be written, besides what is protected always. */
  readonly protect: readonly string[]
  /** Inside the workspace: can be written and made, and not deleted or renamed. */
  readonly no_delete: readonly string[]
  /** So many deletions in so many seconds stop the agent until somebody decided. */
  readonly bulk_delete: { readonly count: number; readonly seconds: number; readonly effect: 'ask' | 'deny' } | null
}

/** One word of a command line: itself (with `*`), any of several somewhere behind, or none of them. */
export type ArgumentPattern = string | { readonly any: readonly string[] } | { readonly not: readonly string[] }

export interface CommandRule {
  readonly id: string
  readonly effect: Effect
  /** The first word is compared with the base name of the resolved program, or with its path where it has a `/`. */
  readonly argv: readonly ArgumentPattern[]
  readonly when: { readonly exe: readonly string[] } | null
  /** Command lines that must and must not match; checked when the policy is read. */
  readonly match: readonly string[]
  readonly not_match: readonly string[]
  readonly reason: string | null
}

/** One act and what the document by itself must say to it. Not published before all of them hold. */
export type PolicyTest = {
  readonly expect: Effect
  /** The rule that must have decided. */
  readonly rule: string | null
  /** The programs that did it, the nearest first. */
  readonly exe: readonly string[]
} & (
  | { /** `GET https://host/path`, or `tcp://host:port`. */ readonly request: string }
  | { /** A command line, split at spaces, with quotes as a shell has them. */ readonly command: string }
)
