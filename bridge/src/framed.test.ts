import { connect as connectTo } from 'node:net'
import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { oneKey } from './providers/provider.ts'
import { chunkFrame } from '../../test/support/bedrock-frames.ts'
import { chunkOf, clientToken, rawRequest, startRawUpstream } from './testing/raw-http.ts'
import { startBridge } from './testing/start-bridge.ts'
import { asEvents } from './wire/bedrock/events.ts'
import { wholeFrames } from './wire/bedrock/frames.ts'

const body = '{"anthropic_version":"bedrock-2023-05-31","messages":[]}'
const request = `POST /model/m-v1%3A0/invoke-with-response-stream HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\nx-amz-date: 1\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`
const start = chunkFrame('{"type":"message_start","message":{"id":"msg_1"}}')
const stop = chunkFrame('{"type":"message_stop"}')
const answerOf = (pieces: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from(
      'HTTP/1.1 200 X\r\ncontent-type: application/vnd.amazon.eventstream\r\nx-amzn-requestid: aws-1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n',
    ),
    ...pieces.map(chunkOf),
    Buffer.from('0\r\n\r\n'),
  ])

test('frames reach the client as they came, wherever they are cut, and are on record as events', async () => {
  const bytes = Buffer.concat([start, stop])
  for (const pieces of [[bytes], [...bytes].map((byte) => Buffer.from([byte]))]) {
    await using upstream = await startRawUpstream((socket) => socket.end(answerOf(pieces)))
    await using reeve = await startBridge(upstream.url, { provider: 'bedrock' })
    const got = await rawRequest(reeve.port, request)
    await reeve.recorder.ended(1)
    expect(reeve.recorder.violations).toEqual([])
    expect(Buffer.from(got.body, 'latin1')).toEqual(bytes)
    const record = reeve.recorder.records[0]!
    expect(record.answer).toEqual(asEvents(bytes))
    expect(record.start).toMatchObject({ provider: 'bedrock', route: 'messages', model: 'm-v1:0', streaming: true })
    expect(record.end).toMatchObject({
      outcome: 'ok',
      contentType: 'text/event-stream',
      providerRequestId: 'aws-1',
    })
  }
})

test('a stream that breaks off is ended by an exception in a frame, and is on record as broken off', async () => {
  await using upstream = await startRawUpstream((socket) => socket.end(answerOf([start, stop.subarray(0, 20)])))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock' })
  const got = await rawRequest(reeve.port, request)
  await reeve.recorder.ended(1)
  const frames = [...wholeFrames(Buffer.from(got.body, 'latin1'))].map(({ frame }) => frame)
  expect(frames.map((frame) => frame?.headers.get(':message-type'))).toEqual(['event', 'exception'])
  expect(reeve.recorder.records[0]!.end?.outcome).toBe('upstream_aborted')
})

test('what a provider repeats of a key in several parts is masked, whichever part it is', async () => {
  const said = '{"message":"a-key-of-parts signed with s3cret-of-the-key"}'
  await using upstream = await startRawUpstream((socket) =>
    socket.end(
      `HTTP/1.1 403 X\r\ncontent-type: application/json\r\ncontent-length: ${said.length}\r\nconnection: close\r\n\r\n${said}`,
    ),
  )
  const keys = oneKey(new Secret('a-key-of-parts:s3cret-of-the-key'))
  await using reeve = await startBridge(upstream.url, { provider: 'bedrock', keys })
  const got = await rawRequest(reeve.port, request)
  expect(got.body).not.toMatch(/a-key|s3cret/)
})

test('with an access key each attempt is signed, and what the client signed with goes nowhere', async () => {
  await using upstream = await startRawUpstream((socket) => socket.end(answerOf([start, stop])))
  const port = Number(new URL(upstream.url).port)
  await using reeve = await startBridge('http://bedrock-runtime.us-east-1.amazonaws.com', {
    provider: 'bedrock',
    keys: oneKey(new Secret('AKIAABCDEFGHIJKL:s3cret-of-the-key')),
    connect: (_options, done) => {
      const socket = connectTo(port, '127.0.0.1').once('connect', () => done(null, socket))
    },
  })
  await rawRequest(reeve.port, request)
  const head = upstream.received[0]!
  expect(head).toMatch(/^POST \/model\/m-v1%3A0\/invoke-with-response-stream /)
  expect(head).toMatch(/^host: bedrock-runtime.us-east-1.amazonaws.com\r$/im)
  expect(head).toMatch(/^authorization: AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKL\/\d{8}\/us-east-1\/bedrock\//im)
  expect(head.match(/^x-amz-date: /gim)).toHaveLength(1)
  expect(head).not.toContain(clientToken)
  expect(head).not.toContain('s3cret')
})
