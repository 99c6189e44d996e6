import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte, readPieces } from '../../testing/read-answer.ts'
import { streamText } from '../../testing/stream-text.ts'
import { sseSplitter } from '../sse.ts'
import { errorEvents } from './errors.ts'
import { openaiResponsesReader } from './reader.ts'
import { watchTerminal } from './terminal.ts'

function watch(pieces: readonly Buffer[]) {
  const watcher = watchTerminal(1024 * 1024)
  let passed = ''
  for (const [i, piece] of pieces.entries()) {
    const { events, terminal, error } = watcher.push(piece)
    passed += events?.toString('latin1') ?? ''
    if (terminal === null) continue
    const rest = Buffer.concat(pieces.slice(i + 1)).toString('latin1')
    return { passed, terminal: terminal.toString('latin1'), error, rest, whole: true }
  }
  return { passed, terminal: null, error: null, rest: watcher.rest().toString('latin1'), whole: watcher.whole() }
}

const streams = fixturesOf('openai-responses').filter(({ contentType }) => contentType === 'text/event-stream')

test('no byte of a stream is lost, added or moved, wherever it is cut', () => {
  for (const { bytes } of streams) {
    const { passed, terminal, rest } = watch(everyByte(bytes))
    expect(passed + (terminal ?? '') + rest).toBe(bytes.toString('latin1'))
  }
  fc.assert(
    fc.property(streamText, (text) => {
      const { passed, terminal, rest } = watch(everyByte(Buffer.from(text)))
      expect(passed + (terminal ?? '') + rest).toBe(Buffer.from(text).toString('latin1'))
    }),
  )
})

test('how a stream ends is what its reading says', () => {
  for (const { name, bytes, reading } of streams) {
    for (const { error, whole } of [watch([bytes]), watch(everyByte(bytes))]) {
      const { complete, error: read } = reading as { complete?: boolean; error?: object | null }
      if (complete !== undefined) expect(whole && error === null, name).toBe(complete)
      if (read !== undefined) expect(error, name).toEqual(read)
    }
  }
})

test('the end is known by the type in the data, by the name of the event, and by the end of another API', () => {
  for (const event of [
    'data: {"response":{},"type" : "response.completed"}\n\n',
    'event: response.incomplete\ndata: {"response":{}}\n\n',
    'data: {"type":\ndata: "response.cancelled"}\n\n',
    'data: [DONE]\n\n',
  ]) {
    const { passed, terminal, error } = watch([
      Buffer.from('event: response.created\ndata: {"error":null}\n\n'),
      Buffer.from(event),
    ])
    expect([terminal, error], event).toEqual([event, null])
    expect(passed).not.toContain(event)
  }
})

test('an error of our own raises in every client, and Codex asks again only if that may help', () => {
  const codes = (['upstream_failed', 'forbidden'] as const).map((reason) => {
    const bytes = errorEvents({ reason, message: 'Say "this".' })
    expect(watch([bytes]).error?.message).toBe('Say "this".')
    expect(readPieces(openaiResponsesReader, [bytes]).error?.message).toBe('Say "this".')
    const [error, failed] = sseSplitter()(bytes).map(({ data }) => JSON.parse(data))
    expect(error).toMatchObject({ type: 'error', message: 'Say "this".', error: { message: 'Say "this".' } })
    expect(failed).toMatchObject({ type: 'response.failed', response: { status: 'failed' } })
    return failed.response.error.code
  })
  expect(codes).toEqual(['server_error', 'invalid_prompt'])
})
