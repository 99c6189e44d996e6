import { once } from 'node:events'
import { connect } from 'node:net'
import type { ServerResponse } from 'node:http'
import { Fault } from '@reeve/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openAgentApi } from './agent-api.ts'
import { type TestAgentApi, testAgentApi } from './testing.ts'

/** What a workspace answers may be anything. */

let api: TestAgentApi
beforeEach(async () => {
  api = await testAgentApi()
})
afterEach(() => api[Symbol.asyncDispose]())

const dial = async (_: string, port: number) => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}
const open = (url = api.url, timeoutMs = 10_000) => openAgentApi(dial, { agentId: 'a', url }, timeoutMs)
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (thrown: unknown) => (thrown instanceof Fault ? thrown.code : String(thrown)),
  )

test('it is asked for its state and its messages, and told one', async () => {
  api.say('user', 'Hello')
  api.say('agent', 'Yes?')
  expect(await open().status()).toBe('stable')
  expect((await open().messages()).map(({ content }) => content)).toEqual(['Hello', 'Yes?'])
  await open(`${api.url}/`).send('More')
  expect(api.sent).toEqual(['More'])
})

test('what is no answer is a fault, and never more than it may be', async () => {
  const answers: ((res: ServerResponse) => void)[] = [
    (res) => res.writeHead(500).end('{"detail":"secret"}'),
    (res) => res.writeHead(200).end('not json'),
    (res) => res.writeHead(200).end('{"status":"dancing","messages":[{"id":"x"}]}'),
    (res) => res.writeHead(200).end(Buffer.alloc(9 * 1024 * 1024, 'x')),
    (res) => res.destroy(),
    (res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  ]
  for (const answer of answers) {
    api.answer = answer
    expect(await codeOf(open().status()), String(answer)).toBe('upstream')
    expect(await codeOf(open().messages()), String(answer)).toBe('upstream')
  }
  // Never comes.
  api.answer = () => {}
  expect(await codeOf(open(api.url, 50).status())).toBe('upstream')
})

test('only its own workspace is asked, over plain http', async () => {
  for (const url of [
    'https://localhost:1',
    'http://example.com',
    'http://10.0.0.1:80',
    'file:///etc/passwd',
    'localhost',
    '',
  ]) {
    expect(() => open(url), url).toThrow(Fault)
  }
  const closed = openAgentApi(() => Promise.reject(new Fault('conflict', 'not connected')), {
    agentId: 'a',
    url: api.url,
  })
  expect(await codeOf(closed.status())).toBe('upstream')
})

test('what it says is heard as it says it, without what is not understood', async () => {
  api.say('user', 'Hello')
  const ending = new AbortController()
  const heard: string[] = []
  for await (const event of open().events(ending.signal)) {
    if (event.kind !== 'message') continue
    heard.push(event.message.content)
    if (heard.length === 1) api.say('agent', 'Y')
    else if (heard.length === 2) api.grow('Yes')
    else ending.abort()
  }
  expect(heard).toEqual(['Hello', 'Y', 'Yes'])
  api.answer = (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.end(
      'event: message_update\ndata: {"id":"x"}\n\nevent: nonsense\ndata: 7\n\nevent: status_change\ndata: {"status":"running"}\n\n',
    )
  }
  const events = await Array.fromAsync(open().events(new AbortController().signal))
  expect(events).toEqual([{ kind: 'status', status: 'running' }])
  api.answer = (res) => res.writeHead(200).end(Buffer.alloc(5 * 1024 * 1024, 'x'))
  expect(await codeOf(Array.fromAsync(open().events(new AbortController().signal)))).toBe('upstream')
})
