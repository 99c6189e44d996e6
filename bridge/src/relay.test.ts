import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryRecorder } from './testing/memory-recorder.ts'
import {
  chunkedStream,
  chunkOf,
  listening,
  messagesRequest,
  parseAnswer,
  rawRequest,
  smallBody,
  startRawUpstream,
} from './testing/raw-http.ts'
import { providerKey, startBridge } from './testing/start-bridge.ts'
import { streamText } from './testing/stream-text.ts'

const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const stop = event('message_stop')
const stream = [
  event('message_start', { message: { usage: { input_tokens: 3, output_tokens: 1 } } }),
  event('ping'),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hello' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
  stop,
]

const whole = (body: string, head = '') =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${head}\r\n${body}`

/** One request against an upstream that answers with these bytes. */
async function relayed(
  bytes: string | Buffer,
  { after = 'stay', limits = {} }: { after?: 'stay' | 'fin' | 'reset'; limits?: object } = {},
) {
  await using upstream = await startRawUpstream((socket) => {
    socket.write(bytes, () => {
      if (after === 'fin') socket.end()
      else if (after === 'reset') setImmediate(() => socket.resetAndDestroy())
    })
  })
  await using reeve = await startBridge(upstream.url, { limits })
  const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records).toHaveLength(1)
  expect(reeve.recorder.violations).toEqual([])
  return { answer, record: reeve.recorder.records[0]! }
}

test('generated streams reach the client byte for byte, in packets of any size', async () => {
  let sent: readonly Buffer[] = []
  await using upstream = await startRawUpstream((socket) => {
    const [first, ...rest] = sent
    socket.write(first!)
    const next = (): void => {
      const piece = rest.shift()
      if (piece !== undefined) socket.write(piece, () => setImmediate(next))
    }
    next()
  })
  await using reeve = await startBridge(upstream.url)
  await fc.assert(
    fc.asyncProperty(streamText, fc.array(fc.nat(400), { maxLength: 12 }), async (text, cuts) => {
      const bytes = Buffer.from(`${text}\n\n${stop}`)
      const answer = Buffer.concat([
        Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'),
        ...[...new Set([0, ...cuts.filter((cut) => cut < bytes.length)])]
          .sort((a, b) => a - b)
          .map((from, i, at) => chunkOf(bytes.subarray(from, at[i + 1] ?? bytes.length))),
        Buffer.from('0\r\n\r\n'),
      ])
      const at = [...new Set([0, ...cuts.filter((cut) => cut < answer.length)])].sort((a, b) => a - b)
      sent = at.map((from, i) => answer.subarray(from, at[i + 1] ?? answer.length))
      const got = await rawRequest(reeve.port, messagesRequest(smallBody))
      expect(got.body).toBe(bytes.toString('latin1'))
      const record = reeve.recorder.records.at(-1)!
      expect(Buffer.concat([record.answer, record.trailer]).toString('latin1')).toBe(bytes.toString('latin1'))
    }),
    { numRuns: 150 },
  )
  expect(reeve.recorder.violations).toEqual([])
})

test('the event that completes the answer waits until the end of the record is durable', async () => {
  const recorder = memoryRecorder()
  let endAsked: () => void = () => {}
  const asked = new Promise<void>((resolve) => (endAsked = resolve))
  let durable: () => void = () => {}
  recorder.before = (step) => {
    if (step !== 'end') return
    endAsked()
    return new Promise<void>((resolve) => (durable = resolve))
  }
  await using upstream = await startRawUpstream((socket) => socket.write(chunkedStream(stream)))
  await using reeve = await startBridge(upstream.url, { recorder })
  const socket = connect(reeve.port, '127.0.0.1')
  let got = ''
  socket.on('data', (chunk) => (got += chunk.toString()))
  socket.write(messagesRequest(smallBody))
  await asked
  // A round trip through the same listener: whatever was released before would have arrived.
  await rawRequest(reeve.port, 'GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(parseAnswer(got).body).toBe(stream.slice(0, -1).join(''))
  durable()
  while (!parseAnswer(got).complete) await once(socket, 'data')
  expect(parseAnswer(got).body).toBe(stream.join(''))
  socket.destroy()
})

test('when the end cannot be recorded the connection is cut without the rest', async () => {
  for (const bytes of [chunkedStream(stream), Buffer.from(whole('{"id":"msg_1"}'))]) {
    const recorder = memoryRecorder()
    recorder.before = (step) => {
      if (step === 'end') throw new Error('disk full')
    }
    await using upstream = await startRawUpstream((socket) => socket.write(bytes))
    await using reeve = await startBridge(upstream.url, { recorder })
    const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
    expect(answer.complete).toBe(false)
    expect(answer.body).not.toContain('message_stop')
    expect(answer.body).not.toContain('msg_1')
    expect(reeve.events).toContainEqual({ kind: 'unrecorded', providerName: 'anthropic', step: 'end' })
  }
})

test('nothing is sent to the provider when the start cannot be recorded', async () => {
  const recorder = memoryRecorder()
  recorder.before = (step) => {
    if (step === 'begin') throw new Error('disk full')
  }
  await using upstream = await startRawUpstream((socket) => socket.write(chunkedStream(stream)))
  await using reeve = await startBridge(upstream.url, { recorder })
  const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
  expect(answer.head).toMatch(/^HTTP\/1\.1 503 /)
  expect(answer.head).toMatch(/retry-after: 5/)
  expect(answer.head).not.toMatch(/x-should-retry/)
  expect(JSON.parse(answer.body)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
  expect(upstream.received).toEqual([])
})

test('a provider that stops in the middle of a piece behind the terminal event keeps nobody busy', async () => {
  let goOn = (): void => {}
  await using upstream = await startRawUpstream((socket) => {
    socket.write(Buffer.concat([chunkedStream(stream, { end: false }), Buffer.from('9\r\n: be')]))
    goOn = () => void socket.write('hind\n\r\n0\r\n\r\n')
  })
  await using reeve = await startBridge(upstream.url)
  const answered = rawRequest(reeve.port, messagesRequest(smallBody))
  await reeve.recorder.ended(1)
  // Timers run, so nothing turns in circles; only then the rest comes.
  await new Promise((resolve) => setTimeout(resolve, 50))
  goOn()
  expect((await answered).body).toBe(`${stream.join('')}: behind\n`)
  expect(reeve.recorder.records[0]?.trailer.toString()).toBe(': behind\n')
})

test('bytes behind the terminal event are recorded before they are passed on', async () => {
  await using upstream = await startRawUpstream((socket) => {
    const bytes = chunkedStream([...stream, ': trailing comment\n\n'])
    const cut = bytes.indexOf(': trailing') - 4
    socket.write(bytes.subarray(0, cut), () => setTimeout(() => socket.write(bytes.subarray(cut)), 20))
  })
  await using reeve = await startBridge(upstream.url)
  const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
  expect(answer.body.endsWith(': trailing comment\n\n')).toBe(true)
  const [record] = reeve.recorder.records
  expect(record?.answer.toString()).toBe(stream.join(''))
  expect(record?.trailer.toString()).toBe(': trailing comment\n\n')
})

test('a stream that stops without its terminal event is not taken for an answer', async () => {
  for (const after of ['fin', 'reset'] as const) {
    const bytes = chunkedStream([...stream.slice(0, 4), 'event: content_block_st'], { end: after === 'fin' })
    const { answer, record } = await relayed(bytes, { after })
    expect(answer.complete).toBe(true)
    expect(answer.body.startsWith(stream.slice(0, 4).join(''))).toBe(true)
    expect(answer.body.slice(stream.slice(0, 4).join('').length)).toMatch(
      /^event: error\ndata: \{"type":"error","error":\{"type":"api_error"/,
    )
    expect(record.end).toMatchObject({ outcome: 'upstream_aborted', statusCode: 200 })
    expect(record.answer.toString()).toBe([...stream.slice(0, 4), 'event: content_block_st'].join(''))
  }
})

test('half an answer in one piece is never taken for all of it', async () => {
  const short = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"id":"msg_1",'
  const few = await relayed(short, { after: 'fin' })
  // Nothing had been passed on, so the client can still be told.
  expect(few.answer.head).toMatch(/^HTTP\/1\.1 502 /)
  expect(few.record.end).toMatchObject({ outcome: 'upstream_aborted', statusCode: 502 })
  expect(few.record.answer.toString()).toBe('{"id":"msg_1",')

  const many = await relayed(`${short.replace('500', '500000')}${'x'.repeat(200_000)}`, { after: 'fin' })
  expect(many.answer.complete).toBe(false)
  expect(many.record.end).toMatchObject({ outcome: 'upstream_aborted', statusCode: 200 })

  const endless = await relayed('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id":', { after: 'fin' })
  expect(endless.answer.head).toMatch(/^HTTP\/1\.1 502 /)
})

test('an answer whose length only the end of the connection tells is passed on when it is JSON to the end', async () => {
  const { answer, record } = await relayed('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id":"msg_1"}', {
    after: 'fin',
  })
  expect(answer.body).toBe('{"id":"msg_1"}')
  expect(record.end?.outcome).toBe('ok')
})

test('an answer with a length keeps it, and one that is longer than it says ends where it said', async () => {
  const exact = await relayed(whole('{"a":1}'))
  expect(exact.answer.head).toMatch(/content-length: 7/)
  const longer = await relayed(whole('{"a":1}') + 'and more')
  expect(longer.answer.body).toBe('{"a":1}')
  expect(longer.record.answer.toString()).toBe('{"a":1}')
})

test('an empty answer is complete only when its record is', async () => {
  const { answer, record } = await relayed('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  expect(answer.head).toMatch(/^HTTP\/1\.1 200 /)
  expect(record.end?.outcome).toBe('ok')
})

test('redirects are not followed', async () => {
  await using elsewhere = await startRawUpstream(() => {})
  for (const status of [301, 302, 303, 307, 308]) {
    const { answer, record } = await relayed(
      `HTTP/1.1 ${status} Moved\r\nLocation: ${elsewhere.url}/v1/messages\r\nContent-Length: 0\r\n\r\n`,
    )
    expect(answer.head).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer.head).not.toMatch(/location/i)
    expect(record.end).toMatchObject({ outcome: 'upstream_error', errorType: 'redirect', statusCode: 502 })
  }
  expect(elsewhere.received).toEqual([])
})

test('errors of the provider pass byte for byte, with their headers, and are understood', async () => {
  const body = '{"type":"error",  "error":{"type":"rate_limit_error","message":"slow down"}}'
  const head = 'retry-after: 17\r\nrequest-id: req_9\r\nanthropic-ratelimit-tokens-remaining: 0\r\n'
  const { answer, record } = await relayed(
    `HTTP/1.1 429 Too Many\r\nContent-Type: application/json\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  expect(answer.body).toBe(body)
  expect(answer.head).toMatch(/^HTTP\/1\.1 429 /)
  for (const line of head.trim().split('\r\n')) expect(answer.head).toContain(line)
  expect(record.end).toMatchObject({
    outcome: 'upstream_error',
    statusCode: 429,
    errorType: 'rate_limit_error',
    errorMessage: 'slow down',
    providerRequestId: 'req_9',
  })
  const html = await relayed('HTTP/1.1 503 Down\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<b>no</b>')
  expect(html.answer.body).toBe('<b>no</b>')
  expect(html.record.end).toMatchObject({ outcome: 'upstream_error', errorType: 'unknown' })
})

