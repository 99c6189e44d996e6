import type { ProposedCall } from '../policy.ts'
import type { JsonObject } from './json.ts'
import { sseSplitter } from './sse.ts'
import { readStrictly, type StrictKeys } from './strict-json.ts'
import { wholeEvents } from './terminal.ts'
import type { ToolCallFormat, Unit } from './tool-calls.ts'

/** A format's pure fold over the events of a stream. Null: it cannot be read. */
export interface CallFold<State> {
  readonly keys: StrictKeys
  readonly initial: State
  step(state: State, data: JsonObject, type: string): readonly [State, readonly ProposedCall[]] | null
  isOpen(state: State): boolean
  finish(state: State): readonly ProposedCall[] | null
  /** Of an answer in one piece, which some formats have as a list of what a stream would bring. */
  whole(value: JsonObject): readonly ProposedCall[] | null
}

export function toolCallFormat<State>(fold: CallFold<State>): ToolCallFormat {
  return {
    units: sseUnits,
    readStream() {
      let state = fold.initial
      return {
        step({ event, data }) {
          if (data.trim() === '[DONE]') return { complete: [], open: fold.isOpen(state) }
          const value = readStrictly(data, fold.keys)
          if (value === null || value.length !== 1) return 'unreadable'
          const [object] = value
          const type = typeof object!['type'] === 'string' ? object!['type'] : event
          // Some clients go by the name of the event and some by its data: they must say the same.
          if (event !== '' && type !== event) return 'unreadable'
          const next = fold.step(state, object!, type)
          if (next === null) return 'unreadable'
          state = next[0]
          return { complete: next[1], open: fold.isOpen(state) }
        },
        finish: () => fold.finish(state),
      }
    },
    readWhole(bytes) {
      const values = readStrictly(bytes.toString('utf8'), fold.keys)
      if (values === null) return null
      const found = values.map(fold.whole)
      return found.some((calls) => calls === null) ? null : found.flatMap((calls) => calls ?? [])
    },
  }
}

function* sseUnits(bytes: Buffer): Generator<Unit> {
  for (const unit of wholeEvents(bytes)) {
    const split = sseSplitter(Number.POSITIVE_INFINITY)
    // What the end of the stream cuts off has no blank line behind it, and some clients read it all the same.
    const events = [...split(unit), ...split(blankLine)]
    if (events.length > 1) yield { bytes: unit, event: 'unreadable' }
    else yield { bytes: unit, event: events[0] ?? null }
  }
}

const blankLine = Buffer.from('\n\n')
