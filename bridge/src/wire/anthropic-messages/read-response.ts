import type { Observation, ResponseReading } from '../observation.ts'
import { sseSplitter, type WireEvent } from '../sse.ts'
import { finish, initial, step } from './stream.ts'
import { readWhole } from './whole.ts'

/** Understands the recorded bytes of an answer. `contentType` is what the provider called them. */
export function readResponse(bytes: Buffer, contentType: string | null): ResponseReading {
  return isEventStream(contentType) ? readStream(bytes) : readWhole(bytes)
}

export function isEventStream(contentType: string | null): boolean {
  return contentType !== null && /^\s*text\/event-stream\s*(?:;|$)/i.test(contentType)
}

function readStream(bytes: Buffer): ResponseReading {
  const observations: Observation[] = []
  let state = initial
  for (const event of events(bytes)) {
    const [next, seen] = step(state, event)
    state = next
    observations.push(...seen)
  }
  const end = finish(state)
  return { ...end, observations: [...observations, ...end.observations] }
}

const pieceBytes = 64 * 1024

function* events(bytes: Buffer): Generator<WireEvent> {
  const split = sseSplitter()
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    let found: WireEvent[]
    try {
      found = split(bytes.subarray(from, from + pieceBytes))
    } catch {
      // An event past the bound: the relay gave the stream up at the same place.
      return
    }
    yield* found
  }
}
