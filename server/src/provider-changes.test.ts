import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerTurn, messageEvents, type Turn } from '../../test/support/messages.ts'
import { chunk, eventStreamHead, lastChunk } from '../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../test/support/upstream.ts'
import { type App, startApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Connection } from './db/connection.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { ask } from './http/testing.ts'

/** Two servers on one PostgreSQL. What becomes of a provider on the one holds on the other, and cuts nobody off. */
let folder: string
let db: TestDatabase
let upstream: Upstream
let here: App
let there: App
let owner: string

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`
const turn: Turn = { blocks: [{ type: 'text', text: 'hello' }], usage: { input_tokens: 3, output_tokens: 1 } }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-changes-'))
  db = await testDatabase()
  upstream = await startUpstream()
  const keys = randomBytes(32).toString('base64')
  const start = (name: string) => {
    const env = {
      REEVE_HTTP_ADDRESS: '127.0.0.1:0',
      REEVE_DATA_DIR: join(folder, name),
      REEVE_POSTGRES_URL: urlOf(db.connection),
      REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: keys,
    }
    const config = readConfig({ argv: [], env, readFile: () => '' })
    return startApp({ config, version: '1.2.3', clock: systemClock, log: silentLog })
  }
  here = await start('here')
  there = await start('there')
  const password = 'correct horse battery'
  const dana = { email: 'dana@example.com', username: 'dana', password }
  expect((await ask(there.url, 'POST', '/api/v2/users/first', { body: dana })).status).toBe(201)
  const login = { email: dana.email, password }
  owner = (await ask(there.url, 'POST', '/api/v2/users/login', { body: login })).json.session_token
})
afterAll(async () => {
  await here?.stop(AbortSignal.abort())
  await there?.stop(AbortSignal.abort())
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** By an administrator, on the one server. */
async function change(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await ask(there.url, method, path, { token: owner, ...(body === undefined ? {} : { body }) })
  expect(answer.status, JSON.stringify(answer.json)).toBeLessThan(300)
}

/** By a client, on the other. */
const asks = (stream: boolean): Promise<Response> =>
  fetch(`${here.url}/api/v2/aibridge/house/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': owner, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: 10, stream, messages: [{ role: 'user', content: 'hello' }] }),
  })

test('new keys, a pause and an end of a provider reach the other server, and an answer under way goes on', async () => {
  const provider = { name: 'house', type: 'anthropic', base_url: upstream.url, allow_private: true }
  await change('POST', '/api/v2/ai/providers', { ...provider, api_keys: [{ api_key: 'sk-first-key-of-all' }] })
  const hold = Promise.withResolvers<void>()
  const events = messageEvents(turn)
  upstream.answer(() => [
    eventStreamHead(),
    chunk(events[0]!),
    { do: 'until', settled: hold.promise },
    ...events.slice(1).map(chunk),
    lastChunk,
  ])
  await expect.poll(async () => (await asks(true)).status).toBe(200)
  const open = await asks(true)
  const rest = open.text()
  expect(upstream.seen.at(-1)!.header('x-api-key')).toEqual(['sk-first-key-of-all'])

  upstream.answer((request) => answerTurn(request, turn))
  const keyOfNext = async (): Promise<string | undefined> => {
    await (await asks(false)).text()
    return upstream.seen.at(-1)!.header('x-api-key')[0]
  }
  const statusOfNext = async (): Promise<number> => {
    const answer = await asks(false)
    await answer.text()
    return answer.status
  }
  await change('PATCH', '/api/v2/ai/providers/house', { api_keys: [{ api_key: 'sk-second-key-of-all' }] })
  await expect.poll(keyOfNext).toBe('sk-second-key-of-all')
  await change('PATCH', '/api/v2/ai/providers/house', { enabled: false })
  await expect.poll(statusOfNext).toBe(503)
  await change('PATCH', '/api/v2/ai/providers/house', { enabled: true })
  await expect.poll(statusOfNext).toBe(200)
  await change('DELETE', '/api/v2/ai/providers/house')
  await expect.poll(statusOfNext).toBe(404)

  hold.resolve()
  expect(await rest).toBe(events.join(''))
  const path = `/api/v2/aibridge/interceptions/${open.headers.get('x-reeve-interception-id')}`
  const outcome = async (): Promise<unknown> =>
    (await ask(here.url, 'GET', path, { token: owner })).json.interception?.outcome
  await expect.poll(outcome).toBe('ok')
})
