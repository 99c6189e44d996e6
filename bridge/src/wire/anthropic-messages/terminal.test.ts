import fc from 'fast-check'
import { expect, test } from 'vitest'
import { streamText } from '../../testing/stream-text.ts'
import { objectOf, parseJson } from '../json.ts'
import { sseSplitter } from '../sse.ts'
import { watchTerminal } from './terminal.ts'

const eventBytesMax = 1024 * 1024
const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

function watch(pieces: readonly (Buffer | string)[]) {
  const watcher = watchTerminal(eventBytesMax)
  let passed = ''
  for (const [i, piece] of pieces.entries()) {
    const { events, terminal, error } = watcher.push(Buffer.from(piece))
    passed += events?.toString('latin1') ?? ''
    if (terminal !== null)
      return { passed, terminal: terminal.toString('latin1'), error, left: pieces.slice(i + 1).join('') }
  }
  return { passed, terminal: null, error: null, left: watcher.rest().toString('latin1') }
}

const everyByte = (text: string) => [...Buffer.from(text)].map((byte) => Buffer.from([byte]))

test('no byte is lost, added or moved, wherever the stream is cut', () => {
  fc.assert(
    fc.property(streamText, fc.array(fc.nat(300)), (text, cuts) => {
      const bytes = Buffer.from(text)
      const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length)])].sort((a, b) => a - b)
      const pieces = at.map((from, i) => bytes.subarray(from, at[i + 1] ?? bytes.length))
      const { passed, terminal, left } = watch(pieces)
      const rest =
        terminal === null
          ? left
          : Buffer.concat(pieces)
              .toString('latin1')
              .slice(passed.length + terminal.length)
      expect(passed + (terminal ?? '') + rest).toBe(bytes.toString('latin1'))
    }),
  )
})

test('what passes holds whole events and never the one that ends the answer', () => {
  fc.assert(
    fc.property(streamText, fc.constantFrom('\n', '\r', '\r\n'), (text, end) => {
      const ending = `event: message_stop${end}data: {"type":"message_stop"}${end}${end}`
      const { passed, terminal } = watch(everyByte(`${text}${end}${end}${ending}`))
      const types = sseSplitter()(Buffer.from(passed, 'latin1')).map(({ data }) => objectOf(parseJson(data))['type'])
      expect(types).not.toContain('message_stop')
      expect(terminal).not.toBeNull()
    }),
  )
})

test('the terminal event is known by its name or by its type', () => {
  for (const event of [
    stop,
    'event: message_stop\ndata: {}\n\n',
    'data: {"type":"message_stop"}\n\n',
    'data: {"x":1,"type" : "message_stop"}\n\n',
    'event: ping\nevent: message_stop\ndata: {}\n\n',
    'data: {"type":\ndata: "message_stop"}\n\n',
  ]) {
    const found = watch(['event: ping\ndata: {}\n\n', event])
    expect(found.terminal, event).not.toBeNull()
    expect(found.error).toBeNull()
    expect(found.passed).not.toContain('message_stop')
  }
})

test('a model that talks about message_stop or errors does not end its answer', () => {
  const said = (text: string) =>
    `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', delta: { type: 'text_delta', text } })}\n\n`
  const stream = ['message_stop', '{"type":"message_stop"}', '[DONE]', 'error', '\nevent: error\ndata: {}\n\n']
    .map(said)
    .join('')
  expect(watch([stream]).terminal).toBeNull()
  expect(watch(everyByte(stream)).terminal).toBeNull()
  expect(watch([stream]).passed).toBe(stream)
})

test('an error ends the answer and says which', () => {
  const event = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
  expect(watch([event]).error).toEqual({ type: 'overloaded_error', message: 'Overloaded' })
  expect(watch(['event: error\ndata: no json\n\n']).error).toEqual({ type: 'unknown', message: 'no json' })
  expect(watch(['data: {"type":"error"}\n\n']).error?.type).toBe('unknown')
})

test('what stands behind the terminal event is held back with it', () => {
  const { passed, terminal } = watch([`event: ping\ndata: {}\n\n${stop}: bye\n\nda`])
  expect(passed).toBe('event: ping\ndata: {}\n\n')
  expect(terminal).toBe(`${stop}: bye\n\nda`)
})

test('an event that grows without end is reported', () => {
  const watcher = watchTerminal(1000)
  expect(watcher.push(Buffer.from('data: x')).tooLong).toBe(false)
  expect(watcher.push(Buffer.alloc(1000, 'x')).tooLong).toBe(true)
})
