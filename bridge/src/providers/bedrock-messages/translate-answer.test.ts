import type { IncomingHttpHeaders } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chunkFrame } from '../../../../test/support/bedrock-frames.ts'
import { defaultLimits } from '../../limits.ts'
import { fixturesOf } from '../../testing/fixtures.ts'
import { everyByte } from '../../testing/read-answer.ts'
import { writeFrame } from '../../wire/bedrock/frames.ts'
import { objectOf, parseJson, stringOf } from '../../wire/json.ts'
import { sseSplitter } from '../../wire/sse.ts'
import { countedAnswer, messagesAnswer } from './translate-answer.ts'

const frames = { 'content-type': 'application/vnd.amazon.eventstream', 'transfer-encoding': 'chunked' }
const json = { 'content-type': 'application/json', 'content-length': '1', 'x-amzn-requestid': 'aws-1' }
// SAFETY: the translation only hands it on.
const controller = {} as Parameters<ReturnType<typeof messagesAnswer>['onRequestStart']>[0]

/** What the relay gets of an answer that comes in these pieces. */
function given(
  pieces: readonly Buffer[],
  {
    status = 200,
    headers = frames,
    by = messagesAnswer,
  }: { status?: number; headers?: IncomingHttpHeaders; by?: typeof messagesAnswer } = {},
) {
  const got = { status: 0, headers: {} as IncomingHttpHeaders, body: Buffer.alloc(0), pieces: 0, ended: false }
  const taker = by(
    {
      onRequestStart() {},
      onResponseStart: (_, code, named) => void Object.assign(got, { status: code, headers: named }),
      onResponseData(_, chunk) {
        got.body = Buffer.concat([got.body, chunk])
        got.pieces++
      },
      onResponseEnd: () => void (got.ended = true),
      onResponseError() {},
    },
    defaultLimits,
  )
  taker.onResponseStart(controller, status, headers)
  for (const piece of pieces) taker.onResponseData(controller, piece)
  taker.onResponseEnd(controller, {})
  return { ...got, text: got.body.toString() }
}

const typeOf = (data: string) => stringOf(objectOf(parseJson(data))['type']) ?? ''
const streams = fixturesOf('anthropic-messages').filter(
  ({ contentType, bytes }) =>
    contentType === 'text/event-stream' && sseSplitter()(bytes).every(({ data }) => typeOf(data) !== ''),
)
const metrics = '"amazon-bedrock-invocationMetrics":{"inputTokenCount":3}'
const withMetrics = (data: string) =>
  data.startsWith('{"type":"message_stop"') ? `{"type":"message_stop",${metrics}}` : data
const framed = (stream: Buffer) => sseSplitter()(stream).map(({ data }) => chunkFrame(withMetrics(data)))
const exception = (type: string, message: string) =>
  writeFrame({ ':exception-type': type, ':message-type': 'exception' }, Buffer.from(JSON.stringify({ message })))

test('the events of a stream are those that Anthropic would have sent, byte for byte, wherever it is cut', () => {
  expect(streams.length).toBeGreaterThan(3)
  for (const { name, bytes } of streams) {
    const events = sseSplitter()(bytes).map(({ data }) => ({ data, type: typeOf(data) }))
    const end = events.findIndex(({ type }) => type === 'message_stop')
    const whole = end === -1 ? events : events.slice(0, end + 1)
    const wanted = whole
      .map(({ data, type }) => `event: ${type}\ndata: ${data.replaceAll('\n', '\ndata: ')}\n\n`)
      .join('')
    const sent = Buffer.concat(framed(bytes))
    for (const pieces of [[sent], everyByte(sent), framed(bytes)]) {
      const { headers, text, ended } = given(pieces)
      expect(text, name).toBe(wanted)
      expect([headers['content-type'], ended]).toEqual(['text/event-stream; charset=utf-8', true])
    }
  }
})

