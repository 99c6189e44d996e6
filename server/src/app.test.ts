import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, silentLog, systemClock } from '@reeve/base'
import type { endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, startApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Connection } from './db/connection.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { ask, type TestAnswer } from './http/testing.ts'

const password = 'correct horse battery'
let folder: string
let db: TestDatabase
let app: App

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reeve-app-'))
  db = await testDatabase()
  const env = {
    REEVE_HTTP_ADDRESS: '127.0.0.1:0',
    REEVE_DATA_DIR: join(folder, 'data'),
    REEVE_POSTGRES_URL: urlOf(db.connection),
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  app = await startApp({ config, version: '1.2.3', clock: systemClock, log: silentLog })
})
afterAll(async () => {
  await app.stop(AbortSignal.abort())
  await db[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const call = (method: string, path: string, token?: string, body?: unknown): Promise<TestAnswer> =>
  ask(app.url, method, path, { ...(token === undefined ? {} : { token }), ...(body === undefined ? {} : { body }) })

/** The status alone: of a stream the rest would not come. */
async function statusOf(method: string, path: string, token: string | null, body: unknown): Promise<number> {
  const abort = new AbortController()
  const answer = await fetch(app.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { 'Reeve-Session-Token': token }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: abort.signal,
  })
  abort.abort()
  return answer.status
}

const signIn = async (name: string): Promise<string> =>
  (await call('POST', '/api/v2/users/login', undefined, { email: `${name}@example.com`, password })).json.session_token

/** Who asks: what is asked for is Max's. */
const askers = ['owner', 'auditor', 'max', 'other', 'nobody', 'gateway'] as const
type Asker = (typeof askers)[number]
const isEverybody = [200, 200, 200, 200, 200, 200]
const isSignedIn = [200, 200, 200, 200, 401, 403]
const isReader = [200, 200, 200, 404, 401, 403]
const isHolder = [200, 404, 200, 404, 401, 403]
const isOwner = [200, 403, 403, 403, 401, 403]
const with201 = (row: number[]): number[] => row.map((status) => (status === 200 ? 201 : status))
const with204 = (row: number[]): number[] => row.map((status) => (status === 200 ? 204 : status))

interface Case {
  readonly path?: (asker: Asker) => string
  readonly body?: (asker: Asker) => unknown
  readonly expected: number[]
}

test('each route answers each kind of asker as the roles say, and there is no other route', async () => {
  const made = await call('POST', '/api/v2/users/first', undefined, {
    email: 'dana@example.com',
    username: 'dana',
    password,
  })
  expect(made.status).toBe(201)
  const owner = await signIn('dana')
  for (const [username, ...roles] of [['aud', 'auditor'], ['max'], ['other'], ['spare']]) {
    const body = { email: `${username}@example.com`, username, password, roles }
    expect((await call('POST', '/api/v2/users', owner, body)).status).toBe(201)
  }
  const tokens: Record<Asker, string | null> = {
    owner,
    auditor: await signIn('aud'),
    max: await signIn('max'),
    other: await signIn('other'),
    nobody: null,
    gateway: (await call('POST', '/api/v2/users/me/keys/tokens', owner, { scope: 'gateway' })).json.key,
  }
  const max = tokens.max ?? ''
  for (const asker of askers) {
    for (const use of ['delete', 'expire', 'get']) {
      const body = { token_name: `${use}-${asker}` }
      expect((await call('POST', '/api/v2/users/me/keys/tokens', max, body)).status).toBe(201)
    }
  }
  const logouts = new Map<Asker, string | null>()
  for (const [asker, name] of [
    ['owner', 'dana'],
    ['auditor', 'aud'],
    ['max', 'max'],
    ['other', 'other'],
  ] as const) {
    logouts.set(asker, await signIn(name))
  }
  const { session, interception } = await callModel(max)

  const key = (use: string) => (asker: Asker) => `/api/v2/users/max/keys/${use}-${asker}`
  const of = (path: string) => () => path
  const cases: Record<keyof typeof endpoints, Case> = {
    getHealth: { expected: isEverybody },
    getOpenApi: { expected: isEverybody },
    getBuildInfo: { expected: isEverybody },
    getDeploymentConfig: { expected: isOwner },
    getFirstUser: { expected: isEverybody },
    createFirstUser: {
      body: () => ({ email: 'x@example.com', username: 'x', password }),
      expected: Array(6).fill(409),
    },
    getAuthMethods: { expected: isEverybody },
    login: { body: () => ({ email: 'max@example.com', password }), expected: with201(isEverybody) },
    logout: { expected: isSignedIn },
    listUsers: { expected: isSignedIn },
    createUser: {
      body: (asker) => ({ email: `by-${asker}@example.com`, username: `by-${asker}`, password }),
      expected: with201(isOwner),
    },
    getUser: { path: of('/api/v2/users/max'), expected: isReader },
    suspendUser: { path: of('/api/v2/users/spare/status/suspend'), expected: isOwner },
    activateUser: { path: of('/api/v2/users/spare/status/activate'), expected: isOwner },
    changePassword: {
      path: of('/api/v2/users/spare/password'),
      body: () => ({ password: 'another password' }),
      expected: [204, 403, 404, 404, 401, 403],
    },
    createSessionKey: { path: of('/api/v2/users/max/keys'), expected: with201(isHolder) },
    createToken: { path: of('/api/v2/users/max/keys/tokens'), body: () => ({}), expected: with201(isHolder) },
    listTokens: { path: of('/api/v2/users/max/keys/tokens'), expected: isHolder },
    getTokenConfig: { path: of('/api/v2/users/max/keys/tokens/tokenconfig'), expected: isHolder },
    getKey: { path: key('get'), expected: isHolder },
    deleteKey: { path: key('delete'), expected: with204(isHolder) },
    expireKey: { path: (asker) => `${key('expire')(asker)}/expire`, expected: with204(isHolder) },
    listOrganizations: { expected: isSignedIn },
    getOrganization: { path: of('/api/v2/organizations/default'), expected: isSignedIn },
    getBridgeStatus: { expected: isSignedIn },
    listInterceptions: { expected: isSignedIn },
    getInterception: { path: of(`/api/v2/aibridge/interceptions/${interception}`), expected: isReader },
    getInterceptionBody: {
      path: of(`/api/v2/aibridge/interceptions/${interception}/body/request`),
      // The words themselves: no owner's and no auditor's.
      expected: [404, 404, 200, 404, 401, 403],
    },
    listSessions: { expected: isSignedIn },
    getSession: { path: of(`/api/v2/aibridge/sessions/${session}`), expected: isReader },
    getSessionTimeline: { path: of(`/api/v2/aibridge/sessions/${session}/timeline`), expected: isReader },
    watchSession: { path: of(`/api/v2/aibridge/sessions/${session}/watch`), expected: isReader },
    watchSessions: { expected: isSignedIn },
    listModels: { expected: isSignedIn },
    listClients: { expected: isSignedIn },
    listContentReads: { path: of('/api/v2/users/max/content-reads'), expected: isReader },
    listAuditEvents: { expected: [200, 200, 403, 403, 401, 403] },
    listInbox: { expected: isSignedIn },
    watchInbox: { expected: isSignedIn },
    setInboxReadStatus: {
      path: of(`/api/v2/notifications/inbox/${interception}/read-status`),
      body: () => ({ is_read: true }),
      expected: [404, 404, 404, 404, 401, 403],
    },
    markInboxRead: { expected: with204(isSignedIn) },
    getNotificationPreferences: { path: of('/api/v2/users/max/notifications/preferences'), expected: isHolder },
    updateNotificationPreferences: {
      path: of('/api/v2/users/max/notifications/preferences'),
      body: () => ({ preferences: [{ event: 'token-expiring', method: 'smtp', enabled: false }] }),
      expected: isHolder,
    },
    listNotificationTemplates: { expected: isSignedIn },
    setNotificationMethod: {
      path: of('/api/v2/notifications/templates/token-expiring/method'),
      body: () => ({ method: 'inbox' }),
      expected: isOwner,
    },
    getNotificationSettings: { expected: isOwner },
    updateNotificationSettings: { body: () => ({ notifier_paused: false }), expected: isOwner },
    listDispatchMethods: { expected: isSignedIn },
    sendTestNotification: { expected: isOwner.map((status) => (status === 200 ? 202 : status)) },
    listNotificationDeliveries: { expected: isOwner },
    retryNotificationDelivery: {
      path: of(`/api/v2/notifications/deliveries/${interception}/retry`),
      expected: isOwner.map((status) => (status === 200 ? 404 : status)),
    },
    listExternalAuth: { expected: isSignedIn },
    // No provider is configured here: whoever may look finds none.
    getExternalAuth: { expected: [404, 404, 404, 404, 401, 403] },
    startExternalAuth: { expected: [404, 404, 404, 404, 401, 403] },
    finishExternalAuth: { expected: Array(6).fill(404) },
    startExternalAuthDevice: { expected: [404, 404, 404, 404, 401, 403] },
    finishExternalAuthDevice: { body: () => ({ device_code: 'x' }), expected: [404, 404, 404, 404, 401, 403] },
    getExternalAuthToken: { expected: [404, 404, 404, 404, 401, 403] },
    deleteExternalAuth: { expected: [404, 404, 404, 404, 401, 403] },
    getKeyring: { expected: isOwner },
    rotateKeyring: { expected: isOwner },
  }
  // The type of `cases` makes it complete; the server must have a route for each and none beside.
  expect([...new Set(app.routes.map(({ endpoint }) => endpoint.name))].sort()).toEqual(Object.keys(cases).sort())
  expect(app.routes).toHaveLength(Object.keys(cases).length)

  for (const { endpoint } of app.routes) {
    const { path = () => endpoint.path, body, expected } = cases[endpoint.name as keyof typeof endpoints]
    expect(endpoint.permission, endpoint.name).toMatch(/^(?:public|signed_in|[a-z_]+:(?:create|read|update|delete))$/)
    const got: number[] = []
    for (const asker of askers) {
      const token = endpoint.name === 'logout' ? (logouts.get(asker) ?? tokens[asker]) : tokens[asker]
      got.push(await statusOf(endpoint.method, path(asker), token, body?.(asker)))
    }
    expect(got, `${endpoint.name}: ${askers.join(', ')}`).toEqual(expected)
  }
})

/** One request to the scripted provider; resolves when it is in the record. */
async function callModel(token: string): Promise<{ session: string; interception: string }> {
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }
  expect((await call('POST', '/api/v2/aibridge/scripted/v1/messages', token, body)).status).toBe(200)
  const endedAt = async (): Promise<string | null> =>
    (await call('GET', '/api/v2/aibridge/interceptions', token)).json.results[0]?.ended_at ?? null
  await expect.poll(endedAt, { timeout: 10_000 }).not.toBe(null)
  const [{ id, session_id }] = (await call('GET', '/api/v2/aibridge/interceptions', token)).json.results
  return { session: session_id, interception: id }
}

test('what the server says about itself', async () => {
  expect((await call('GET', '/healthz')).json).toBe('OK')
  expect((await call('GET', '/api/v2/healthz')).json).toBe('OK')
  expect((await call('GET', '/api/v2/buildinfo')).json).toMatchObject({
    version: '1.2.3',
    external_url: app.url,
    telemetry: false,
  })
  const { json } = await call('GET', '/api/v2/openapi.json')
  expect(json.info.version).toBe('1.2.3')
  const options: { env: string; value: string; source: string }[] = (
    await call('GET', '/api/v2/deployment/config', await signIn('dana'))
  ).json.options
  expect(options.find(({ env }) => env === 'REEVE_POSTGRES_URL')).toMatchObject({
    value: '[secret]',
    source: 'environment',
  })
})

test('one door for all paths: an odd one is refused before any part of the server sees it', async () => {
  expect((await call('GET', '/api/v2/aibridge/scripted/../anthropic/v1/models')).status).toBe(400)
  expect((await call('GET', '//api/v2/users/first')).status).toBe(400)
  expect((await call('GET', '/sessions')).status).toBeLessThan(500)
})

test('a data directory that cannot be is told in words', async () => {
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  const env = { REEVE_DATA_DIR: join(file, 'data'), REEVE_HTTP_ADDRESS: '127.0.0.1:0' }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  await expect(startApp({ config, version: '1', clock: manualClock(), log: silentLog })).rejects.toMatchObject({
    message: expect.stringContaining(`the data directory ${file}/data cannot be used`),
    fix: expect.stringContaining('REEVE_DATA_DIR'),
  })
})

test('a database that cannot be reached is named without its password', async () => {
  const env = {
    REEVE_DATA_DIR: join(folder, 'other'),
    REEVE_HTTP_ADDRESS: '127.0.0.1:0',
    REEVE_POSTGRES_URL: 'postgres://reeve:canary@127.0.0.1:1/reeve',
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  const failure = await startApp({ config, version: '1', clock: systemClock, log: silentLog }).catch(
    (thrown: unknown) => thrown,
  )
  expect(failure).toMatchObject({ message: expect.stringContaining('PostgreSQL at 127.0.0.1:1/reeve cannot be used') })
  expect(JSON.stringify(failure)).not.toContain('canary')
})

test('a port that is taken is told with the program that has it, and nothing stays behind', async () => {
  const { port } = new URL(app.url)
  const env = {
    REEVE_DATA_DIR: join(folder, 'third'),
    REEVE_HTTP_ADDRESS: `127.0.0.1:${port}`,
    REEVE_POSTGRES_URL: urlOf(db.connection),
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  await expect(startApp({ config, version: '1', clock: systemClock, log: silentLog })).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(`^the address 127.0.0.1:${port} is taken by .+ \\(process ${process.pid}\\)$`),
    ),
    fix: expect.stringContaining('--http-address'),
  })
})
