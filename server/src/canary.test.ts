import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { systemClock } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../test/support/free-port.ts'
import { type App, startApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Connection } from './db/connection.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { type FakeGitHub, fakeGitHub } from './external-auth/testing-github.ts'
import { followToCallback, serve } from './external-auth/testing.ts'
import { ask, type CallOptions, type TestAnswer } from './http/testing.ts'
import { clientSecret } from './identity/oidc/testing.ts'
import { testProvider, type TestProvider } from './identity/oidc/testing-provider.ts'
import { contextOf, createKeyring } from './keyring/keyring.ts'
import { sealedColumns } from './keyring/sealed-columns.ts'
import { newKey } from './keyring/seal.ts'
import { type SmtpSink, smtpSink } from './notifications/testing.ts'
import { openLog } from './start-log.ts'
import { type TestReceiver, testReceiver } from './tracing/testing-receiver.ts'
import { columnsWithSealed, dumpDatabase, filesIn, formsOf, leaks } from './testing/canaries.ts'

/**
 * One of every secret that there is goes through a whole server; afterwards none of it may be in the database, on disk,
 * in the log at its most talkative, in metrics, in traces, in exports, or in any answer but the one that hands it out.
 */

const canary = (name: string): string => `${name}-${randomBytes(15).toString('hex')}`
const key = newKey()
const secrets = new Map<string, string>([
  ['encryption key', key.secret.reveal()],
  ['password of the owner', canary('pw')],
  ['password that was wrong', canary('pw')],
  ['password that was set later', canary('pw')],
  ['key of the provider', canary('sk-ant-api03')],
  ['secret of the client at the identity provider', clientSecret],
  ['secret of an audit sink', `whsec_${randomBytes(32).toString('base64')}`],
  ['secret of webhooks', `whsec_${randomBytes(32).toString('base64')}`],
  ['key of the receiver of traces', canary('key')],
])
/** Something that is no secret, and is to be found. */
const marker = canary('marker')
const secret = (name: string): string => secrets.get(name)!