test('the provider’s key is masked wherever the provider repeats it', async () => {
  const body = `{"type":"error","error":{"type":"authentication_error","message":"bad key ${providerKey}"}}`
  const { answer, record } = await relayed(
    `HTTP/1.1 401 No\r\nContent-Type: application/json\r\nx-echo: ${providerKey}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  expect(answer.raw).not.toContain(providerKey)
  expect(answer.body).toBe(body.replace(providerKey, '*'.repeat(providerKey.length)))
  expect(record.answer.toString()).not.toContain(providerKey)
  expect(JSON.stringify(record.end)).not.toContain(providerKey)

  const said = { error: { type: 'authentication_error', message: providerKey } }
  const streamed = await relayed(chunkedStream([stream[0]!, event('ping', said), event('error', said)]))
  expect(streamed.answer.raw).not.toContain(providerKey)
  expect(JSON.stringify(streamed.record)).not.toContain(providerKey)
})

test('an error inside the stream is passed on and recorded as the provider’s', async () => {
  const error = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })
  const { answer, record } = await relayed(chunkedStream([...stream.slice(0, 3), error]))
  expect(answer.body).toBe(stream.slice(0, 3).join('') + error)
  expect(record.end).toMatchObject({ outcome: 'upstream_error', errorType: 'overloaded_error', statusCode: 200 })
})

test('a provider that says nothing is given up, before and in the middle of an answer', async () => {
  const silent = await relayed('', { limits: { firstByteMs: 60 } })
  expect(silent.answer.head).toMatch(/^HTTP\/1\.1 504 /)
  expect(silent.record.end).toMatchObject({ outcome: 'timeout', statusCode: 504 })
  const stalled = await relayed(chunkedStream(stream.slice(0, 3), { end: false }), { limits: { idleMs: 60 } })
  expect(stalled.answer.body).toMatch(/event: error\n.*timeout_error/)
  expect(stalled.answer.complete).toBe(true)
  expect(stalled.record.end).toMatchObject({ outcome: 'timeout', statusCode: 200 })
})

test('a provider that never ends its stream after the end of the answer does not keep the client waiting', async () => {
  const { answer, record } = await relayed(chunkedStream(stream, { end: false }), { limits: { afterEndMs: 40 } })
  expect(answer.body).toBe(stream.join(''))
  expect(answer.complete).toBe(true)
  expect(record.end?.outcome).toBe('ok')
})

test('an event past the bound cuts the stream with an error that the client can read', async () => {
  const { answer, record } = await relayed(
    chunkedStream([stream[0]!, `data: ${'x'.repeat(300_000)}`], { end: false }),
    {
      limits: { eventBytes: 100_000 },
    },
  )
  expect(answer.body.startsWith(`${stream[0]}event: error\n`)).toBe(true)
  expect(record.end).toMatchObject({ outcome: 'upstream_error', errorType: 'event_too_large' })
})

test('an error answer past the bound is answered with one of our own', async () => {
  const body = 'x'.repeat(10_000)
  const { answer, record } = await relayed(`HTTP/1.1 500 X\r\nContent-Length: ${body.length}\r\n\r\n${body}`, {
    limits: { errorBytes: 5_000 },
  })
  expect(answer.head).toMatch(/^HTTP\/1\.1 502 /)
  expect(record.end?.errorType).toBe('error_too_large')
})

test('compressed answers pass as they came, although none was asked for', async () => {
  const body = gzipSync(stream.join(''))
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`
  const { answer, record } = await relayed(Buffer.concat([Buffer.from(head), body]))
  expect(Buffer.from(answer.body, 'latin1')).toEqual(body)
  expect(answer.head).toMatch(/content-encoding: gzip/i)
  expect(record.answer).toEqual(body)
  expect(record.end).toMatchObject({ outcome: 'ok', contentType: null })
})

test('early hints are not passed on', async () => {
  const { answer } = await relayed(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${whole('{}')}`)
  expect(answer.raw.startsWith('HTTP/1.1 200')).toBe(true)
})

test('a large body arrives as it was sent, with its length', async () => {
  const body = JSON.stringify({ model: 'm', system: 'é'.repeat(200_000), messages: [] })
  await using upstream = await startRawUpstream((socket) => socket.write(whole('{}')))
  await using reeve = await startBridge(upstream.url)
  for (let turn = 0; turn < 2; turn++) await rawRequest(reeve.port, messagesRequest(body))
  for (const request of upstream.received) {
    expect(request).toMatch(new RegExp(`\\r\\ncontent-length: ${Buffer.byteLength(body)}\\r\\n`))
    expect(Buffer.from(request.split('\r\n\r\n')[1]!, 'latin1').toString()).toBe(body)
  }
  expect(upstream.received).toHaveLength(2)
})

test('an answer that comes before the request was read counts', async () => {
  const body = '{"type":"error","error":{"type":"request_too_large","message":"too large"}}'
  const upstream = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.pause()
      socket.write(`HTTP/1.1 413 X\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
  })
  const port = await listening(upstream)
  await using reeve = await startBridge(`http://127.0.0.1:${port}`)
  const large = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(20_000_000) }] })
  const answer = await rawRequest(reeve.port, messagesRequest(large))
  expect(answer.body).toBe(body)
  await reeve.recorder.ended(1)
  expect(reeve.recorder.records[0]?.end).toMatchObject({ outcome: 'upstream_error', statusCode: 413 })
  upstream.close()
})

test('a provider that breaks HTTP or the connection is a 502 without its address', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const { answer, record } = await relayed(bytes, { after: 'fin' })
    expect(answer.head).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer.body).not.toContain('127.0.0.1')
    expect(record.end).toMatchObject({ outcome: 'upstream_aborted', statusCode: 502 })
  }
  const { answer } = await relayed('', { after: 'reset' })
  expect(answer.head).toMatch(/^HTTP\/1\.1 502 /)
})

test('a provider that cannot be reached is a 502, whose text holds no address', async () => {
  let url = ''
  {
    await using gone = await startRawUpstream(() => {})
    url = gone.url
  }
  await using reeve = await startBridge(url)
  for (const body of [smallBody, JSON.stringify({ system: 'x'.repeat(1_000_000) })]) {
    const answer = await rawRequest(reeve.port, messagesRequest(body))
    expect(answer.head).toMatch(/^HTTP\/1\.1 502 /)
    expect(answer.body).toContain('refused the connection')
    expect(answer.body).not.toContain('127.0.0.1')
  }
  expect(reeve.recorder.records[0]?.end).toMatchObject({
    outcome: 'upstream_aborted',
    errorType: 'upstream_unreachable',
  })
})
