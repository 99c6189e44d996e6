import { connect } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { recordingLog } from '@reeve/base'
import {
  chunkedStream,
  clientToken,
  messagesRequest,
  parseAnswer,
  rawRequest,
  smallBody,
  startRawUpstream,
} from './testing/raw-http.ts'
import { providerKey, startBridge, testActor } from './testing/start-bridge.ts'

const json = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const stop = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'
const get = (path: string, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: reeve.test\r\n\r\n`

async function refused(request: string | Buffer, options: Parameters<typeof startBridge>[1] = {}) {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(upstream.url, options)
  const answer = await rawRequest(reeve.port, request)
  expect(upstream.received).toEqual([])
  expect(reeve.recorder.violations).toEqual([])
  return {
    answer,
    error: JSON.parse(answer.body || '{}') as { error?: { type: string; message: string } },
    records: reeve.recorder.records,
  }
}

test('a stream passes through, with its facts in the record', async () => {
  await using upstream = await startRawUpstream((socket) =>
    socket.write(chunkedStream(['event: ping\ndata: {}\n\n', stop])),
  )
  await using reeve = await startBridge(upstream.url)
  const session = '7f4a1c9e-1111-4222-8333-444455556666'
  const answer = await rawRequest(
    reeve.port,
    messagesRequest(smallBody, [
      'User-Agent: claude-cli/2.1.329 (external, cli)',
      `X-Claude-Code-Session-Id: ${session}`,
    ]),
  )
  expect(answer.head).toMatch(
    /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\nrequest-id: req_1\r\nx-reeve-interception-id: /,
  )
  const [record] = reeve.recorder.records
  expect(answer.head).toContain(`x-reeve-interception-id: ${record?.start.id}`)
  expect(record?.start).toMatchObject({
    actor: testActor,
    provider: 'anthropic',
    providerName: 'anthropic',
    route: 'messages',
    model: 'claude-test',
    streaming: true,
    client: 'Claude Code',
    clientVersion: '2.1.329',
    clientSessionId: session,
    sourceIp: '127.0.0.1',
    credentialHint: 'sk-u...ider',
  })
  expect(record?.start.body.bytes.toString()).toBe(smallBody)
  expect(record?.end).toMatchObject({
    outcome: 'ok',
    statusCode: 200,
    providerRequestId: 'req_1',
    contentType: 'text/event-stream',
  })
  expect(reeve.events).toMatchObject([
    { kind: 'started', interceptionId: record?.start.id, streaming: true, credentialKind: 'centralized' },
    { kind: 'finished', route: 'messages', outcome: 'ok', requestBytes: smallBody.length },
  ])
})

test('the provider gets the client’s headers in order and case, and its own key instead of ours', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(upstream.url)
  await rawRequest(
    reeve.port,
    messagesRequest(smallBody, [
      'Anthropic-Version: 2023-06-01',
      'anthropic-beta: a',
      'X-Stainless-OS: Linux',
      'anthropic-beta: b',
      `Authorization: Bearer ${clientToken}`,
      `Reeve-Session-Token: ${clientToken}`,
      `Coder-Session-Token: ${clientToken}`,
      `X-Coder-AI-Governance-Token: ${clientToken}`,
      `Cookie: reeve_session_token=${clientToken}`,
      `X-My-Own: prefix ${clientToken}`,
      'api-key: other',
      'x-goog-api-key: other',
      'X-Forwarded-For: 10.0.0.1',
      'Forwarded: for=10.0.0.1',
      'Via: 1.1 proxy',
      'X-Real-IP: 10.0.0.1',
      'X-Client-IP: 10.0.0.1',
      'True-Client-IP: 10.0.0.1',
      'CF-Connecting-IP: 10.0.0.1',
      'X-Cluster-Client-IP: 10.0.0.1',
      'X-Original-Forwarded-For: 10.0.0.1',
      'X-Envoy-External-Address: 10.0.0.1',
      'X-AI-Bridge-Actor-Id: root',
      'X-Reeve-Actor: root',
      'Accept-Encoding: gzip, br',
      'Connection: keep-alive, X-Hop, x-api-key',
      'X-Hop: 1',
      'TE: trailers',
      'X-Last: 1',
    ]),
  )
  const [head] = upstream.received[0]!.split('\r\n\r\n')
  expect(head?.split('\r\n')).toEqual([
    'POST /v1/messages?beta=true HTTP/1.1',
    `host: 127.0.0.1:${upstream.port}`,
    'connection: keep-alive',
    'Content-Type: application/json',
    'Anthropic-Version: 2023-06-01',
    'anthropic-beta: a',
    'X-Stainless-OS: Linux',
    'anthropic-beta: b',
    'X-Last: 1',
    'accept-encoding: identity',
    `x-api-key: ${providerKey}`,
    `content-length: ${smallBody.length}`,
  ])
  expect(upstream.received[0]).not.toContain(clientToken)
})

test('the client gets the provider’s headers without those that act on a browser or a connection', async () => {
  const kept = [
    'Content-Type: application/json',
    'request-id: req_2',
    'anthropic-organization-id: o',
    'x-ratelimit-limit: 5',
    'X-Robots-Tag: none',
    'Date: Tue, 03 Nov 2026 10:00:00 GMT',
  ]
  const dropped = [
    'Set-Cookie: a=b',
    'Alt-Svc: h3=":443"',
    'Content-Security-Policy: x',
    'Strict-Transport-Security: max-age=1',
    'Access-Control-Allow-Origin: *',
    'Keep-Alive: timeout=55',
    'X-Reeve-Interception-Id: forged',
    'Connection: X-Hop',
    'X-Hop: 1',
    'Refresh: 0; url=x',
  ]
  await using upstream = await startRawUpstream((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\n${[...kept, ...dropped].join('\r\n')}\r\nContent-Length: 2\r\n\r\n{}`),
  )
  await using reeve = await startBridge(upstream.url)
  const { head } = await rawRequest(reeve.port, messagesRequest(smallBody))
  for (const line of kept) expect(head.toLowerCase()).toContain(line.toLowerCase())
  for (const line of dropped) expect(head.toLowerCase()).not.toContain(line.toLowerCase())
})

