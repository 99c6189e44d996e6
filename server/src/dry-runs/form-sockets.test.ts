import { once } from 'node:events'
import { silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { sessionCookieName } from '../http/browser.ts'
import { openListener } from '../http/listener.ts'
import type { TestIdentity } from '../identity/testing.ts'
import { startWorker } from '../jobs/worker.ts'
import { closedHost } from '../provisioning/testing.ts'
import type { PlanResult } from '../provisioning/run.ts'
import { importHandler } from '../templates/import.ts'
import { templateRoutes } from '../templates/routes.ts'
import { found, tarOf, testRoom } from '../templates/testing.ts'
import { importJob } from '../templates/versions.ts'
import { formSockets } from './form-sockets.ts'
import { dryRunHandler, formJob } from './jobs.ts'
import { dryRunRoutes } from './routes.ts'

const undo = new AsyncDisposableStack()
const stopping = new AbortController()
let identity: TestIdentity
let dev: string
let origin: string
let versionId: string
/** The inputs of the plans that were made, each held until it is let go. */
let plans: { inputs: Record<string, string>; finish: () => void }[]

const planned: PlanResult = {
  failure: null,
  resources: [],
  parameters: new Map(),
  declared: [],
  dailyCost: 0,
  timings: [],
}

beforeAll(async () => {
  const world = await testRoom(undo, (room) => [...templateRoutes(room), ...dryRunRoutes(room)])
  identity = world.identity
  const { db, keyring, authenticator } = identity
  const common = { db, keyring, accessUrl: 'https://reeve.test', host: closedHost }
  const handlers = {
    [importJob]: importHandler({ ...common, importer: { importVersion: async () => found() } }),
    [formJob]: dryRunHandler({
      ...common,
      planner: {
        plan: ({ context, signal }) =>
          new Promise((resolve) => {
            const finish = (): void => resolve(planned)
            signal.addEventListener('abort', finish)
            plans.push({ inputs: Object.fromEntries(context.parameters), finish })
          }),
      },
    }),
  }
  const times = { count: 2, name: 'test', forceAfterMs: 60_000, leaseMs: 60_000, clock: systemClock, log: silentLog }
  undo.use(startWorker({ db, notices: world.notices, handlers, ...times }))
  const forms = undo.use(
    formSockets({
      room: world.room,
      authenticate: (token) => authenticator.authenticate(token),
      origins: () => ['http://reeve.test'],
      https: false,
      stopping: stopping.signal,
    }),
  )
  const address = { host: '127.0.0.1', port: 0 }
  const listener = await openListener({ address, tls: null, handle: (_, res) => res.end(), upgrade: forms.upgrade })
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  origin = `ws://127.0.0.1:${listener.port}`
  await identity.owner()
  const admin = await identity.person('tess', 'template-admin')
  dev = await identity.person('dev')
  plans = []
  versionId = await template(admin)
})
afterAll(() => undo.disposeAsync())

async function template(admin: string): Promise<string> {
  const response = await fetch(`${identity.url}/api/v2/files`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Reeve-Session-Token': admin },
    body: new Uint8Array(await tarOf({ 'main.tf': '# plain' })),
  })
  // SAFETY: tests look at what comes.
  const { hash } = (await response.json()) as { hash: string }
  const call = (method: string, path: string, body?: object) =>
    identity.call(method, `/api/v2/${path}`, { token: admin, ...(body === undefined ? {} : { body }) })
  const { json } = await call('POST', 'organizations/default/templateversions', { file_id: hash })
  await vi.waitFor(
    async () => expect((await call('GET', `templateversions/${json.id}`)).json.job.status).toBe('succeeded'),
    60_000,
  )
  await call('POST', 'organizations/default/templates', { name: 'plain', template_version_id: json.id })
  return json.id
}

const address = (version: string, query = '') =>
  `${origin}/api/v2/templateversions/${version}/dynamic-parameters${query}`
