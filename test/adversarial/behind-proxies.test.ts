import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Rig, startRig, turn } from '../e2e/asking.ts'
import { freePort } from '../support/free-port.ts'
import { answerTurn, messageEvents } from '../support/messages.ts'
import { startEnvoy, whyNoEnvoy } from '../support/envoy.ts'
import type { Front } from '../support/front.ts'
import { startNginx, whyNoNginx } from '../support/nginx.ts'
import { chunk, eventStreamHead, providerError } from '../support/replies.ts'
import { startWebSocketProvider, type WebSocketProvider } from '../support/websocket-provider.ts'
import { whySkipped } from '../support/why-skipped.ts'
import { request, said, statusesOf } from './raw.ts'

/** Behind the proxies that `docs/admin/reverse-proxy.md` describes. */
const fronts = [
  { name: 'nginx', why: whyNoNginx, start: startNginx, toAnotherName: /UNRECOGNIZED_NAME/ },
  { name: 'Envoy', why: whyNoEnvoy, start: startEnvoy, toAnotherName: /ECONNRESET/ },
]
const path = '/api/v2/aibridge/anthropic/v1/messages'

describe.each(fronts)('behind $name', ({ name, why, start, toAnotherName }) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-front-'))
  let missing: string | null = null
  let rig: Rig
  let front: Front
  let provider: WebSocketProvider
  beforeAll(async () => {
    missing = whySkipped(`behind ${name}`, why())
    if (missing !== null) return
    const port = await freePort()
    provider = await startWebSocketProvider()
    rig = await startRig({
      env: {
        // Another machine's name, or the server takes itself to be for its own machine only, and refuses proxies.
        REEVE_ACCESS_URL: `https://reeve.test:${port}`,
        REEVE_PROXY_TRUSTED_ORIGINS: '127.0.0.1/32',
        REEVE_AIBRIDGE_OPENAI_BASE_URL: `http://127.0.0.1:${provider.port}/v1`,
        REEVE_AIBRIDGE_OPENAI_KEY: 'sk-scripted-000000000000000000',
      },
    })
    front = await start(folder, port, rig.server.port)
  })
  afterAll(async () => {
    await front?.[Symbol.asyncDispose]()
    await rig?.[Symbol.asyncDispose]()
    await provider?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach((context) => {
    if (missing !== null) context.skip(missing)
    rig.next()
    rig.upstream.answer((seen) => answerTurn(seen, turn))
  })
  const mine = (): [string, string][] => [['x-api-key', rig.token]]

  /** Bytes as they are, inside TLS. */
  function open(bytes: string | Uint8Array, localAddress = '127.0.0.1'): TLSSocket {
    const { port, certificate: ca } = front
    const socket = connect({
      socket: connectPlain({ port, host: '127.0.0.1', localAddress }),
      servername: 'localhost',
      ca,
    })
    socket.on('error', () => {})
    socket.write(bytes)
    return socket
  }

  test('H1 whatever two servers might read differently is one request or none, and never another’s', async () => {
    const inner = request({ path, headers: mine(), body: '{"model":"smuggled"}' }).toString()
    const outer = (headers: string, body: string): string =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nx-api-key: wrong\r\n${headers}\r\n\r\n${body}`
    const length = `Content-Length: ${inner.length + 5}`
    const chunked = `0\r\n\r\n${inner}`
    const vectors = {
      'length and chunks': outer(`${length}\r\nTransfer-Encoding: chunked`, chunked),
      'chunks and length': outer(
        `Transfer-Encoding: chunked\r\nContent-Length: 4`,
        `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
      ),
      'two lengths': outer(`Content-Length: 0\r\n${length}`, inner),
      'two lengths in one': outer(`Content-Length: 0, ${inner.length}`, inner),
      'a length with a sign': outer(`Content-Length: +${inner.length}`, inner),
      'an unknown coding': outer(`Transfer-Encoding: xchunked\r\n${length}`, chunked),
      'chunks that are not last': outer(`Transfer-Encoding: chunked, identity\r\n${length}`, chunked),
      'a coding said twice': outer(`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n${length}`, chunked),
      'a coding behind a tab': outer(`Transfer-Encoding:\tchunked\r\n${length}`, chunked),
      'a coding behind another letter': outer(`Transfer-Encoding: \x0bchunked\r\n${length}`, chunked),
      'a space before the colon': outer(`Transfer-Encoding : chunked\r\n${length}`, chunked),
      'a folded line': outer(`X: y\r\n Transfer-Encoding: chunked\r\n${length}`, chunked),
      'a bare line feed': outer(`X: y\nTransfer-Encoding: chunked\r\n${length}`, chunked),
      'a bare carriage return': outer(`X: y\rTransfer-Encoding: chunked\r\n${length}`, chunked),
      'a NUL': outer(`X: y\0z\r\n${length}`, chunked),
      'a chunk of a size with more behind it': outer('Transfer-Encoding: chunked', `0;\n\r\n\r\n${inner}`.slice(0, -1)),
      'a chunk of a huge size': outer('Transfer-Encoding: chunked', `fffffffffffffffff\r\n${inner}`),
      'two hosts': `POST ${path} HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\nx-api-key: ${rig.token}\r\nContent-Length: 2\r\n\r\n{}`,
      'no host': `POST ${path} HTTP/1.1\r\nx-api-key: ${rig.token}\r\nContent-Length: 2\r\n\r\n{}`,
      'an old version': `POST ${path} HTTP/0.9\r\nHost: localhost\r\nx-api-key: ${rig.token}\r\nContent-Length: 2\r\n\r\n{}`,
    }
    const before = rig.upstream.seen.length
    const answers: Record<string, string[]> = {}
    for (const [name, bytes] of Object.entries(vectors)) {
      const socket = open(Buffer.from(bytes, 'latin1'))
      const answer = said(socket)
      // What is kept open waits for the rest of a request.
      socket.end()
      answers[name] = statusesOf(await answer)
      expect(
        answers[name].filter((status) => !/^(?:4..|501|505)$/.test(status)),
        name,
      ).toEqual([])
    }
    expect(Object.values(answers).every((statuses) => statuses.length <= 2)).toBe(true)
    expect(rig.upstream.seen).toHaveLength(before)
    // It was no wall of noes: what is well-formed passes.
    const good = said(open(request({ path, headers: mine(), body: rig.question() })))
    expect(statusesOf(await good)).toEqual(['200'])
    expect(rig.upstream.seen).toHaveLength(before + 1)
  })

  test('requests on one connection to the server are let in by their own tokens', async () => {
    const body = rig.question()
    const pieces = [mine(), [], mine()].map((headers, index) => request({ path, headers, body, close: index === 2 }))
    expect(statusesOf(await said(open(Buffer.concat(pieces))))).toEqual(['200', '401', '200'])
  })

  test('a path with two spellings is refused by the server, as it came', async () => {
    for (const spelled of [path.replace('/v1/', '/v1/%2e%2e/v1/'), path.replace('/v1/', '//v1/'), `${path}%00`]) {
      const answer = await said(open(request({ path: spelled, headers: mine(), body: rig.question() })))
      expect(statusesOf(answer), spelled).toEqual(['400'])
    }
  })

  test('a stream arrives event by event, over HTTP/1.1 and HTTP/2', async () => {
    const events = messageEvents(turn)
    const gates = events.map(() => Promise.withResolvers<void>())
    rig.upstream.answer(() => [
      eventStreamHead(),
      ...events.flatMap((event, index) => [{ do: 'until', settled: gates[index]!.promise } as const, chunk(event)]),
      chunk(''),
    ])
    const heard = { text: '' }
    const done = new Promise<void>((resolve, reject) => {
      const { port, certificate: ca } = front
      const headers = { ...Object.fromEntries(mine()), 'content-type': 'application/json' }
      const asking = requestHttps({ port, host: 'localhost', path, method: 'POST', headers, ca }, (res) => {
        res.setEncoding('utf8').on('data', (piece: string) => (heard.text += piece))
        res.on('end', resolve).on('error', reject)
      })
      asking.on('error', reject).end(rig.question())
    })
    // The last event waits for the record, so it comes with the end.
    for (const [index, event] of events.entries()) {
      gates[index]!.resolve()
      if (index < events.length - 1) await expect.poll(() => heard.text).toContain(event)
    }
    await done
    expect(heard.text).toBe(events.join(''))

    rig.upstream.answer(() => [eventStreamHead(), chunk(events.join('')), chunk('')])
    const session = connectHttp2(`https://localhost:${front.port}`, { ca: front.certificate })
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ...Object.fromEntries(mine()),
      'content-type': 'application/json',
    })
    stream.end(rig.question())
    let second = ''
    for await (const piece of stream.setEncoding('utf8')) second += piece
    session.close()
    expect(second).toBe(events.join(''))
  })

  test('a large body passes, one that is too large is refused in the provider’s words', async () => {
    const asked = (bytes: number) =>
      said(open(request({ path, headers: mine(), body: rig.question().replace('case', 'x'.repeat(bytes)) })))
    expect(statusesOf(await asked(3_000_000))).toEqual(['200'])
    const refused = await asked(5_000_000)
    expect(statusesOf(refused), refused).toEqual(['413'])
    expect(refused).toContain('request_too_large')
  })

  test('the record has the address of the client, whatever he says of it', async () => {
    const headers = [...mine(), ['X-Forwarded-For', '203.0.113.9'], ['Forwarded', 'for=203.0.113.9']] as const
    await said(open(request({ path, headers, body: rig.question() }), '127.0.0.9'))
    const [row] = await rig.records()
    expect(row?.source_ip).toBe('127.0.0.9')
  })

  test('neither the proxy asks twice, nor does the provider hear where the client is', async () => {
    const before = rig.upstream.seen.length
    rig.upstream.answer(() => providerError(500, 'api_error', 'not now'))
    const more = { 'X-Envoy-Retry-On': '5xx', 'X-Envoy-Max-Retries': '3', 'X-Envoy-Upstream-Rq-Timeout-Ms': '1' }
    const headers = [...mine(), ...Object.entries(more)]
    expect(statusesOf(await said(open(request({ path, headers, body: rig.question() }), '127.0.0.9')))).toEqual(['500'])
    expect(rig.upstream.seen).toHaveLength(before + 1)
    const told = JSON.stringify(rig.upstream.seen.at(-1)?.headers)
    expect(told).toContain('application/json')
    expect(told).not.toMatch(/127\.0\.0\.9|envoy|forwarded/i)
  })

  test('a WebSocket passes', async () => {
    const url = `wss://localhost:${front.port}/api/v2/aibridge/openai/v1/responses`
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${rig.token}` }, ca: front.certificate })
    const told: string[] = []
    const over = new Promise<void>((resolve, reject) => {
      socket.on('error', reject).on('open', () => {
        socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-5.5', input: 'Hello', generate: false }))
      })
      socket.on('message', (data) => {
        const { type } = JSON.parse(String(data))
        told.push(type)
        if (type === 'response.completed') resolve()
      })
    })
    await over
    socket.terminate()
    expect(told[0]).toBe('response.created')
    expect(provider.handshakes).toHaveLength(1)
  })

  test('what it is not asked for by name gets no answer, plain HTTP is sent on, and the log has no query', async () => {
    const { port, certificate: ca } = front
    const other = connect({ port, host: '127.0.0.1', servername: 'evil.test', ca })
    const code = await new Promise((resolve) => other.on('error', (error) => resolve('code' in error && error.code)))
    expect(code).toMatch(toAnotherName)
    const plain = await fetch(`http://localhost:${front.plainPort}/requests?token=rv_secret`, { redirect: 'manual' })
    expect(plain.status).toBe(308)
    // Envoy leaves a port that is not 80 as it is.
    expect(plain.headers.get('location')).toMatch(/^https:\/\/localhost(?::\d+)?\/requests\?token=rv_secret$/)
    const answer = await said(open(request({ path: `${path}?key=rv_secret`, headers: [], body: rig.question() })))
    expect(statusesOf(answer)).toEqual(['400'])
    // Written once the answer is out.
    await expect.poll(() => front.log()).toContain(`POST ${path} 400`)
    expect(front.log()).not.toContain('rv_secret')
  })
})
