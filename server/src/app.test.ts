import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, silentLog, systemClock } from '@reeve/base'
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

const signIn = async (name: string): Promise<string> =>
  (await call('POST', '/api/v2/users/login', undefined, { email: `${name}@example.com`, password })).json.session_token

test('what the server says about itself', async () => {
  const first = { email: 'dana@example.com', username: 'dana', password }
  expect((await call('POST', '/api/v2/users/first', undefined, first)).status).toBe(201)
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
