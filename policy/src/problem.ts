/** What is wrong with a policy or could be meant otherwise. An error refuses it; a warning is shown and stands. */
export interface PolicyProblem {
  readonly level: 'error' | 'warning'
  /** `network.rules[2].host`; empty for the document itself. */
  readonly path: string
  /** From 1; null where it is known by its path alone. */
  readonly line: number | null
  readonly column: number | null
  readonly message: string
  /** What to do about it, where there is one thing to do. */
  readonly fix: string | null
}
