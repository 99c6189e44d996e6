import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { streamText } from '../../testing/stream-text.ts'
import type { Observation, ResponseReading } from '../observation.ts'
import { sseSplitter } from '../sse.ts'
import { finish, initial, step } from './stream.ts'
import { readWhole } from './whole.ts'

function readStream(pieces: readonly Buffer[]): ResponseReading {
  const split = sseSplitter()
  const observations: Observation[] = []
  let state = initial
  for (const event of pieces.flatMap((piece) => split(piece))) {
    const [next, seen] = step(state, event)
    state = next
    observations.push(...seen)
  }
  const end = finish(state)
  return { ...end, observations: [...observations, ...end.observations] }
}

for (const { name, story, contentType, bytes, reading } of fixturesOf('anthropic-messages')) {
  test(`${name}: ${story}`, () => {
    const stream = contentType === 'text/event-stream'
    expect(stream ? readStream([bytes]) : readWhole(bytes)).toMatchObject(reading as object)
    if (stream) expect(readStream([...bytes].map((byte) => Buffer.from([byte])))).toEqual(readStream([bytes]))
  })
}

test('no stream and no answer throws, whatever it says', () => {
  fc.assert(
    fc.property(streamText, fc.jsonValue(), fc.jsonValue(), (text, value, other) => {
      readStream([Buffer.from(text)])
      readWhole(Buffer.from(text))
      readWhole(Buffer.from(JSON.stringify(value)))
      const types = [
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'error',
      ]
      const odd = types.map(
        (type) =>
          `data: ${JSON.stringify({ type, index: value, message: value, delta: other, content_block: other, usage: value, error: other })}\n\n`,
      )
      readStream([Buffer.from(odd.join(''))])
    }),
  )
})