test.each([
  ['throttlingException', 'rate_limit_error'],
  ['serviceUnavailableException', 'overloaded_error'],
  ['modelTimeoutException', 'timeout_error'],
  ['validationException', 'invalid_request_error'],
  ['modelStreamErrorException', 'api_error'],
])('an exception in a stream, %s, is an error event, and nothing comes behind it', (exceptionType, type) => {
  const [first] = framed(streams[0]!.bytes)
  const { text } = given([Buffer.concat([first!, exception(exceptionType, 'no "more"')]), first!])
  expect(text.split('\n\n')).toHaveLength(3)
  expect(text).toContain(
    `event: error\ndata: {"type":"error","error":{"type":"${type}","message":"no \\"more\\""}}\n\n`,
  )
})

test('a frame that was damaged, or says to be too long, ends the stream with an error', () => {
  const [first] = framed(streams[0]!.bytes)
  for (let at = 0; at < first!.length; at += 7) {
    const broken = Buffer.from(first!)
    broken[at]! ^= 0x40
    const { text } = given([Buffer.concat([first!, broken, first!])])
    expect(text.match(/event: message_start/g), String(at)).toHaveLength(1)
    if (at >= 12) expect(text).toContain('"message":"The provider sent a frame whose lengths or checksums are wrong."')
    expect(text).toContain('event: error')
  }
  const head = writeFrame({}, Buffer.alloc(2 * defaultLimits.eventBytes)).subarray(0, 12)
  expect(given([head, first!]).text).toMatch(/^event: error\ndata: .*larger than any may be/)
})

test('a frame that is cut off is no event', () => {
  const [first, second] = framed(streams[0]!.bytes)
  const { text } = given([first!, second!.subarray(0, -1)])
  expect(text.split('\n\n')).toHaveLength(2)
})

test.each([
  [400, 400, 'invalid_request_error'],
  [403, 403, 'permission_error'],
  [404, 404, 'not_found_error'],
  [408, 408, 'timeout_error'],
  [424, 500, 'api_error'],
  [429, 429, 'rate_limit_error'],
  [500, 500, 'api_error'],
  [503, 503, 'overloaded_error'],
])('an error with the status %i is Anthropic’s with %i, %s', (status, shown, type) => {
  const body = Buffer.from('{"message":"prompt is too long"}')
  const { headers, text, ...got } = given(everyByte(body), { status, headers: json })
  expect([got.status, got.pieces]).toEqual([shown, 1])
  const error = { type, message: 'prompt is too long' }
  expect(JSON.parse(text)).toEqual({ type: 'error', error, request_id: 'aws-1' })
  expect(headers).toEqual({ 'content-type': 'application/json', 'x-amzn-requestid': 'aws-1', 'request-id': 'aws-1' })
})

test('an error in Anthropic’s shape stays as it is, and one in no shape at all is told', () => {
  const own = '{"type":"error","error":{"type":"overloaded_error","message":"later"}}'
  expect(given([Buffer.from(own)], { status: 529, headers: json }).text).toBe(own)
  const html = given([Buffer.from('<html>no</html>')], { status: 502, headers: { 'content-type': 'text/html' } })
  expect(JSON.parse(html.text)).toEqual({ type: 'error', error: { type: 'api_error', message: '<html>no</html>' } })
})

test('an answer in one piece stays as it is, its length too', () => {
  const body = Buffer.from('{"type":"message","content":[]}')
  const { text, headers } = given([body.subarray(0, 9), body.subarray(9)], { headers: json })
  expect([text, headers['content-length'], headers['request-id']]).toEqual([body.toString(), '1', 'aws-1'])
})

test('a count of tokens has the name that Anthropic gives it', () => {
  const counted = (text: string) => given(everyByte(Buffer.from(text)), { headers: json, by: countedAnswer }).text
  expect(counted('{"inputTokens":42}')).toBe('{"input_tokens":42}')
  expect(counted('{"other":1}')).toBe('{"other":1}')
})

test('nothing throws, whatever comes', () => {
  const [first] = framed(streams[0]!.bytes)
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(first!, first!.subarray(0, 20)),
    fc.jsonValue().map((value) => chunkFrame(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => writeFrame({ ':message-type': 'exception' }, Buffer.from(bytes))),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.constantFrom(200, 400, 503), (parts, status) => {
      expect(given(parts, { status }).ended).toBe(true)
    }),
  )
})
