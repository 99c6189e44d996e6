import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordingLog, silentLog, systemClock, uuidv7 } from '@reeve/base'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, startApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Connection } from './db/connection.ts'
import { emptyDatabase, type TestDatabase, testDatabase } from './db/testing.ts'
import { saveGateway } from './gateway/gateway-queries.ts'
import { registerGatewayListMetrics } from './gateway/gateway-list-metrics.ts'
import { ask, type TestAnswer } from './http/testing.ts'
import { json, providerError } from '../../test/support/replies.ts'
import { startUpstream } from '../../test/support/upstream.ts'

const first = { email: 'dana@example.com', username: 'dana', password: 'correct horse battery' }
const question = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }

let folder: string
let db: TestDatabase
let control: App
let gateway: App
let session: string
let token: string

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

function configOf(roles: string, name: string, more: Record<string, string> = {}) {
  const env = {
    REEVE_ROLES: roles,
    REEVE_HTTP_ADDRESS: '127.0.0.1:0',
    REEVE_DATA_DIR: join(folder, name),
    REEVE_POSTGRES_URL: urlOf(db.connection),
    ...more,
  }
  return readConfig({ argv: [], env, readFile: () => '' })
}

const start = (roles: string, name: string): Promise<App> =>
  startApp({ config: configOf(roles, name), version: '1.2.3', clock: systemClock, log: silentLog })

