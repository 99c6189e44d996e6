import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  chunkedStream,
  chunkOf,
  messagesRequest,
  parseAnswer,
  rawRequest,
  smallBody,
  startRawUpstream,
} from './testing/raw-http.ts'
import { startBridge } from './testing/start-bridge.ts'

const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const stream = [
  event('message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hello' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
  event('message_stop'),
]

/** Reads until the body holds this many bytes. Listens throughout: two packets may come in one turn. */
function readUntil(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let raw = ''
    socket.on('data', function take(chunk: Buffer) {
      raw += chunk.toString('latin1')
      if (parseAnswer(raw).body.length < bytes) return
      socket.off('data', take)
      resolve()
    })
  })
}

for (let index = 0; index < stream.length; index++) {
  test(`a client that leaves after ${index} events gives one end, with everything that the provider said after that`, async () => {
    let answering: Socket | null = null
    await using upstream = await startRawUpstream((socket) => {
      answering = socket
      socket.write(chunkedStream(stream.slice(0, index), { end: false }))
    })
    await using reeve = await startBridge(upstream.url)
    const client = connect(reeve.port, '127.0.0.1')
    client.write(messagesRequest(smallBody))
    if (index > 0) await readUntil(client, stream.slice(0, index).join('').length)
    else while (upstream.received.length === 0) await new Promise(setImmediate)
    client.destroy()
    await reeve.closed(1)
    const rest = Buffer.concat([...stream.slice(index).map(chunkOf), Buffer.from('0\r\n\r\n')])
    answering!.write(rest)
    await reeve.recorder.ended(1)
    const [record] = reeve.recorder.records
    expect(record?.end?.outcome).toBe('client_disconnected')
    expect(record?.answer.toString()).toBe(stream.join(''))
    expect(reeve.recorder.violations).toEqual([])
    expect(reeve.recorder.records).toHaveLength(1)
  })
}

test('a client that leaves a request in one piece still leaves a record with the true usage', async () => {
  const body = '{"usage":{"input_tokens":3,"output_tokens":9}}'
  let answering: Socket | null = null
  await using upstream = await startRawUpstream((socket) => (answering = socket))
  await using reeve = await startBridge(upstream.url)
  const client = connect(reeve.port, '127.0.0.1')
  client.write(messagesRequest(smallBody))
  while (upstream.received.length === 0) await new Promise(setImmediate)
  client.destroy()
  await reeve.closed(1)
  answering!.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records[0]).toMatchObject({ end: { outcome: 'client_disconnected', statusCode: null } })
  expect(reeve.recorder.records[0]?.answer.toString()).toBe(body)
})

test('a provider that goes on without a listener is hung up on after a while, or after a lot', async () => {
  for (const limits of [{ disconnectedMs: 50 }, { disconnectedBytes: 200_000 }]) {
    await using upstream = await startRawUpstream((socket) => {
      socket.write(chunkedStream([stream[0]!], { end: false }))
      const more = chunkOf(event('ping').repeat(1000))
      // A socket that has ended answers at once and is not destroyed yet: to go on writing would never let it be.
      const write = (): void => void (socket.writable && socket.write(more, write))
      write()
    })
    await using reeve = await startBridge(upstream.url, { limits })
    const client = connect(reeve.port, '127.0.0.1')
    client.write(messagesRequest(smallBody))
    await readUntil(client, stream[0]!.length)
    client.destroy()
    await reeve.recorder.ended(1)
    await upstream.closed(1)
    expect(reeve.recorder.records[0]?.end?.outcome).toBe('client_disconnected')
  }
})

test('a client that goes while its body is still coming is recorded, and nothing is sent to the provider', async () => {
  await using upstream = await startRawUpstream(() => {})
  await using reeve = await startBridge(upstream.url)
  const client = connect(reeve.port, '127.0.0.1')
  client.write(messagesRequest(smallBody).subarray(0, -10))
  await once(client, 'connect')
  while (reeve.bridge.inFlight === 0) await new Promise(setImmediate)
  client.destroy()
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records[0]?.end).toMatchObject({ outcome: 'client_disconnected', statusCode: null })
  expect(upstream.received).toEqual([])
})

test('a client that reads nothing stops the provider, and is given up in the end', async () => {
  const line = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x'.repeat(4000) } })
  let sent = 0
  await using upstream = await startRawUpstream((socket) => {
    socket.write(chunkedStream([stream[0]!], { end: false }))
    const more = chunkOf(line.repeat(16))
    const write = (): void => {
      if (socket.destroyed || sent > 500_000_000) return
      socket.write(more, (error) => {
        if (!error) sent += more.length
        write()
      })
    }
    write()
  })
  await using reeve = await startBridge(upstream.url, { limits: { idleMs: 300 } })
  const client = connect(reeve.port, '127.0.0.1')
  client.pause()
  client.write(messagesRequest(smallBody))
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records[0]?.end?.outcome).toBe('client_disconnected')
  // What the kernels on the way hold, and not what the provider would have sent.
  expect(sent).toBeLessThan(40_000_000)
  client.destroy()
})

test('a slow client gets every byte', async () => {
  const line = event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x'.repeat(4000) } })
  const lines = 4000
  await using upstream = await startRawUpstream((socket) =>
    socket.write(chunkedStream([line.repeat(lines), stream.at(-1)!])),
  )
  await using reeve = await startBridge(upstream.url)
  const client = connect(reeve.port, '127.0.0.1')
  client.write(messagesRequest(smallBody))
  const got: Buffer[] = []
  for await (const chunk of client) {
    // SAFETY: a socket without an encoding gives buffers.
    got.push(chunk as Buffer)
    if (got.length % 20 === 0) await new Promise(setImmediate)
    if (got.at(-1)!.toString('latin1').endsWith('0\r\n\r\n')) break
  }
  const { body } = parseAnswer(Buffer.concat(got).toString('latin1'))
  expect(body === line.repeat(lines) + stream.at(-1)!).toBe(true)
})

test('stopping waits for open answers and interrupts what is left, each with its end', async () => {
  await using upstream = await startRawUpstream((socket) =>
    socket.write(chunkedStream(stream.slice(0, 2), { end: false })),
  )
  await using reeve = await startBridge(upstream.url)
  const client = connect(reeve.port, '127.0.0.1')
  client.write(messagesRequest(smallBody))
  let raw = ''
  client.on('data', (chunk: Buffer) => (raw += chunk.toString('latin1')))
  while (!raw.includes('content_block_start')) await once(client, 'data')
  const stopped = reeve.bridge.close({ graceMs: 20 })
  const late = await rawRequest(reeve.port, messagesRequest(smallBody))
  expect(late.head).toMatch(/^HTTP\/1\.1 503 /)
  await stopped
  expect(reeve.bridge.inFlight).toBe(0)
  expect(reeve.recorder.records[0]?.end?.outcome).toBe('interrupted')
  while (!parseAnswer(raw).complete) await once(client, 'data')
  expect(raw).toMatch(/event: error\n/)
  client.destroy()
})
