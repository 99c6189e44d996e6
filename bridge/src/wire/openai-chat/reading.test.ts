import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte, readFixture, readPieces } from '../../testing/read-answer.ts'
import { streamText } from '../../testing/stream-text.ts'
import { openaiChatReader as reader } from './reader.ts'

for (const fixture of fixturesOf('openai-chat')) {
  test(`${fixture.name}: ${fixture.story}`, () => {
    const reading = readFixture(reader, fixture)
    expect(reading).toMatchObject(fixture.reading as object)
    if (fixture.contentType === 'text/event-stream')
      expect(readPieces(reader, everyByte(fixture.bytes))).toEqual(reading)
  })
}

test('no stream and no answer throws, whatever it says', () => {
  const streamOf = (value: unknown) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)
  fc.assert(
    fc.property(streamText, fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (text, a, b, c) => {
      const message = { content: a, refusal: b, reasoning: c, reasoning_details: a, audio: b, tool_calls: c }
      const call = { index: a, id: b, function: { name: c, arguments: a }, custom: b }
      const choices = [
        { index: a, delta: message, finish_reason: b },
        {
          message: { content: [a], reasoning_details: [{ type: b, text: c }], tool_calls: [call, a], function_call: c },
        },
        a,
      ]
      const odd = { id: a, model: b, choices, usage: c, x_groq: a, error: b }
      readPieces(reader, [Buffer.from(text)])
      readPieces(reader, [
        streamOf(odd),
        streamOf({ ...odd, error: null, usage: { prompt_tokens_details: a } }),
        streamOf(a),
      ])
      for (const whole of [text, JSON.stringify(a), JSON.stringify(odd), JSON.stringify({ choices })])
        reader.readWhole(Buffer.from(whole))
    }),
  )
})

test('a stream of a hundred thousand calls and choices is read in its own time', () => {
  const calls = Array.from({ length: 100_000 }, (_, index) => ({
    choices: [{ index, delta: { tool_calls: [{ index, id: `c${index}`, function: { name: 'x', arguments: '{}' } }] } }],
  }))
  const one = calls.map(({ choices }) => ({ choices: [{ ...choices[0], index: 0 }] }))
  const streamOf = (chunks: readonly object[]) =>
    Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''))
  expect(readPieces(reader, [streamOf(calls)]).observations.length).toBe(256)
  expect(readPieces(reader, [streamOf(one)]).observations.length).toBe(1024)
})
