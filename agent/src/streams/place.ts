/** Where processes run, and with which environment. */
export interface Place {
  readonly env: Readonly<Record<string, string>>
  readonly directory: string
  /** What commands and terminals are given to. */
  readonly shell: string
}
