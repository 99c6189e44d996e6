import type { Clock, Log } from '@reeve/base'
import type { DialEffects } from './dial/dial.ts'
import type { Timers } from './timers.ts'

/** What one run of the boundary is made with besides its settings. */
export interface Effects {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cwd: string
  readonly userId: number | null
  readonly clock: Clock
  readonly timers: Timers
  readonly random: () => number
  readonly log: Log
  readonly dialling: DialEffects
  /** Certificates that servers must lead to, PEM. */
  readonly roots: readonly string[]
  /** One line to the person at the terminal. */
  readonly say: (line: string) => void
}
