import { readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { basename, dirname } from 'node:path'
import { silentLog, type SseEvent, sseParser } from '@reeve/base'
import { expect, test } from 'vitest'
import type { Row } from '../../../test/support/record.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { uploadBytesMax } from './bodies.ts'
import { serveDriver } from './serve.ts'
import { openScripted, stable } from './testing.ts'
import type { TaskDriver } from './task-driver.ts'
import type { Change } from './transcript.ts'

const read = async (response: Response): Promise<Row> => JSON.parse(await response.text())
const visitors = { allowedHosts: ['localhost', '127.0.0.1'], allowedOrigins: ['http://localhost:3000'] }
const serve = (driver: TaskDriver) =>
  serveDriver(driver, { host: '127.0.0.1', port: 0, log: silentLog, terminal: null, ...visitors })

const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/message`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

test('a message is posted, and the events tell the present first and then the answer', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await stable(driver)
  await using server = await serve(driver)
  const stop = new AbortController()
  const response = await fetch(`${server.url}/events`, { signal: stop.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const posted = await post(server.url, JSON.stringify({ content: 'say hello', type: 'user' }))
  expect([posted.status, await posted.json()]).toEqual([200, { ok: true }])

  const parse = sseParser()
  const events: SseEvent[] = []
  const decoder = new TextDecoder()
  for await (const piece of response.body!) {
    events.push(...parse(decoder.decode(piece, { stream: true })))
    if (events.filter(({ data }) => data.includes('"stable"')).length === 2) break
  }
  stop.abort()
  const time: unknown = expect.stringMatching(/^\d{4}-.*Z$/)
  expect(events.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
    ['status_change', { status: 'stable', agent_type: 'claude' }],
    ['status_change', { status: 'running', agent_type: 'claude' }],
    ['message_update', { id: 0, role: 'user', message: 'say hello', time }],
    ['message_update', { id: 1, role: 'agent', message: 'hello', time }],
    ['status_change', { status: 'stable', agent_type: 'claude' }],
  ])
  expect(await (await fetch(`${server.url}/messages`)).json()).toEqual({
    messages: [
      { id: 0, role: 'user', content: 'say hello', time },
      { id: 1, role: 'agent', content: 'hello', time },
    ],
  })
})

test('what is refused is refused as a problem that says why', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path, { graceMs: 1 })
  await stable(driver)
  await using server = await serve(driver)
  const refused = async (response: Response): Promise<unknown[]> => {
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { title, status, detail, errors } = await read(response)
    expect([typeof title, status, Array.isArray(errors)]).toEqual(['string', response.status, true])
    return [status, detail]
  }
  const user = (content: string) => JSON.stringify({ content, type: 'user' })
  expect(await refused(await post(server.url, user('')))).toEqual([422, 'The message is empty.'])
  expect(await refused(await post(server.url, user(' x')))).toEqual([422, expect.stringContaining('white space')])
  expect(await refused(await post(server.url, '{"content":"\\u0003","type":"raw"}'))).toEqual([
    422,
    expect.stringContaining('without one'),
  ])
  for (const body of ['', '{', '[]', 'null', '{"content":5,"type":"user"}', '{"content":"x","type":"shout"}']) {
    expect((await refused(await post(server.url, body)))[0]).toBe(422)
  }
  expect((await refused(await post(server.url, user('x'), { 'content-type': 'text/plain' })))[0]).toBe(422)
  expect((await refused(await post(server.url, user('x'.repeat(1024 * 1024)))))[0]).toBe(413)
  expect((await refused(await fetch(`${server.url}/internal/screen`)))[0]).toBe(404)
  expect((await refused(await fetch(`${server.url}/message`)))[0]).toBe(404)
  expect((await post(server.url, user('hang'))).status).toBe(200)
  expect(await refused(await post(server.url, user('say more')))).toEqual([409, expect.stringContaining('not waiting')])
  expect(driver.messages()).toHaveLength(1)
})

test('a page of elsewhere reaches nothing, by no name and from no origin that is not allowed', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await using server = await serve(driver)
  const asked = (headers: Record<string, string>, method = 'GET', path = '/status') =>
    new Promise<[number, string | undefined]>((answered, failed) => {
      request(server.url + path, { method, headers }, (response) => {
        response.resume()
        answered([response.statusCode!, response.headers['access-control-allow-origin']])
      })
        .on('error', failed)
        .end()
    })
  const own = new URL(server.url).host
  expect(await asked({ host: 'rebound.example' })).toEqual([403, undefined])
  expect(await asked({ host: 'LOCALHOST:1' })).toEqual([200, undefined])
  expect(await asked({ host: own, origin: 'http://localhost:3000' })).toEqual([200, 'http://localhost:3000'])
  expect(await asked({ host: own, origin: `http://${own}` })).toEqual([200, undefined])
  for (const origin of ['https://elsewhere.example', 'null', 'http://localhost:3000.elsewhere.example']) {
    expect(await asked({ host: own, origin })).toEqual([403, undefined])
    expect(await asked({ host: own, origin }, 'OPTIONS', '/message')).toEqual([403, undefined])
    expect(await asked({ host: own, origin }, 'POST', '/upload')).toEqual([403, undefined])
  }
  expect(await asked({ host: own, origin: 'http://localhost:3000' }, 'OPTIONS', '/message')).toEqual([
    204,
    'http://localhost:3000',
  ])
})

