import type { Observation, RequestReading, ResponseReading } from './observation.ts'
import type { WireEvent } from './sse.ts'

/**
 * How what was recorded of one kind of API is understood. Apart from the relay: nothing here runs while anybody waits
 * for an answer, wrong shapes never throw, and what cannot be understood is left out.
 */
export interface WireReader {
  /** What a request brought. */
  readRequest(bytes: Buffer, about: RequestAbout): RequestReading
  /** An answer that came in one piece. */
  readWhole(bytes: Buffer): ResponseReading
  /** An answer that comes in events: a new reading of one stream. */
  readStream(): StreamReading
}

export interface RequestAbout {
  /** The request's headers said that a sub-agent of the client asks, so a prompt in it was written by an agent. */
  readonly subAgent: boolean
  /** Which client asks, by what it says of itself. */
  readonly client: string
}

export interface StreamReading {
  step(event: WireEvent): readonly Observation[]
  /** What is left when no more events come. */
  finish(): ResponseReading
}

/** A format's understanding of a stream: a pure fold over its events. */
export interface StreamFold<State> {
  readonly initial: State
  step(state: State, event: WireEvent): readonly [State, readonly Observation[]]
  finish(state: State): ResponseReading
}

/** Holds the state of a fold, for whoever feeds it. */
export function foldStream<State>(fold: StreamFold<State>): () => StreamReading {
  return () => {
    let state = fold.initial
    return {
      step(event) {
        const [next, seen] = fold.step(state, event)
        state = next
        return seen
      },
      finish: () => fold.finish(state),
    }
  }
}