test('every route of the table is relayed under its own name, and a doubled v1 is put right', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(`${upstream.url}/corp/llm/v1/`)
  const body = '{"model":"m","messages":[]}'
  const post = (path: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  for (const request of [
    post('/v1/messages'),
    post('/v1/v1/messages?a=1'),
    post('/v1/messages/count_tokens?beta=true'),
    get('/v1/models?limit=1000'),
    get('/v1/models/claude-opus-5-5'),
  ]) {
    await rawRequest(reeve.port, request)
  }
  expect(upstream.received.map((request) => request.split(' ').slice(0, 2).join(' '))).toEqual([
    'POST /corp/llm/v1/messages',
    'POST /corp/llm/v1/messages?a=1',
    'POST /corp/llm/v1/messages/count_tokens?beta=true',
    'GET /corp/llm/v1/models?limit=1000',
    'GET /corp/llm/v1/models/claude-opus-5-5',
  ])
  expect(reeve.recorder.records.map(({ start }) => start.route)).toEqual([
    'messages',
    'messages',
    'count_tokens',
    'models',
    'models',
  ])
})

test('a probe is relayed for nobody, without a credential and without a record', async () => {
  await using upstream = await startRawUpstream((socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'),
  )
  await using reeve = await startBridge(upstream.url, { actor: null })
  const answer = await rawRequest(
    reeve.port,
    `HEAD /api/hello HTTP/1.1\r\nHost: x\r\nx-api-key: ${clientToken}\r\nConnection: close\r\n\r\n`,
  )
  expect(answer.head).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(upstream.received[0]).toMatch(/^HEAD \/api\/hello HTTP/)
  expect(upstream.received[0]).not.toMatch(/api-key/)
  expect(reeve.recorder.records).toEqual([])
  const request = { providerName: 'anthropic', method: 'HEAD', path: '/api/hello' }
  expect(reeve.bridge.needsActor(request)).toBe(false)
  expect(reeve.bridge.needsActor({ ...request, path: '/v1/models' })).toBe(true)
})

test('everything that is not in the table is not found, in the provider’s shape, and never asked', async () => {
  const paths = [
    '/',
    '/v1',
    '/v1/messages/',
    '/v1/messages/batches',
    '/v1/files',
    '/V1/messages',
    '/v1//messages',
    '//v1/messages',
    '/v1/./messages',
    '/v1/x/../messages',
    '/v1/%6Dessages',
    '/v1/messages%00',
    '/v1/messages;x=1',
    '/v1/models/%2e%2e',
    '/v1/models/..',
    '/v1/models/a/b',
    'http://evil.test/v1/messages',
    '/v1/organizations/api_keys',
  ]
  for (const path of paths) {
    const { answer, error, records } = await refused(
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`, 'latin1'),
    )
    expect(answer.head, path).toMatch(/^HTTP\/1\.1 404 /)
    expect(error.error?.type, path).toBe('not_found_error')
    expect(records, path).toEqual([])
  }
  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
    expect((await refused(get('/v1/messages', method))).answer.head, method).toMatch(/^HTTP\/1\.1 404 /)
  }
})

test('without an actor nothing but a probe is relayed', async () => {
  const { answer, error, records } = await refused(messagesRequest(smallBody), { actor: null })
  expect(answer.head).toMatch(/^HTTP\/1\.1 401 /)
  expect(answer.head).toMatch(/x-should-retry: false/)
  expect(error.error?.type).toBe('authentication_error')
  expect(records).toEqual([])
})

test('a token in the URL is refused and goes nowhere', async () => {
  const { answer } = await refused(get(`/v1/models?key=${clientToken}`))
  expect(answer.head).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer.raw).not.toContain(clientToken)
})

test('bodies that are not JSON or that parsers read differently are refused and recorded', async () => {
  for (const body of [
    '',
    'hello',
    '[]',
    '{"model":"a"',
    '{"model":"a","mod\\u0065l":"b"}',
    '{"Model":"a"}',
    `{"a":${'['.repeat(100_000)}`,
  ]) {
    const { answer, error, records } = await refused(messagesRequest(body))
    expect(answer.head, body.slice(0, 30)).toMatch(/^HTTP\/1\.1 400 /)
    expect(error.error?.type).toBe('invalid_request_error')
    expect(records).toHaveLength(1)
    expect(records[0]?.end).toMatchObject({ outcome: 'refused', statusCode: 400, errorType: 'invalid' })
    expect(records[0]?.start.body.bytes.toString()).toBe(body)
    expect(answer.head).toContain(`x-reeve-interception-id: ${records[0]?.start.id}`)
  }
})

test('a body past the limit is refused before it is read, and when it only turns out to be', async () => {
  const limits = { limits: { bodyBytes: 1000 } }
  const declared = await refused(messagesRequest(JSON.stringify({ a: 'x'.repeat(2000) })), limits)
  expect(declared.answer.head).toMatch(/^HTTP\/1\.1 413 /)
  expect(declared.error.error?.type).toBe('request_too_large')
  expect(declared.records[0]?.end).toMatchObject({ outcome: 'refused', errorType: 'too_large' })
  const piece = `400\r\n${'x'.repeat(1024)}\r\n`
  const chunked = await refused(
    `POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${piece}${piece}`,
    limits,
  )
  expect(chunked.answer.head).toMatch(/^HTTP\/1\.1 413 /)
})

test('a compressed body is refused', async () => {
  const { answer } = await refused(messagesRequest(smallBody, ['Content-Encoding: gzip']))
  expect(answer.head).toMatch(/^HTTP\/1\.1 415 /)
})

test('a body that does not arrive is not waited for', async () => {
  const { answer, records } = await refused(messagesRequest(smallBody).subarray(0, -5), { limits: { bodyMs: 50 } })
  expect(answer.head).toMatch(/^HTTP\/1\.1 408 /)
  expect(records[0]?.end).toMatchObject({ outcome: 'refused', errorType: 'too_slow' })
})

test('a client that expects to be told to go on is told so, and not when its body is too large', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(upstream.url, { limits: { bodyBytes: 1000 } })
  const socket = connect(reeve.port, '127.0.0.1')
  let raw = ''
  socket.on('data', (chunk: Buffer) => (raw += chunk.toString()))
  const request = messagesRequest(smallBody, ['Expect: 100-continue']).toString()
  const [head, body] = request.split('\r\n\r\n')
  socket.write(`${head}\r\n\r\n`)
  while (!raw.includes('100 Continue')) await once(socket, 'data')
  socket.write(body!)
  while (!parseAnswer(raw).complete) await once(socket, 'data')
  expect(parseAnswer(raw).head).toMatch(/^HTTP\/1\.1 200 /)
  socket.destroy()
  const large = await rawRequest(
    reeve.port,
    'POST /v1/messages HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n',
  )
  expect(large.raw).toMatch(/^HTTP\/1\.1 413 /)
})

test('nothing of the process’s environment gets into a request', async () => {
  const names = [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_CUSTOM_HEADERS',
    'OPENAI_ORG_ID',
    'HTTP_PROXY',
    'http_proxy',
    'HTTPS_PROXY',
    'ALL_PROXY',
  ]
  const before = names.map((name) => process.env[name])
  for (const name of names) process.env[name] = 'http://leak.test:1'
  try {
    await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
    await using reeve = await startBridge(upstream.url)
    const answer = await rawRequest(reeve.port, messagesRequest(smallBody))
    expect(answer.body).toBe('{}')
    expect(upstream.received[0]).not.toContain('leak')
  } finally {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name]
      else process.env[name] = before[i]
    }
  }
})

test('neither keys nor prompts are in the log', async () => {
  const log = recordingLog()
  await using upstream = await startRawUpstream((socket) => socket.resetAndDestroy())
  await using reeve = await startBridge(upstream.url, { log })
  await rawRequest(reeve.port, messagesRequest(smallBody))
  const text = JSON.stringify(log.lines)
  expect(log.lines.length).toBeGreaterThan(0)
  for (const canary of [providerKey, clientToken, 'hello', '127.0.0.1']) expect(text).not.toContain(canary)
})

test('the next turn of a conversation is recorded as what it adds to the one before', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(upstream.url)
  const message = (i: number) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: `message ${i} ${'x'.repeat(500)}`,
  })
  const tools = 'y'.repeat(2000)
  const body = (count: number) =>
    JSON.stringify({ model: 'm', messages: Array.from({ length: count }, (_, i) => message(i)), tools })
  const headers = ['User-Agent: claude-cli/2.1.1 (external, cli)', 'X-Claude-Code-Session-Id: s1']
  for (const count of [3, 5]) await rawRequest(reeve.port, messagesRequest(body(count), headers))
  const [first, second] = reeve.recorder.records.map(({ start }) => start)
  const { base, bytes } = second!.body
  expect(base?.interceptionId).toBe(first!.id)
  expect(base!.prefixBytes + base!.suffixBytes).toBe(body(3).length)
  const rebuilt = Buffer.concat([
    Buffer.from(first!.body.bytes).subarray(0, base!.prefixBytes),
    Buffer.from(bytes).subarray(base!.prefixBytes, bytes.length - base!.suffixBytes),
    Buffer.from(first!.body.bytes).subarray(first!.body.bytes.length - base!.suffixBytes),
  ])
  expect(rebuilt.toString()).toBe(body(5))
})

test('a request that was never recorded is nobody’s base', async () => {
  await using upstream = await startRawUpstream((socket) => socket.write(json('{}')))
  await using reeve = await startBridge(upstream.url)
  reeve.recorder.before = (step) => {
    if (step === 'begin') throw new Error('disk full')
  }
  const body = JSON.stringify({ model: 'm', messages: [], system: 'x'.repeat(5000) })
  await rawRequest(reeve.port, messagesRequest(body))
  reeve.recorder.before = () => {}
  await rawRequest(reeve.port, messagesRequest(body))
  expect(reeve.recorder.records[0]?.start.body.base).toBeNull()
})
