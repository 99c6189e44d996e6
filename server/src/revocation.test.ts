import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { messageEvents } from '../../test/support/messages.ts'
import { eventStream } from '../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../test/support/upstream.ts'
import { type App, startApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Connection } from './db/connection.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { cutWithinMs } from './gateway/open-streams.ts'
import { ask, type TestAnswer } from './http/testing.ts'

/**
 * Two servers on one PostgreSQL. A model's answer, or a live view, is under way on the one; what its reader may is taken
 * away on the other, or in the database by nobody who would tell. The stream ends within the promised time.
 */
const password = 'correct horse battery'
let folder: string
let db: TestDatabase
let upstream: Upstream
let here: App
let there: App
let owner: string
const hold = Promise.withResolvers<void>()

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-replicas-'))
  db = await testDatabase()
  const [first] = messageEvents({
    blocks: [{ type: 'text', text: 'hello' }],
    usage: { input_tokens: 1, output_tokens: 1 },
  })
  upstream = await startUpstream(() => [
    ...eventStream([first!]).slice(0, 2),
    { do: 'until', settled: hold.promise },
    { do: 'reset' },
  ])
  const keys = randomBytes(32).toString('base64')
  const start = (name: string) => {
    const env = {
      REEVE_HTTP_ADDRESS: '127.0.0.1:0',
      REEVE_DATA_DIR: join(folder, name),
      REEVE_POSTGRES_URL: urlOf(db.connection),
      REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: keys,
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-upstream',
    }
    const config = readConfig({ argv: [], env, readFile: () => '' })
    return startApp({ config, version: '1.2.3', clock: systemClock, log: silentLog })
  }
  here = await start('here')
  there = await start('there')
  const body = { email: 'dana@example.com', username: 'dana', password }
  expect((await call(here, 'POST', '/api/v2/users/first', null, body)).status).toBe(201)
  owner = await signIn('dana')
})
afterAll(async () => {
  hold.resolve()
  await here.stop(AbortSignal.abort())
  await there.stop(AbortSignal.abort())
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const call = (app: App, method: string, path: string, token: string | null, body?: unknown): Promise<TestAnswer> =>
  ask(app.url, method, path, { ...(token === null ? {} : { token }), ...(body === undefined ? {} : { body }) })

const signIn = async (name: string): Promise<string> =>
  (await call(there, 'POST', '/api/v2/users/login', null, { email: `${name}@example.com`, password })).json
    .session_token

async function person(username: string, ...roles: string[]): Promise<string> {
  const body = { email: `${username}@example.com`, username, password, roles }
  expect((await call(there, 'POST', '/api/v2/users', owner, body)).status).toBe(201)
  return signIn(username)
}

/** How long after now the stream is over, whether it ends or breaks. */
async function endOf(stream: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  const begin = performance.now()
  try {
    while (!(await stream.read()).done);
  } catch {
    // Cut off, as it should be.
  }
  return performance.now() - begin
}

async function answerFor(token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const body = { model: 'm', max_tokens: 10, stream: true, messages: [{ role: 'user', content: 'hello' }] }
  const response = await fetch(`${here.url}/api/v2/aibridge/anthropic/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': token, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  const reader = response.body!.getReader()
  await reader.read()
  return reader
}

async function liveView(token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const path = '/api/v2/aibridge/sessions-watch'
  const response = await fetch(here.url + path, { headers: { 'reeve-session-token': token } })
  expect(response.status).toBe(200)
  const reader = response.body!.getReader()
  await reader.read()
  return reader
}

interface Loss {
  readonly happens: string
  readonly take: (who: { name: string; token: string; keyId: string }) => Promise<unknown>
}

const losses: Loss[] = [
  {
    happens: 'the token is revoked',
    take: ({ name, keyId }) => call(there, 'DELETE', `/api/v2/users/${name}/keys/${keyId}`, owner),
  },
  {
    happens: 'the token is expired',
    take: ({ name, keyId }) => call(there, 'PUT', `/api/v2/users/${name}/keys/${keyId}/expire`, owner),
  },
  {
    happens: 'its owner is suspended',
    take: ({ name }) => call(there, 'PUT', `/api/v2/users/${name}/status/suspend`, owner),
  },
  {
    happens: 'its owner leaves the organization',
    async take({ name }) {
      // Everybody belongs somewhere.
      await call(there, 'POST', '/api/v2/organizations', owner, { name: 'elsewhere' })
      expect((await call(there, 'POST', `/api/v2/organizations/elsewhere/members/${name}`, owner)).status).toBeLessThan(
        300,
      )
      const left = await call(there, 'DELETE', `/api/v2/organizations/default/members/${name}`, owner)
      expect(left.status).toBe(204)
    },
  },
  {
    happens: 'its owner is taken out of the organization, and nobody is told',
    take: ({ name }) =>
      db.sql
        .deleteFrom('organization_members')
        .where('user_id', 'in', db.sql.selectFrom('users').select('id').where('username', '=', name))
        .execute(),
  },
  {
    happens: 'the token comes to its end',
    take: ({ keyId }) =>
      db.sql.updateTable('api_keys').set({ expires_at: systemClock.now() }).where('id', '=', keyId).execute(),
  },
]

test.each(losses)('an answer under way on one server is cut when, on the other, $happens', async ({ take }) => {
  const name = `u${randomBytes(4).toString('hex')}`
  const session = await person(name)
  const made = await call(there, 'POST', '/api/v2/users/me/keys/tokens', session, { scope: 'gateway' })
  const { key, id } = made.json
  const stream = await answerFor(key)
  const cut = endOf(stream)
  await take({ name, token: key, keyId: id })
  expect(await cut).toBeLessThan(cutWithinMs)
})

test('a session that is signed out on one server ends its live view on the other', async () => {
  const token = await person('viewer')
  const ended = endOf(await liveView(token))
  expect((await call(there, 'POST', '/api/v2/users/logout', token)).status).toBe(200)
  expect(await ended).toBeLessThan(cutWithinMs)
})

test('a role that is taken away on one server ends what it showed on the other', async () => {
  const token = await person('aud', 'auditor')
  const ended = endOf(await liveView(token))
  expect((await call(there, 'PUT', '/api/v2/users/aud/roles', owner, { roles: [] })).status).toBe(200)
  expect(await ended).toBeLessThan(cutWithinMs)
  // What is left of his rights is enough for a view of his own.
  const own = await liveView(token)
  await own.cancel()
})
