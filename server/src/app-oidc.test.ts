import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { freePort } from '../../test/support/free-port.ts'
import { startApp } from './app.ts'
import { readConfig } from './config.ts'
import { type Connection } from './db/connection.ts'
import { testDatabase } from './db/testing.ts'
import { ask } from './http/testing.ts'
import { clientSecret, testBrowser } from './identity/oidc/testing.ts'
import { testProvider } from './identity/oidc/testing-provider.ts'

const urlOf = (connection: Connection): string =>
  'url' in connection
    ? connection.url
    : `postgres:///${connection.database}?host=${encodeURIComponent(connection.socketDir)}&user=${connection.user}`

test('the whole server starts without its provider, and lets people in when it is there, by cookies for this host alone', async () => {
  await using undo = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'reeve-oidc-'))
  undo.defer(() => rm(folder, { recursive: true }))
  const db = undo.use(await testDatabase())
  const provider = undo.use(await testProvider())
  provider.isDown = true
  const address = `127.0.0.1:${await freePort()}`
  const env = {
    REEVE_HTTP_ADDRESS: address,
    REEVE_ACCESS_URL: 'https://reeve.test',
    REEVE_DATA_DIR: join(folder, 'data'),
    REEVE_POSTGRES_URL: urlOf(db.connection),
    REEVE_OIDC_ISSUER_URL: provider.issuer,
    REEVE_OIDC_CLIENT_ID: 'reeve',
    REEVE_OIDC_CLIENT_SECRET: clientSecret,
    REEVE_OIDC_AUTH_URL_PARAMS: '{"prompt":"consent"}',
    REEVE_OIDC_SIGN_IN_TEXT: 'Sign in with Example ID',
  }
  const config = readConfig({ argv: [], env, readFile: () => '' })
  let nowMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + nowMs }
  const app = await startApp({ config, version: '1', clock, log: silentLog })
  undo.defer(() => app.stop(AbortSignal.abort()))
  const url = `http://${address}`

  const setup = new URL(app.setupUrl ?? '').searchParams.get('t')
  const first = { email: 'dana@example.com', username: 'dana', password: 'correct horse battery', setup_token: setup }
  expect((await ask(url, 'POST', '/api/v2/users/first', { body: first })).status).toBe(201)
  expect((await ask(url, 'GET', '/api/v2/users/authmethods')).json).toMatchObject({
    password: { enabled: true, reset: false },
    oidc: { enabled: true, signInText: 'Sign in with Example ID', iconUrl: '', uninvitedText: '' },
  })
  const browser = testBrowser(url)
  expect((await browser.open('/api/v2/users/oidc/start')).status).toBe(503)

  provider.isDown = false
  nowMs = 6_000
  provider.people.set('ann', { email: 'ann@example.com', email_verified: true, preferred_username: 'ann' })
  provider.whoSignsIn = 'ann'
  const begun = await browser.open('/api/v2/users/oidc/start?redirect=/tokens')
  expect(begun.headers['set-cookie']?.[0]).toMatch(
    /^__Host-reeve_sign_in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
  )
  const answer = await browser.open(await browser.visit(begun.location))
  expect(answer.location).toBe('/tokens')
  expect(answer.headers['set-cookie']).toEqual([
    '__Host-reeve_sign_in=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
    expect.stringMatching(/^__Host-reeve_session=rv_\w+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/),
  ])
  const token = browser.session()
  expect((await ask(url, 'GET', '/api/v2/users/me', { token })).json).toMatchObject({ username: 'ann' })
})
