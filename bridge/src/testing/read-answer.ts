import type { Observation, ResponseReading } from '../wire/observation.ts'
import { sseSplitter } from '../wire/sse.ts'
import type { WireReader } from '../wire/wire-reader.ts'
import type { Fixture } from './fixtures.ts'

/** What a reader understands of an event stream that comes in these pieces. */
export function readPieces(reader: WireReader, pieces: readonly Buffer[]): ResponseReading {
  const split = sseSplitter()
  const stream = reader.readStream()
  const observations: Observation[] = []
  for (const event of pieces.flatMap((piece) => split(piece))) observations.push(...stream.step(event))
  const end = stream.finish()
  return { ...end, observations: [...observations, ...end.observations] }
}

/** What a reader understands of a fixture, whichever kind of answer it holds. */
export function readFixture(reader: WireReader, { contentType, bytes }: Fixture): ResponseReading {
  return contentType === 'text/event-stream' ? readPieces(reader, [bytes]) : reader.readWhole(bytes)
}

export const everyByte = (bytes: Buffer): readonly Buffer[] => [...bytes].map((byte) => Buffer.from([byte]))
