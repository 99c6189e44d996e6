import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { Counter, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { openListener } from './listener.ts'
import { createHttpMetrics, serveMetrics } from './metrics.ts'
import { ask } from './testing.ts'

const address = { host: '127.0.0.1', port: 0 }

/** A listener whose answer the test finishes itself. */
async function streaming() {
  const { promise: begun, resolve } = Promise.withResolvers<ServerResponse>()
  const listener = await openListener({
    address,
    tls: null,
    handle(_req, res) {
      res.write('begin ')
      resolve(res)
    },
  })
  const answer = fetch(`http://127.0.0.1:${listener.port}/`).then((response) => response.text())
  answer.catch(() => {})
  return { listener, answer, res: await begun }
}

test('closing lets an open answer finish and takes no new connection', async () => {
  const { listener, answer, res } = await streaming()
  const closed = listener.close(60_000, new AbortController().signal)
  await expect(ask(`http://127.0.0.1:${listener.port}`, 'GET', '/')).rejects.toThrow('ECONNREFUSED')
  res.end('end')
  expect(await answer).toBe('begin end')
  await closed
})

test('closing cuts off what goes on past the grace, or at once when told to', async () => {
  const patient = await streaming()
  await patient.listener.close(20, new AbortController().signal)
  await expect(patient.answer).rejects.toThrow()

  const hurried = await streaming()
  const now = new AbortController()
  const closed = hurried.listener.close(60_000, now.signal)
  now.abort()
  await closed
  await expect(hurried.answer).rejects.toThrow()
})

test('idle connections do not hold it open', async () => {
  const listener = await openListener({ address, tls: null, handle: (_req, res) => res.end('ok') })
  const socket = connect(listener.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(socket, 'data')
  await listener.close(60_000, new AbortController().signal)
  socket.destroy()
})

test('metrics are served on a listener of their own, by template and not by path', async () => {
  const registry = new Registry()
  new Counter({ name: 'of_another_room', help: '-', registers: [registry] }).inc(3)
  const http = createHttpMetrics(registry)
  http.observe('GET', '/api/v2/users/:user', 200, 12)
  http.observe('INVENTED', 'none', 404, 1)
  await using served = await serveMetrics(registry, address)
  const url = `http://127.0.0.1:${served.port}`
  const { json: text } = await ask(url, 'GET', '/metrics')
  expect(text).toContain('reeve_http_requests_total{method="GET",route="/api/v2/users/:user",status="200"} 1')
  expect(text).toContain('method="other"')
  expect(text).not.toContain('INVENTED')
  expect(text).toContain('of_another_room 3')
  expect((await ask(url, 'GET', '/')).status).toBe(404)
})
