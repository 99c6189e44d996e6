import type { Clock } from '@reeve/base'
import { type AgentLine, agentLinesPerFrame, agentLogLineCharsMax } from '@reeve/sdk'

/** Lines that nobody has kept are held up to this many; then the oldest go. */
const heldMax = 20_000

/** The lines that the agent has to say, each numbered once, and held until the control plane has kept it. */
export interface LineBuffer {
  add(source: string, level: AgentLine['level'], output: string): void
  /**
   * Those after the ones that were given out, as far as a frame takes them. None while others are on their way: the first
   * line goes at once, and what is said until it is kept goes together.
   */
  next(): AgentLine[]
  /** What was given out and is not kept is given out again: the connection is another one. */
  rewind(): void
  kept(through: number): void
  /** The number of the oldest that is held; where none is, that of the next to come. */
  readonly first: number
  /** The number of the newest that was added. */
  readonly last: number
}

export function createLineBuffer(clock: Clock, first: number): LineBuffer {
  let lines: AgentLine[] = []
  let number = first
  let given = first - 1
  return {
    add(source, level, output) {
      const created_at = clock.now().toISOString()
      lines.push({
        number: number++,
        created_at,
        level,
        source: source.slice(0, 256),
        output: output.slice(0, agentLogLineCharsMax).toWellFormed(),
      })
      if (lines.length > heldMax) lines.shift()
    },
    next() {
      const some: AgentLine[] = []
      if ((lines[0]?.number ?? number) <= given) return some
      let chars = 0
      for (const line of lines) {
        if (line.number <= given) continue
        if (some.length === agentLinesPerFrame || chars + line.output.length > frameCharsMax) break
        chars += line.output.length
        some.push(line)
      }
      given = some.at(-1)?.number ?? given
      return some
    },
    rewind() {
      given = (lines[0]?.number ?? number) - 1
    },
    kept(through) {
      lines = lines.filter((line) => line.number > through)
    },
    get first() {
      return lines[0]?.number ?? number
    },
    get last() {
      return number - 1
    },
  }
}

/** A line takes more room on the wire than it has characters. */
const frameCharsMax = 100_000
