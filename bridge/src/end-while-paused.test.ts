import { expect, test } from 'vitest'
import { messagesRequest, rawRequest, smallBody, startRawUpstream } from './testing/raw-http.ts'
import { startBridge } from './testing/start-bridge.ts'

test.each([['content-length'], ['the end of the connection']])(
  'a provider that closes its connection together with the last byte, whose length says %s, does not stop the server',
  async (length) => {
    const body = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    const head = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n`
    const said = length === 'content-length' ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : ''
    await using upstream = await startRawUpstream((socket) => socket.end(`${head}${said}\r\n${body}`))
    await using reeve = await startBridge(upstream.url)
    // The record takes as long as a disk may: until then the provider is paused.
    reeve.recorder.before = (step) => (step === 'end' ? new Promise((durable) => setTimeout(durable, 20)) : undefined)
    expect((await rawRequest(reeve.port, messagesRequest(smallBody))).body).toBe(body)
  },
)
