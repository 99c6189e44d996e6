import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { streamText } from '../../testing/stream-text.ts'
import type { ResponseReading } from '../observation.ts'
import { sseSplitter } from '../sse.ts'
import { geminiReader } from './reader.ts'

function readStream(pieces: readonly Buffer[]): ResponseReading {
  const split = sseSplitter()
  const stream = geminiReader.readStream()
  const observations = pieces.flatMap((piece) => split(piece)).flatMap((event) => stream.step(event))
  const end = stream.finish()
  return { ...end, observations: [...observations, ...end.observations] }
}

for (const { name, story, contentType, bytes, reading } of fixturesOf('gemini')) {
  test(`${name}: ${story}`, () => {
    const stream = contentType === 'text/event-stream'
    expect(stream ? readStream([bytes]) : geminiReader.readWhole(bytes)).toMatchObject(reading as object)
    if (stream) expect(readStream([...bytes].map((byte) => Buffer.from([byte])))).toEqual(readStream([bytes]))
  })
}

test('no stream and no answer throws, whatever it says', () => {
  fc.assert(
    fc.property(streamText, fc.jsonValue(), fc.jsonValue(), (text, value, other) => {
      readStream([Buffer.from(text)])
      const odd = [
        value,
        { candidates: value, usageMetadata: other, promptFeedback: value },
        { candidates: [{ content: value, finishReason: other, groundingMetadata: value, index: other }] },
        { candidates: [{ content: { parts: [{ functionCall: value, executableCode: other }, value, other] } }] },
        { error: value },
      ]
      for (const one of odd) geminiReader.readWhole(Buffer.from(JSON.stringify(one)))
      geminiReader.readWhole(Buffer.from(text))
      readStream(odd.map((one) => Buffer.from(`data: ${JSON.stringify(one)}\n\n`)))
      geminiReader.readRequest(Buffer.from(JSON.stringify({ contents: value, tools: other })), about)
      geminiReader.readRequest(
        Buffer.from(JSON.stringify({ contents: [{ parts: [value, { functionResponse: other }] }] })),
        about,
      )
    }),
  )
})

const about = { subAgent: false, client: 'Gemini CLI' }
