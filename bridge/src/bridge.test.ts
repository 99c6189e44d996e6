import { expect, test } from 'vitest'
import {
  chunkedStream,
  clientToken,
  messagesRequest,
  rawRequest,
  smallBody,
  startRawUpstream,
} from './testing/raw-http.ts'
import { providerKey, startBridge } from './testing/start-bridge.ts'

const events = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","model":"claude-test","usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
  'event: ping\ndata: {"type":"ping"}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
]

test('a stream passes through as it came, and its record ends before the last event is released', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(chunkedStream(events)))
  await using reeve = await startBridge(upstream.url)
  const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
  expect(answer.body).toBe(events.join(''))
  expect(answer.complete).toBe(true)
  expect(answer.head).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\nrequest-id: req_1\r\nx-reeve-interception-id: /,
  )
  await reeve.recorder.ended(1)
  const [record] = reeve.recorder.records
  expect(record?.answer.toString()).toBe(events.join(''))
  expect(record?.end).toMatchObject({ outcome: 'ok', statusCode: 200, providerRequestId: 'req_1' })
  expect(reeve.recorder.violations).toEqual([])
  expect(upstream.received[0]).toContain(`x-api-key: ${providerKey}`)
  expect(upstream.received[0]).not.toContain(clientToken)
  expect(upstream.received[0]).toMatch(/^POST \/v1\/messages\?beta=true HTTP\/1\.1/)
  expect(upstream.received[0]?.endsWith(smallBody)).toBe(true)
})
