import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte, readFixture, readPieces } from '../../testing/read-answer.ts'
import { streamText } from '../../testing/stream-text.ts'
import { openaiResponsesReader as reader } from './reader.ts'

for (const fixture of fixturesOf('openai-responses')) {
  test(`${fixture.name}: ${fixture.story}`, () => {
    const reading = readFixture(reader, fixture)
    expect(reading).toMatchObject(fixture.reading as object)
    if (fixture.contentType === 'text/event-stream')
      expect(readPieces(reader, everyByte(fixture.bytes))).toEqual(reading)
  })
}

const streamOf = (events: readonly object[]) =>
  Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))

const about = (a: unknown, b: unknown, c: unknown) => ({
  id: a,
  role: b,
  content: c,
  summary: a,
  name: b,
  namespace: c,
  arguments: a,
  status: b,
  call_id: c,
  output: a,
  outputs: [b],
  results: [c],
  result: a,
  error: b,
  tools: c,
  server_label: a,
})

test('no stream and no answer throws, whatever it says', () => {
  const types = [
    'response.created',
    'response.output_item.added',
    'response.output_item.done',
    'response.output_text.delta',
    'response.reasoning_summary_text.delta',
    'response.function_call_arguments.delta',
  ]
  const kinds = [
    'message',
    'reasoning',
    'function_call',
    'mcp_call',
    'mcp_list_tools',
    'image_generation_call',
    'x_output',
  ]
  fc.assert(
    fc.property(streamText, fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (text, a, b, c) => {
      const items = kinds.map((type) => ({
        ...about(a, b, c),
        type,
      }))
      const odd = [a, ...items].flatMap((item) =>
        types.map((type) => ({ type, output_index: b, item, delta: c, response: a })),
      )
      const response = { id: a, model: b, status: c, output: [...items, a], usage: b, incomplete_details: c, error: a }
      for (const type of ['response.completed', 'response.failed', 'error', b])
        readPieces(reader, [streamOf([...odd, { type, response, error: c, message: b }])])
      readPieces(reader, [Buffer.from(text)])
      for (const whole of [text, JSON.stringify(a), JSON.stringify(response)]) reader.readWhole(Buffer.from(whole))
    }),
  )
})

test('a stream of a hundred thousand items is read in its own time', () => {
  const item = (index: number) => ({ type: 'function_call', id: `i${index}`, call_id: `c${index}`, arguments: '{}' })
  const all = Array.from({ length: 100_000 }, (_, index) => index)
  const opened = all.map((at) => ({ type: 'response.output_item.added', output_index: at, item: item(at) }))
  const closed = all.map((at) => ({ type: 'response.output_item.done', output_index: at, item: item(at) }))
  expect(readPieces(reader, [streamOf(opened)]).observations.length).toBe(1024)
  expect(readPieces(reader, [streamOf(closed)]).observations.length).toBe(1024)
})