let ownUrl: string
let folder: string
let db: TestDatabase
let app: App
let github: FakeGitHub
let idp: TestProvider
let mail: SmtpSink
let receiver: Awaited<ReturnType<typeof serve>>
let upstream: Awaited<ReturnType<typeof serve>>
let traces: TestReceiver
const logged: string[] = []
const answered: string[] = []

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-canary-'))
  ownUrl = `http://127.0.0.1:${await freePort()}`
  db = await testDatabase()
  github = await fakeGitHub()
  idp = await testProvider()
  mail = await smtpSink()
  traces = await testReceiver()
  receiver = await serve((_, res) => void res.end('{}'))
  // Says what it was sent, as some providers do.
  upstream = await serve((req, res) => {
    const message = `invalid x-api-key: ${req.headers['x-api-key']}`
    res.writeHead(401, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ type: 'error', error: { type: 'authentication_error', message } }))
  })
  const env = {
    REEVE_HTTP_ADDRESS: ownUrl.slice(7),
    REEVE_ACCESS_URL: 'https://reeve.test',
    REEVE_DATA_DIR: join(folder, 'data'),
    REEVE_POSTGRES_URL: urlOf(db.connection),
    REEVE_PROMETHEUS_ENABLE: 'true',
    REEVE_PROMETHEUS_ADDRESS: '127.0.0.1:0',
    REEVE_VERBOSE: 'true',
    REEVE_TRACE_ENABLE: 'true',
    REEVE_TRACE_URL: traces.url,
    REEVE_TRACE_HEADERS: `authorization=Bearer%20${secret('key of the receiver of traces')}`,
    REEVE_EXTERNAL_TOKEN_ENCRYPTION_KEYS: secret('encryption key'),
    REEVE_OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8',
    REEVE_AIBRIDGE_ANTHROPIC_KEY: secret('key of the provider'),
    REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
    REEVE_OIDC_ISSUER_URL: idp.issuer,
    REEVE_OIDC_CLIENT_ID: 'reeve',
    REEVE_OIDC_CLIENT_SECRET: clientSecret,
    REEVE_OIDC_AUTH_URL_PARAMS: '{"prompt":"consent"}',
    REEVE_OIDC_SCOPES: 'openid,profile,email,offline_access',
    REEVE_EXTERNAL_AUTH_0_TYPE: 'github',
    REEVE_EXTERNAL_AUTH_0_CLIENT_ID: 'Iv1.test',
    REEVE_EXTERNAL_AUTH_0_CLIENT_SECRET: github.clientSecret,
    REEVE_EXTERNAL_AUTH_0_AUTH_URL: `${github.url}/login/oauth/authorize`,
    REEVE_EXTERNAL_AUTH_0_DEVICE_FLOW: 'true',
    REEVE_EMAIL_FROM: 'reeve@example.com',
    REEVE_EMAIL_SMARTHOST: `127.0.0.1:${mail.port}`,
    REEVE_NOTIFICATIONS_WEBHOOK_ENDPOINT: receiver.url,
    REEVE_NOTIFICATIONS_WEBHOOK_SECRET: secret('secret of webhooks'),
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  answered.push(JSON.stringify(config))
  const lines = new Writable({ write: (line, _, done) => done(void logged.push(String(line))) })
  const { log } = openLog('json', true, lines)
  app = await startApp({ config, version: '1.2.3', clock: systemClock, log })
})
afterAll(async () => {
  await app.stop(AbortSignal.abort())
  for (const each of [github, idp, mail, receiver, upstream, traces, db]) await each[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

async function call(method: string, path: string, options: CallOptions = {}): Promise<TestAnswer> {
  const answer = await ask(ownUrl, method, path, options)
  answered.push(JSON.stringify([answer.headers, answer.json]))
  return answer
}

/** A call whose answer hands out the named secret, this once. */
async function handedOut(
  name: string,
  read: (answer: TestAnswer) => string,
  ...asked: Parameters<typeof call>
): Promise<string> {
  const answer = await call(...asked)
  answered.pop()
  expect(answer.status, `${name}: ${JSON.stringify(answer.json)}`).toBeLessThan(400)
  const value = read(answer)
  secrets.set(name, value)
  return value
}

test('a secret is found in whatever form it was left', () => {
  const text = 'the-secret-of-somebody'
  const hidden = [
    text,
    Buffer.from(`x${text}y`).toString('base64'),
    Buffer.from(`xx${text}`).toString('base64url'),
    Buffer.from(`{"a":"${text}"}`).toString('base64'),
    Buffer.from(text).toString('hex'),
  ]
  for (const place of hidden)
    expect(leaks(new Map([['it', text]]), new Map([['there', place]]))).toEqual(['it in there'])
  expect(formsOf(text).every((form) => form.length > 8)).toBe(true)
  expect(leaks(new Map([['it', text]]), new Map([['there', 'the-secret-of-nobody']]))).toEqual([])
})

test('no secret is anywhere but where it was handed out', async () => {
  const owner = await makeOwner()
  await useTokens(owner)
  await useCodes(owner)
  await signInAtProvider()
  await linkAccounts(owner)
  await sendAbroad(owner)
  await provokeErrors(owner)
  const exports = await readEverything(owner)
  await openSealed()

  const places = new Map([
    ...(await dumpDatabase(db)),
    ...filesIn(join(folder, 'data')),
    ...exports,
    ['log', logged.join('')],
    ['traces', await everyTrace()],
    ['answers', answered.join('\n')],
  ])
  expect(logged.length).toBeGreaterThan(0)
  expect(secrets.size).toBeGreaterThan(20)
  // The scan sees into what is compressed.
  expect(leaks(new Map([['marker', marker]]), places)).toContain('marker in blobs')
  expect(leaks(new Map([['marker', marker]]), places)).not.toContain('marker in traces')
  expect(leaks(secrets, places)).toEqual([])

  const registered = sealedColumns.map(({ table, column }) => `${table}.${column}`)
  const used = await columnsWithSealed(db)
  expect(used.filter((column) => ![...registered, 'keyring_keys.sealed_check'].includes(column))).toEqual([])
  expect(used.length).toBeGreaterThan(3)
})

const email = 'dana@example.com'

async function makeOwner(): Promise<string> {
  const setup = new URL(app.setupUrl ?? '').searchParams.get('t') ?? ''
  secrets.set('setup token', setup)
  const password = secret('password of the owner')
  await call('POST', '/api/v2/users/first', { body: { email, username: 'dana', password, setup_token: setup } })
  await call('POST', '/api/v2/users/login', { body: { email, password: secret('password that was wrong') } })
  const token = await handedOut('session', ({ json }) => json.session_token, 'POST', '/api/v2/users/login', {
    body: { email, password },
  })
  secrets.set('session, its secret part', token.split('_')[2]!)
  return token
}

async function useTokens(token: string): Promise<void> {
  const keys = '/api/v2/users/me/keys'
  const made = ({ json }: TestAnswer): string => json.key
  await handedOut('token', made, 'POST', `${keys}/tokens`, { token, body: { token_name: 'ci' } })
  await handedOut('session key', made, 'POST', keys, { token })
  const body = { scope: 'gateway', token_name: 'gateway' }
  const gateway = await handedOut('gateway token', made, 'POST', `${keys}/tokens`, { token, body })
  const content = `${marker} ${'and so on '.repeat(500)} my token is ${token}`
  const message = { role: 'user', content }
  const request = { model: 'm', max_tokens: 9, messages: [message] }
  const asked = await ask(ownUrl, 'POST', '/api/v2/aibridge/anthropic/v1/messages', { token: gateway, body: request })
  expect(asked.status).toBe(401)
  const isRecorded = async () =>
    (await call('GET', '/api/v2/aibridge/interceptions', { token })).json.results[0]?.ended_at ?? null
  await expect.poll(isRecorded).not.toBe(null)
}

/** A password of somebody who forgot his, and a program that wants to be let in. */
async function useCodes(token: string): Promise<void> {
  const password = canary('pw')
  secrets.set('password of max', password)
  await call('POST', '/api/v2/users', { token, body: { email: 'max@example.com', username: 'max', password } })
  await call('POST', '/api/v2/users/otp/request', { body: { email: 'max@example.com' } })
  const passcodeIn = (text: string) =>
    /&code=([A-Z0-9-]+)/.exec(text.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '='))?.[1]
  const mailed = () => mail.mails.map(({ text }) => passcodeIn(text)).find((found) => found !== undefined) ?? ''
  await expect.poll(mailed).not.toBe('')
  const passcode = mailed()
  secrets.set('passcode of the reset', passcode)
  const body = {
    email: 'max@example.com',
    one_time_passcode: passcode,
    password: secret('password that was set later'),
  }
  expect((await call('POST', '/api/v2/users/otp/change-password', { body })).status).toBe(204)
  const device = { client_name: 'reeve', host: 'laptop' }
  const started = await call('POST', '/api/v2/login/device', { body: device })
  answered.pop()
  expect(started.status).toBe(200)
  secrets.set('device code', started.json.device_code)
}

async function signInAtProvider(): Promise<void> {
  idp.people.set('octavia', { email: 'octavia@example.com', email_verified: true, preferred_username: 'octavia' })
  idp.whoSignsIn = 'octavia'
  const begun = await ask(ownUrl, 'GET', '/api/v2/users/oidc/start')
  const cookie = [begun.headers['set-cookie'] ?? []]
    .flat()
    .map((line) => line.split(';')[0])
    .join('; ')
  const back = await followToCallback(String(begun.headers['location']), 'https://reeve.test')
  const path = back.slice('https://reeve.test'.length)
  const arrived = await ask(ownUrl, 'GET', path, { headers: [['Cookie', cookie]] })
  const session = /__Host-reeve_session=([^;]+)/.exec(String(arrived.headers['set-cookie']))?.[1]
  expect(session, JSON.stringify(arrived.headers)).toBeDefined()
  secrets.set('session through the identity provider', session!)
  const parameters = new URL(back).searchParams
  for (const name of ['code', 'state']) secrets.set(`${name} of the sign-in`, parameters.get(name) ?? '')
}

async function linkAccounts(token: string): Promise<void> {
  const path = '/api/v2/external-auth/github'
  const link = async (): Promise<void> => {
    const url = await handedOut('state of the link', ({ json }) => json.url, 'POST', `${path}/start`, { token })
    secrets.set('state of the link', new URL(url).searchParams.get('state') ?? '')
    const back = await followToCallback(url, 'https://reeve.test')
    const linked = await call('GET', back.slice('https://reeve.test'.length), { token })
    expect(linked.headers['location']).toContain('result=linked')
  }
  await link()
  await handedOut('token of the linked account', ({ json }) => json.access_token, 'POST', `${path}/access-token`, {
    token,
  })
  const device = await handedOut('device code of the link', ({ json }) => json.device_code, 'GET', `${path}/device`, {
    token,
  })
  await call('POST', `${path}/device`, { token, body: { device_code: device } })
  github.mood = 'babbles'
  await call('GET', path, { token })
  await call('GET', '/external-auth/github/callback?state=x&code=y', { token })
  // Left behind, as by somebody who never came back.
  await handedOut('address of a link', ({ json }) => json.url, 'POST', `${path}/start`, { token })
  secrets.set('address of a link', new URL(secret('address of a link')).searchParams.get('state') ?? '')
  for (const [index, each] of github.everySecret.entries()) secrets.set(`secret ${index} of GitHub`, each)
}

async function sendAbroad(token: string): Promise<void> {
  const body = {
    name: 'hook',
    kind: 'webhook',
    url: receiver.url.replace('http:', 'https:'),
    secret: secret('secret of an audit sink'),
    allow_private: true,
  }
  const made = await call('POST', '/api/v2/audit/sinks', { token, body })
  answered.pop()
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  await call('GET', '/api/v2/audit/sinks', { token })
  await call('POST', '/api/v2/notifications/test', { token })
}

async function provokeErrors(token: string): Promise<void> {
  await call('GET', `/api/v2/users/me?token=${token}`)
  await call('GET', `/api/v2/users/${token}`, { token })
  await call('GET', '/api/v2/users/me', { headers: [['Authorization', `Bearer ${token}x`]] })
  await call('POST', '/api/v2/users/login', { body: `{"password":"${secret('password of the owner')}"` })
  await call('POST', '/api/v2/users/login', { body: { email: secret('password of the owner'), password: 7 } })
  await call('PUT', '/api/v2/users/me/password', {
    token,
    body: { old_password: secret('password that was wrong'), password: secret('password that was set later') },
  })
  await call('DELETE', `/api/v2/users/me/keys/${secret('token')}`, { token })
  const leaky = { model: 'm', max_tokens: 9, messages: 7 }
  await call('POST', '/api/v2/aibridge/anthropic/v1/messages', { token: secret('gateway token'), body: leaky })
  answered.pop()
}

async function readEverything(token: string): Promise<Map<string, string>> {
  const paths = [
    '/api/v2/audit',
    '/api/v2/audit/export',
    '/api/v2/audit/export?format=jsonl',
    '/api/v2/audit/export?format=csv',
    '/api/v2/deployment/config',
    '/api/v2/aibridge/status',
    '/api/v2/aibridge/interceptions',
    '/api/v2/keyring',
    '/api/v2/users',
    '/api/v2/users/me/keys/tokens',
    '/api/v2/external-auth',
    '/api/v2/notifications/deliveries',
    '/api/v2/settings/sign-in',
  ]
  const found = new Map<string, string>()
  for (const path of paths) {
    const answer = await fetch(ownUrl + path, { headers: { 'Reeve-Session-Token': token } })
    expect(answer.status, path).toBe(200)
    found.set(path, await answer.text())
  }
  found.set('metrics', await (await fetch(app.metricsUrl ?? '')).text())
  expect(found.get('metrics')).toContain('reeve_')
  return found
}

/** All that went to the receiver, once it has what the drain tells of the bridge. */
async function everyTrace(): Promise<string> {
  const names = () => traces.spans.map(({ name }) => name)
  await expect.poll(names).toContain('chat m')
  expect(names()).toContain('POST /api/v2/users/login')
  expect(traces.requests.at(-1)?.headers.authorization).toContain(secret('key of the receiver of traces'))
  return Buffer.concat(traces.requests.map(({ body }) => body)).toString('latin1')
}

/** Whatever is sealed is a secret too: it is opened, so that it can be looked for. */
async function openSealed(): Promise<void> {
  const keyring = createKeyring([key])
  for (const { table, column, key: columns } of sealedColumns) {
    const { rows } = await sql<{ sealed: string; id: string[] }>`
      select ${sql.ref(column)} as sealed, array[${sql.join(columns.map((name) => sql`${sql.ref(name)}::text`))}] as id
      from ${sql.table(table)} where ${sql.ref(column)} is not null`.execute(db.sql)
    for (const { sealed, id } of rows) {
      const plain = keyring.open(sealed, contextOf(table, column, ...id)).reveal()
      secrets.set(`${table}.${column} of ${id.join('/')}`, plain)
    }
  }
}
