import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkFrame } from '../../../../test/support/bedrock-frames.ts'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte, readPieces } from '../../testing/read-answer.ts'
import { anthropicReader } from '../anthropic-messages/reader.ts'
import { sseSplitter } from '../sse.ts'
import { bedrock } from './bedrock.ts'
import { errorFrame, readError } from './errors.ts'
import { asEvents } from './events.ts'
import { readFrame, writeFrame } from './frames.ts'
import { watchTerminal } from './terminal.ts'

const eventBytesMax = 1024 * 1024
const stop = chunkFrame('{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}')
const delta = chunkFrame('{"type":"content_block_delta","delta":{"text":"message_stop","type":"text_delta"}}')

function watch(pieces: readonly Buffer[]) {
  const watcher = watchTerminal(eventBytesMax)
  const passed: Buffer[] = []
  for (const piece of pieces) {
    const { events, terminal, error, tooLong } = watcher.push(piece)
    if (events !== null) passed.push(events)
    if (terminal !== null || tooLong) return { passed: Buffer.concat(passed), terminal, error, tooLong }
  }
  return { passed: Buffer.concat(passed), terminal: null, error: null, tooLong: false, rest: watcher.rest() }
}

const inFrames = (stream: Buffer): readonly Buffer[] => sseSplitter()(stream).map(({ data }) => chunkFrame(data))

test('a frame that Amazon’s clients write is read: lengths, checksums, headers and payload', () => {
  // One of the published test vectors of the format.
  const example = Buffer.from(
    '0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1',
    'hex',
  )
  const frame = readFrame(example)
  expect(frame?.headers.get('content-type')).toBe('application/json')
  expect(frame?.payload.toString()).toBe("{'foo':'bar'}")
  expect(writeFrame({ 'content-type': 'application/json' }, Buffer.from("{'foo':'bar'}"))).toEqual(example)
})

test('the frame that ends the answer is held back whole, wherever the stream is cut', () => {
  for (const pieces of [
    [delta, delta, stop],
    [Buffer.concat([delta, delta, stop])],
    everyByte(Buffer.concat([delta, delta, stop])),
  ]) {
    const { passed, terminal, error } = watch(pieces)
    expect(passed).toEqual(Buffer.concat([delta, delta]))
    expect(terminal).toEqual(stop)
    expect(error).toBeNull()
  }
})

test('a model of another maker ends with the metrics of the invocation', () => {
  const last = chunkFrame('{"metadata":{},"amazon-bedrock-invocationMetrics":{}}')
  expect(watch([delta, last]).terminal).toEqual(last)
})

test('an exception in the stream ends it with what it says', () => {
  const exception = writeFrame(
    { ':exception-type': 'throttlingException', ':content-type': 'application/json', ':message-type': 'exception' },
    Buffer.from('{"message":"Too many tokens"}'),
  )
  expect(watch([delta, exception])).toMatchObject({
    terminal: exception,
    error: { type: 'throttlingException', message: 'Too many tokens' },
  })
  const error = writeFrame({ ':message-type': 'error', ':error-code': 'X', ':error-message': 'no' }, Buffer.alloc(0))
  expect(watch([error]).error).toEqual({ type: 'X', message: 'no' })
})

test('a frame whose bytes were changed ends the answer as an error, and what came before it counts', () => {
  for (let at = 0; at < delta.length; at++) {
    const broken = Buffer.from(delta)
    broken[at]! ^= 1
    const { passed, error } = watch([Buffer.concat([delta, broken, stop])])
    expect(passed).toEqual(delta)
    expect(error?.type).toBe('broken_frame')
  }
})

test('a frame that says to be larger than any event may be is given up before it has come', () => {
  const head = writeFrame({ ':message-type': 'event' }, Buffer.alloc(2 * eventBytesMax)).subarray(0, 12)
  expect(watch([delta, head])).toMatchObject({ passed: delta, tooLong: true })
})

test('what is recorded of a stream reads as the same stream of the Messages API', () => {
  for (const { name, status, contentType, bytes } of fixturesOf('anthropic-messages')) {
    if (status !== 200 || contentType !== 'text/event-stream') continue
    const recorded = asEvents(Buffer.concat(inFrames(bytes)))
    expect(readPieces(anthropicReader, [recorded]), name).toEqual(readPieces(anthropicReader, [bytes]))
  }
})

test('an exception is on record as an error of the answer', () => {
  const { error, complete } = readPieces(anthropicReader, [
    asEvents(Buffer.concat([delta, errorFrame({ reason: 'limited', message: 'slow down' })])),
  ])
  expect([complete, error]).toEqual([false, { type: 'throttlingException', message: 'slow down' }])
})

test('nothing throws and no byte is lost, whatever comes', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(delta, stop, delta.subarray(0, 30)),
    fc.jsonValue().map((value) => writeFrame({ ':message-type': 'event' }, Buffer.from(JSON.stringify(value)))),
    fc.jsonValue().map((value) => chunkFrame(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => writeFrame({ ':message-type': 'exception' }, Buffer.from(bytes))),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const bytes = Buffer.concat(parts)
      const { passed, terminal, rest } = watch([bytes])
      expect(Buffer.concat([passed, terminal ?? rest ?? Buffer.alloc(0)])).toEqual(bytes)
      readPieces(anthropicReader, [asEvents(bytes)])
      readError(bytes)
    }),
  )
})

test('headers that end elsewhere than they say make a frame a broken one', () => {
  const frame = writeFrame({ name: 'value' }, Buffer.from('x'))
  const withHeaders = (headers: Uint8Array) => {
    const changed = Buffer.from(frame)
    changed.set(headers, 12)
    changed.writeUInt32BE(crc32(changed.subarray(0, -4)), changed.length - 4)
    return readFrame(changed)
  }
  expect(frame.readUInt32BE(4)).toBe(13)
  expect(withHeaders(frame.subarray(12, 25))?.headers.get('name')).toBe('value')
  expect(withHeaders(Buffer.from([4, 1, 1, 1, 1, 7, 0, 200]))).toBeNull()
  expect(withHeaders(Buffer.from([4, 1, 1, 1, 1, 99]))).toBeNull()
  expect(withHeaders(Buffer.from([200]))).toBeNull()
  fc.assert(fc.property(fc.uint8Array({ minLength: 13, maxLength: 13 }), (headers) => void withHeaders(headers)))
})

test('an error has its sentence in the body, in whichever spelling', () => {
  expect(readError(Buffer.from('{"message":"no"}')).message).toBe('no')
  expect(readError(Buffer.from('{"Message":"no"}')).message).toBe('no')
  expect(readError(Buffer.from('{"__type":"com.amazon#AccessDeniedException","message":"no"}')).type).toBe(
    'AccessDeniedException',
  )
  expect(readError(Buffer.from('<html>'))).toEqual({ type: 'unknown', message: '<html>' })
  const { status, headers } = bedrock.refusal({ reason: 'forbidden', message: 'no' }, 'req_1')
  expect(status).toBe(403)
  expect(headers).toEqual(expect.arrayContaining(['x-amzn-errortype', 'AccessDeniedException', 'x-amzn-requestid']))
})
