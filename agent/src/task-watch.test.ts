import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLog } from '@reeve/base'
import { afterEach, expect, test } from 'vitest'
import type { AskControlPlane } from './control-plane.ts'
import { watchTask } from './task-watch.ts'

const ending = new AbortController()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  ending.abort()
  for (const close of closing.splice(0)) await close()
})

test('what the interface of a coding agent tells is told of its task, and its messages are kept when it rests', async () => {
  const readers = new Set<ServerResponse>()
  const time = '2026-01-01T00:00:00.000Z'
  const server = createServer((request, response) => {
    if (request.url === '/chat/messages') {
      response.end(JSON.stringify({ messages: [{ id: 0, role: 'agent', content: 'Done.\nAll of it.', time }] }))
    } else if (request.url === '/chat/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      readers.add(response)
    } else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  const asked: string[] = []
  const ask: AskControlPlane = async (method, path, { body } = {}) => {
    asked.push(`${method} ${path} ${JSON.stringify(body)}`)
    return null
  }
  const task = { id: 'a-task', app_slug: 'chat', app_url: `http://127.0.0.1:${port}/chat` }
  const watch = watchTask({ task, ask, signal: ending.signal, log: silentLog })
  await expect.poll(() => readers.size).toBe(1)
  const say = (event: string, data: object): void => {
    for (const reader of readers) reader.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  say('status_change', { status: 'running' })
  say('message_update', { id: 0, role: 'agent', message: '\n  Done.\nAll of it.', time })
  await expect
    .poll(() => asked)
    .toEqual(['PATCH app-status {"app_slug":"chat","state":"working","message":"","uri":""}'])
  await watch.report({ state: 'working', message: 'Reads', uri: '' })
  say('status_change', { status: 'stable' })
  const messages = [{ id: 0, role: 'agent', content: 'Done.\nAll of it.', time }]
  await expect
    .poll(() => asked.slice(1).toSorted())
    .toEqual([
      'PATCH app-status {"app_slug":"chat","state":"idle","message":"Reads","uri":""}',
      'PATCH app-status {"app_slug":"chat","state":"working","message":"Reads","uri":""}',
      `POST tasks/a-task/log-snapshot ${JSON.stringify({ messages })}`,
    ])
})

test('a coding agent that is not there yet is asked again, and its end is no end of the agent', async () => {
  const task = { id: 'a-task', app_slug: 'chat', app_url: 'http://127.0.0.1:1' }
  const watch = watchTask({ task, ask: async () => null, signal: ending.signal, log: silentLog })
  await expect(watch.snapshot()).rejects.toThrow()
})
