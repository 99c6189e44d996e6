/** A command of the workspace: its words, what it writes on, and the code that it ends with. */
export interface CommandRun {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}