const withToken = (token: string) => ({ headers: { 'Reeve-Session-Token': token } })

function opened(token: string, query = '') {
  const socket = new WebSocket(address(versionId, query), withToken(token))
  // SAFETY: tests look at what comes.
  const answers: { id: number; diagnostics: { extra: { code: string } }[] }[] = []
  socket.on('message', (data) => answers.push(JSON.parse(String(data))))
  return { socket, answers, [Symbol.dispose]: () => socket.terminate() }
}

const refusedWith = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers })
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode))
    socket.once('open', () => reject(new Error('it was let in')))
    socket.on('error', () => {})
  })

const planOf = async (place: number) => {
  await expect.poll(() => plans.length).toBe(place + 1)
  return plans[place]!
}

test('a form answers with its defaults at once, and of what comes too fast to the last', async () => {
  plans = []
  using form = opened(dev)
  const first = await planOf(0)
  expect(first.inputs).toEqual({})
  for (const id of [1, 2, 3]) form.socket.send(JSON.stringify({ id, inputs: { region: `r${id}` } }))
  // The pong comes after the three were read.
  form.socket.ping()
  await once(form.socket, 'pong')
  first.finish()
  const second = await planOf(1)
  expect(second.inputs).toEqual({ region: 'r3' })
  second.finish()
  await expect
    .poll(() => form.answers)
    .toEqual([
      { id: -1, diagnostics: [], parameters: [] },
      { id: 3, diagnostics: [], parameters: [] },
    ])
})

test('a form for somebody whom one may not make a workspace for says so, and goes on', async () => {
  plans = []
  using form = opened(dev, '?user_id=00000000-0000-4000-8000-000000000000')
  await expect
    .poll(() => form.answers)
    .toMatchObject([{ id: -1, diagnostics: [{ severity: 'error', extra: { code: 'not_found' } }], parameters: [] }])
  form.socket.send(JSON.stringify({ id: 1, inputs: {} }))
  const plan = await planOf(0)
  plan.finish()
  await expect.poll(() => form.answers[1]).toEqual({ id: 1, diagnostics: [], parameters: [] })
})

test('a plan that nobody waits for any more ends with its connection', async () => {
  plans = []
  const form = opened(dev)
  await planOf(0)
  form.socket.terminate()
  const waiting = () =>
    identity.db.sql.selectFrom('provisioner_jobs').where('type', '=', formJob).where('completed_at', 'is', null)
  await expect.poll(() => waiting().select('id').execute()).toEqual([])
})

test('nobody is let in without a token, from the page of another site, or to a version that is not theirs to see', async () => {
  expect(await refusedWith(address(versionId), {})).toBe(401)
  const Cookie = `${sessionCookieName(false)}=${dev}`
  expect(await refusedWith(address(versionId), { Cookie, Origin: 'https://evil.test' })).toBe(403)
  const { headers } = withToken(dev)
  expect(await refusedWith(address('nonsense'), headers)).toBe(404)
  expect(await refusedWith(address('00000000-0000-4000-8000-000000000000'), headers)).toBe(404)
})

test('what is no question ends the connection, and so does a token that was ended', async () => {
  plans = []
  const nonsense = opened(dev)
  const first = await planOf(0)
  nonsense.socket.send('{"inputs": 4}')
  expect((await once(nonsense.socket, 'close'))[0]).toBe(1003)
  first.finish()

  plans = []
  const gone = await identity.person('gone')
  const form = opened(gone)
  const asked = await planOf(0)
  asked.finish()
  await expect.poll(() => form.answers).toHaveLength(1)
  await identity.call('POST', '/api/v2/users/logout', { token: gone })
  form.socket.send(JSON.stringify({ id: 1, inputs: {} }))
  expect((await once(form.socket, 'close'))[0]).toBe(1008)
})

test('a server that stops waits for no form', async () => {
  plans = []
  const form = opened(dev)
  await planOf(0)
  stopping.abort()
  await once(form.socket, 'close')
})