test('a file is put where its name cannot take it elsewhere, and one that is too large nowhere', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await using server = await serve(driver)
  const upload = async (name: string, bytes: Uint8Array<ArrayBuffer>, part = 'file') => {
    const body = new FormData()
    body.append(part, new File([bytes], name))
    return await fetch(`${server.url}/upload`, { method: 'POST', body })
  }
  for (const [given, kept] of [
    ['notes.txt', 'notes.txt'],
    ['../../etc/passwd', 'passwd'],
    ['..', 'file'],
    ['a\\b\\c.png', 'c.png'],
    ['x\u001b[2J.txt', 'x[2J.txt'],
  ]) {
    const { ok, filePath } = await read(await upload(given!, Buffer.from('words')))
    expect([ok, basename(filePath), readFileSync(filePath, 'utf8')]).toEqual([true, kept, 'words'])
    rmSync(dirname(filePath), { recursive: true })
  }
  expect((await upload('big', new Uint8Array(uploadBytesMax + 1))).status).toBe(413)
  expect((await upload('big', new Uint8Array(uploadBytesMax + 1024 * 1024))).status).toBe(413)
  expect((await upload('x', new Uint8Array(1), 'other')).status).toBe(422)
  expect((await fetch(`${server.url}/upload`, { method: 'POST', body: 'x' })).status).toBe(422)
})

test('the description names every path that is answered', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  await using server = await serve(driver)
  const { openapi, paths } = await read(await fetch(`${server.url}/openapi.json`))
  expect(openapi).toBe('3.1.0')
  expect(Object.keys(paths)).toEqual(['/status', '/messages', '/message', '/events', '/internal/screen', '/upload'])
})

test('a reader of events who does not keep up is cut off, and only he', async () => {
  using home = temporaryFolder()
  await using driver = await openScripted(home.path)
  const listeners: ((change: Change) => void)[] = []
  const subscribe = (listener: (change: Change) => void) => {
    listeners.push(listener)
    return () => void listeners.splice(listeners.indexOf(listener), 1)
  }
  await using server = await serve({ ...driver, subscribe })
  const reader = await fetch(`${server.url}/events`)
  const other = await fetch(`${server.url}/events`)
  expect(listeners).toHaveLength(2)
  const [slow] = listeners
  for (let n = 0; n <= 1024; n++) slow!({ kind: 'status', status: 'running' })
  await expect(reader.text()).rejects.toThrow('terminated')
  await expect.poll(() => listeners.length).toBe(1)
  listeners[0]!({ kind: 'status', status: 'stable' })
  const { value } = await other.body!.getReader().read()
  expect(new TextDecoder().decode(value)).toContain('"stable"')
})