const call = (app: App, method: string, path: string, given?: string, body?: unknown): Promise<TestAnswer> =>
  ask(app.url, method, path, {
    ...(given === undefined ? {} : { token: given }),
    ...(body === undefined ? {} : { body }),
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-roles-'))
  db = await testDatabase()
  control = await start('control', 'control')
  await cp(join(folder, 'control', 'keyring'), join(folder, 'gateway', 'keyring'))
  gateway = await start('gateway', 'gateway')
  await call(control, 'POST', '/api/v2/users/first', undefined, first)
  const { email, password } = first
  session = (await call(control, 'POST', '/api/v2/users/login', undefined, { email, password })).json.session_token
  token = (await call(control, 'POST', '/api/v2/users/me/keys/tokens', session, { scope: 'gateway' })).json.key
})
afterAll(async () => {
  await control?.stop(AbortSignal.abort())
  await db[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('which server answers what', () => {
  const relayed = '/api/v2/aibridge/scripted/v1/messages'
  test.each<[string, string, number, number]>([
    ['GET', '/healthz', 200, 200],
    ['GET', '/readyz', 200, 200],
    ['GET', '/api/v2/healthz', 200, 200],
    ['GET', '/api/v2/buildinfo', 200, 404],
    ['GET', '/api/v2/openapi.json', 200, 404],
    ['GET', '/api/v2/users/me', 401, 404],
    ['POST', '/api/v2/users/login', 400, 404],
    ['GET', '/api/v2/aibridge/sessions', 401, 404],
    ['GET', '/api/v2/aibridge/gateways', 401, 404],
    ['GET', '/api/v2/external-auth/github/callback', 404, 404],
    ['POST', relayed, 404, 401],
    ['POST', '/api/v2/ai-gateway/scripted/v1/messages', 404, 401],
    ['GET', '/api/v2/nothing', 404, 404],
  ])('%s %s: the control server %i, the gateway %i', async (method, path, ofControl, ofGateway) => {
    const body = method === 'POST' ? {} : undefined
    expect((await call(control, method, path, undefined, body)).status).toBe(ofControl)
    expect((await call(gateway, method, path, undefined, body)).status).toBe(ofGateway)
  })

  test('each says in a sentence where the other half is', async () => {
    expect((await call(control, 'POST', relayed, token, question)).json).toMatchObject({
      message: 'this server relays no requests to models',
      detail: expect.stringContaining('REEVE_ROLES'),
    })
    for (const path of ['/', '/sessions', '/api/v2/users/me']) {
      expect((await call(gateway, 'GET', path, session)).json).toMatchObject({
        message: 'this server relays requests to models and serves nothing else',
        detail: expect.stringContaining('role control'),
      })
    }
  })
})

test('what one server relays, the other shows, and the gateway is on its list', async () => {
  const answer = await call(gateway, 'POST', '/api/v2/aibridge/scripted/v1/messages', token, question)
  expect(answer.status).toBe(200)
  await expect
    .poll(async () => (await call(control, 'GET', '/api/v2/aibridge/interceptions', session)).json.results, {
      timeout: 60_000,
    })
    .toMatchObject([{ outcome: 'ok', model: 'm' }])
  const { json } = await call(control, 'GET', '/api/v2/aibridge/gateways', session)
  expect(json.gateways).toMatchObject([{ process: 1, version: '1.2.3', state: 'running', healthy: true }])
  expect((await call(control, 'GET', '/api/v2/aibridge/status', session)).json).toMatchObject({
    enabled: true,
    journal: { healthy: true },
  })
})

test('what a gateway finds out about a provider is told where providers are administered', async () => {
  const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
  await using upstream = await startUpstream((request) => {
    if (request.header('x-api-key')[0] === 'sk-first-0123456789')
      return providerError(401, 'authentication_error', 'no')
    if (JSON.parse(request.body.toString()).model === 'broken') return providerError(500, 'api_error', 'no')
    return [{ do: 'until', settled: mayAnswer }, ...json({ id: 'msg_1', type: 'message' })]
  })
  const made = await call(control, 'POST', '/api/v2/ai/providers', session, {
    name: 'corp',
    type: 'anthropic',
    base_url: upstream.url,
    allow_private: true,
    api_keys: [{ api_key: 'sk-first-0123456789' }, { api_key: 'sk-second-0123456789' }],
  })
  expect(made.status).toBe(201)
  const ofModel = (model: string) =>
    call(gateway, 'POST', '/api/v2/aibridge/corp/v1/messages', token, { ...question, model })
  await expect.poll(async () => (await ofModel('broken')).status, { timeout: 60_000 }).toBe(500)
  for (let i = 1; i < 5; i++) await ofModel('broken')
  const asked = ofModel('slow')

  const standing = async () => (await call(control, 'GET', '/api/v2/ai/providers/corp/standing', session)).json.gateways
  const keys = made.json.api_keys.map(({ id, masked }: { id: string; masked: string }) => ({ id, masked }))
  await expect.poll(standing, { timeout: 60_000 }).toMatchObject([
    {
      process: 1,
      standing: {
        requests: 1,
        keys: [
          { ...keys[0], state: 'refused', used_at: expect.any(String) },
          { ...keys[1], state: 'usable', used_at: expect.any(String), rests: [] },
        ],
        models: [{ model: 'broken' }],
        left_out: 0,
      },
    },
  ])
  answer()
  expect((await asked).status).toBe(200)
  await expect.poll(standing, { timeout: 60_000 }).toMatchObject([{ standing: { requests: 0 } }])
})

test('a gateway that ended in order is on the list as stopped', async () => {
  await cp(join(folder, 'control', 'keyring'), join(folder, 'second', 'keyring'))
  const second = await start('gateway', 'second')
  await second.stop(AbortSignal.abort())
  const { gateways } = (await call(control, 'GET', '/api/v2/aibridge/gateways', session)).json
  expect(gateways.map(({ state }: { state: string }) => state).toSorted()).toEqual(['running', 'stopped'])
})

test('a gateway that went away with records on its disk is named and counted, with how many', async () => {
  const longAgo = new Date(systemClock.now().getTime() - 60_000)
  await saveGateway(db.sql, {
    replica_id: uuidv7(longAgo),
    host: 'gone.example',
    process: 1,
    version: '1.2.3',
    started_at: longAgo,
    seen_at: longAgo,
    stopped_at: null,
    healthy: true,
    detail: '',
    journal_seq: 7,
    pending_bytes: 700,
    drain_lag_seconds: 1,
    open_requests: 2,
  })
  const { gateways } = (await call(control, 'GET', '/api/v2/aibridge/gateways', session)).json
  expect(gateways).toContainEqual(expect.objectContaining({ state: 'silent', pending_records: 7 }))
  expect((await call(control, 'GET', '/api/v2/aibridge/status', session)).json.journal).toMatchObject({
    healthy: false,
    detail: expect.stringContaining('gone.example (1) is silent and has 7 records that are not in PostgreSQL'),
  })
  const registry = new Registry()
  registerGatewayListMetrics(registry, { db, clock: systemClock, log: silentLog })
  const text = await registry.metrics()
  expect(text).toContain('\nreeve_gateways{state="silent"} 1\n')
  expect(text).toContain('\nreeve_gateways_pending_records{state="silent"} 7\n')
})

test('a gateway never makes keys of its own', async () => {
  await expect(start('gateway', 'keyless')).rejects.toMatchObject({
    message: expect.stringMatching(/no key/),
    fix: expect.stringContaining('REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS'),
  })
})

test('a gateway waits for the control server to migrate, says so, and can be stopped meanwhile', async () => {
  await using empty = await emptyDatabase()
  const log = recordingLog()
  const stop = new AbortController()
  const config = configOf('gateway', 'early', { REEVE_POSTGRES_URL: urlOf(empty.connection) })
  const starting = startApp({ config, version: '1', clock: systemClock, log, signal: stop.signal })
  await expect
    .poll(() => log.lines.map(({ message }) => message))
    .toContain('waiting for a server with the role control to migrate the database')
  stop.abort()
  await expect(starting).rejects.toThrow('asked to stop')
})

test('one role alone needs a database that the other can reach', () => {
  for (const roles of ['gateway', 'control']) {
    expect(() => readConfig({ argv: [], env: { HOME: folder, REEVE_ROLES: roles }, readFile: () => '' })).toThrow(
      expect.objectContaining({
        problems: [{ field: 'REEVE_ROLES', detail: expect.stringContaining('REEVE_POSTGRES_URL') }],
      }),
    )
  }
  expect(() => readConfig({ argv: [], env: { HOME: folder, REEVE_ROLES: 'jobs' }, readFile: () => '' })).toThrow(
    expect.objectContaining({ problems: [{ field: 'REEVE_ROLES', detail: 'has "jobs", which is no role' }] }),
  )
})

test('when no gateway is left, the status says so', async () => {
  await gateway.stop(AbortSignal.abort())
  const { journal } = (await call(control, 'GET', '/api/v2/aibridge/status', session)).json
  expect(journal).toMatchObject({ healthy: false, detail: expect.stringContaining('No gateway is running') })
})
