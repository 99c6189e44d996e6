import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Clock, manualClock, recordingLog, type Uuid, uuidv7 } from '@reeve/base'
import { Counter } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import { heldRoles } from '../access/built-in-roles.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { createEgress } from '../http/egress.ts'
import { openListener } from '../http/listener.ts'
import { createApi } from '../http/serve.ts'
import { ask, type CallOptions, type TestAnswer } from '../http/testing.ts'
import { testKeyring } from '../keyring/testing.ts'
import type { ExternalAuth } from './external-auth.ts'
import { type GivenFields, type Provider, type ProviderField, readProvider } from './provider.ts'
import { createProviderClient } from './provider-client.ts'
import { externalAuthRoutes } from './routes.ts'

/** Linked accounts over real sockets and a real database, for people whose tokens are their names. */
export interface TestWorld extends AsyncDisposable {
  readonly url: string
  readonly db: TestDatabase
  readonly clock: Clock & { advance(ms: number): void }
  readonly room: ExternalAuth
  readonly log: ReturnType<typeof recordingLog>
  person(name: string): Promise<Uuid>
  call(method: string, path: string, options?: CallOptions): Promise<TestAnswer>
  /** Goes through the browser flow as the person: where the provider sends him, and where that leads. */
  link(name: string, provider: string): Promise<TestAnswer>
  audit(): Promise<{ action: string; outcome: string; resource_target: string; diff: unknown }[]>
}

export function testProvider(fields: Partial<Record<ProviderField, string>>): Provider {
  const given: GivenFields = Object.fromEntries(
    Object.entries(fields).map(([field, text]) => [field, { text, place: field }]),
  )
  const problems: { field: string; detail: string }[] = []
  const provider = readProvider(given, '', problems)
  if (provider === null) throw new Error(JSON.stringify(problems))
  return provider
}

/** `providers` is told our address, which they want to know beforehand. */
export async function testWorld(providers: (url: string) => readonly Provider[]): Promise<TestWorld> {
  await using undo = new AsyncDisposableStack()
  const db = undo.use(await testDatabase())
  const clock = manualClock(new Date())
  const log = recordingLog()
  const people = new Map<string, Uuid>()
  let handle: RequestListener = (_, res) => void res.end()
  const listener = await openListener({
    address: { host: '127.0.0.1', port: 0 },
    tls: null,
    handle: (req, res) => handle(req, res),
  })
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  const url = `http://127.0.0.1:${listener.port}`
  const egress = undo.use(createEgress({ allowed: [{ address: '127.0.0.0', prefix: 8, family: 'ipv4' }] }))
  const room: ExternalAuth = {
    db,
    clock,
    log,
    keyring: testKeyring(),
    providers: providers(url),
    client: createProviderClient({ egress, clock }),
    accessUrl: url,
    refreshes: new Counter({ name: 'renewals', help: '-', labelNames: ['provider', 'outcome'], registers: [] }),
  }
  handle = createApi({
    routes: externalAuthRoutes(room),
    authenticate: async (token) => actorOf(token, people.get(token)),
    renew: async () => null,
    sourceAddress: () => '127.0.0.1',
    origins: () => [url],
    https: false,
    metrics: { observe() {} },
    clock,
    log,
    stopping: new AbortController().signal,
  })
  const call: TestWorld['call'] = (method, path, options) => ask(url, method, path, options)
  const resources = undo.move()
  return {
    url,
    db,
    clock,
    room,
    log,
    call,
    async person(name) {
      const id = uuidv7(clock.now())
      const at = { created_at: clock.now(), updated_at: clock.now() }
      await db.sql
        .insertInto('users')
        .values({ id, username: name, email: `${name}@example.com`, login_type: 'none', ...at })
        .execute()
      people.set(name, id)
      return id
    },
    async link(name, provider) {
      const started = await call('POST', `/api/v2/external-auth/${provider}/start`, { token: name })
      const back = await followToCallback(started.json.url, url)
      return call('GET', back.slice(url.length), { token: name })
    },
    audit: () =>
      db.sql
        .selectFrom('audit_events')
        .select(['action', 'outcome', 'resource_target', 'diff'])
        .orderBy('id')
        .execute(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

function actorOf(username: string, userId: Uuid | undefined): Actor | null {
  if (userId === undefined) return null
  const nothing = { organizationIds: [], groupIds: [], allowList: null }
  return { userId, username, ...nothing, roles: heldRoles([]), apiKeyId: `key-${username}`, scopes: ['all'] }
}

/** Goes where a browser would be sent, with the cookies that it is given, until it is sent back to us. */
export async function followToCallback(start: string, ownUrl: string): Promise<string> {
  const cookies = new Map<string, string>()
  let at = start
  for (let steps = 0; steps < 10; steps++) {
    if (at.startsWith(`${ownUrl}/`)) return at
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const next = answer.headers.get('location')
    if (next === null) throw new Error(`${at} answered ${answer.status}: ${await answer.text()}`)
    at = new URL(next, at).href
  }
  throw new Error('the provider does not send anybody back')
}

/** A server that ends with the test. */
export async function serve(
  handler: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<{ readonly url: string; readonly port: number } & AsyncDisposable> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // SAFETY: a server that listens on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
