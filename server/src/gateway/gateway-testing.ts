import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, recordingLog, Secret, systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { Scope as TokenScope } from '@reeve/sdk'
import { Registry } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import { heldRoles } from '../access/built-in-roles.ts'
import type { Database } from '../db/database.ts'
import type { Browser, Route, Scope } from '../http/implement.ts'
import { testKeyring } from '../keyring/testing.ts'
import type { ProviderSetting } from '../providers/offered.ts'
import { openProviders } from '../providers/source.ts'
import { openRules } from '../rules/source.ts'
import { createAuthenticator } from '../identity/tokens/authenticate.ts'
import { newToken } from '../identity/tokens/token.ts'
import type { TraceSettings } from '../tracing/settings.ts'
import { startTracing } from '../tracing/tracing.ts'
import type { Door } from './door.ts'
import { createGateway, type Gateway, type GatewayConfig } from './gateway.ts'
import { openRecords } from './records.ts'
import type { RouteContext } from './routes.ts'
import type { GatewayLimits } from './turnstile.ts'

/** For tests: the gateway on a real socket, with real tokens, in front of whatever upstream the test has. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly gateway: Gateway
  /** Of the management API. */
  readonly routes: readonly Route[]
  readonly registry: Registry
  readonly journalDir: string
  readonly lines: ReturnType<typeof recordingLog>['lines']
  /** Posts to `/v1/messages` of the provider `anthropic`. */
  ask(
    token: string,
    body: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<Response>
  /** The answer of a route of the management API, as this actor. */
  call(name: string, actor: Actor, input?: { params?: object; query?: object }): Promise<unknown>
}

export const noLimits: GatewayLimits = {
  open: 0,
  openPerProvider: 0,
  perUser: 0,
  perOrganization: 0,
  eventLoopDelayMs: 0,
}

const defaults: GatewayConfig = {
  enabled: true,
  capture: 'full',
  structuredLogging: false,
  masking: true,
  bodyBytesMax: 64 * 1024 * 1024,
  connectTimeoutMs: 2_000,
  firstByteTimeoutMs: 5_000,
  idleTimeoutMs: 5_000,
  allowByok: true,
  limits: noLimits,
  actorHeaders: { sent: false, id: 'X-AI-Bridge-Actor-ID', username: 'X-AI-Bridge-Actor-Metadata-Username' },
}

/** Every type of provider, all of them at one address. */
export const allAt = (baseUrl: string, key: Secret | null): readonly ProviderSetting[] =>
  (['anthropic', 'openai', 'google'] as const).map((type) => {
    const name = type === 'google' ? 'gemini' : type
    const keyEnv = `REEVE_AIBRIDGE_${name.toUpperCase()}_KEY`
    return { name, type, baseUrl, keys: key === null ? [] : [key], keyEnv, isNamed: false }
  })

export async function testGateway(
  db: Database,
  upstreamUrl: string,
  config: Partial<GatewayConfig> & {
    readonly contentReasonRequired?: boolean
    readonly providers?: readonly ProviderSetting[]
    readonly scripted?: boolean
  } = {},
  given: {
    journalDir?: string
    trace?: TraceSettings
    boundaries?: NonNullable<Door['boundaries']>
    record?: RouteContext['record']
    /** The gateway's own. */
    clock?: Clock
  } = {},
): Promise<TestGateway> {
  await using undo = new AsyncDisposableStack()
  const journalDir = given.journalDir ?? (await mkdtemp(join(tmpdir(), 'reeve-gateway-')))
  if (given.journalDir === undefined) undo.defer(() => rm(journalDir, { recursive: true }))
  const log = recordingLog()
  const registry = new Registry()
  const authenticator = undo.use(await createAuthenticator({ db, clock: systemClock, log, outageMs: 5 * 60_000 }))
  const providers = undo.use(
    await openProviders({
      settings: config.providers ?? allAt(upstreamUrl, new Secret('sk-upstream')),
      scripted: config.scripted ?? false,
      db,
      keyring: testKeyring(),
      outboundAllowed: [],
      connectTimeoutMs: 2_000,
      clock: systemClock,
      log,
      metrics: registry,
    }),
  )
  const rules = undo.use(await openRules({ db, clock: systemClock, log, metrics: registry }))
  const tracing =
    given.trace === undefined ? null : undo.use(await startTracing({ settings: given.trace, log, metrics: registry }))
  const gateway = undo.use(
    await createGateway({
      config: { ...defaults, ...config },
      providers,
      policy: rules.policy,
      self: { process: 1, version: '1.2.3' },
      db,
      journalDir,
      maskingKeyFile: join(journalDir, 'masking-key'),
      authenticate: authenticator.authenticate,
      sourceAddress: (req) => req.socket.remoteAddress ?? null,
      ownHeaders: [],
      clock: given.clock ?? systemClock,
      log,
      metrics: registry,
      tracing,
      ...(given.boundaries === undefined ? {} : { boundaries: given.boundaries }),
    }),
  )
  const { routes } = undo.use(
    await openRecords({
      db,
      contentReasonRequired: config.contentReasonRequired ?? false,
      status: async () => gateway.status(),
      ...(given.record === undefined ? {} : { record: given.record }),
      clock: systemClock,
      log,
    }),
  )
  const server = createServer((req, res) => {
    if (gateway.matches((req.url ?? '').split('?')[0]!)) gateway.handle(req, res)
    else res.writeHead(418).end()
  })
  server.on('upgrade', (req, socket, head) => {
    const res = new ServerResponse(req)
    if (socket instanceof Socket) res.assignSocket(socket)
    res.once('finish', () => socket.end())
    gateway.handle(req, res, { socket, head })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.defer(async () => {
    gateway.stopSockets()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api/v2/aibridge`
  const running = undo.move()
  return {
    url,
    gateway,
    routes,
    registry,
    journalDir,
    lines: log.lines,
    ask: (token, body, headers = {}, signal) =>
      fetch(`${url}/anthropic/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': token, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : Buffer.from(body),
        ...(signal !== undefined && { signal }),
      }),
    async call(name, actor, { params = {}, query = {} } = {}) {
      const route = routes.find((candidate) => candidate.endpoint.name === name)
      if (route === undefined) throw new Error(`no route ${name}`)
      const answer = await route.answer({ params, query, body: undefined }, scopeOf(actor), noBrowser)
      if (answer.kind === 'json') return answer.result
      if (answer.kind === 'bytes') return answer.file.bytes
      return answer.kind === 'events' ? answer.events : null
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

export const noBrowser: Browser = { cookie: () => null, wantsPage: false }

export const scopeOf = (actor: Actor, signal: AbortSignal = new AbortController().signal): Scope => ({
  actor,
  requestId: 'request',
  sourceIp: '127.0.0.1',
  userAgent: null,
  signal,
  log: recordingLog(),
})

export interface Person {
  readonly actor: Actor
  readonly token: string
  readonly keyId: string
}

/** A user in an organization, with a token. */
export async function person(
  db: Database,
  username: string,
  {
    scopes = ['gateway'],
    roles = [],
    within = [],
  }: { scopes?: TokenScope[]; roles?: string[]; within?: string[] } = {},
): Promise<Person> {
  const now = new Date()
  const userId: Uuid = uuidv7(now)
  const organization = await db.sql.selectFrom('organizations').select('id').executeTakeFirst()
  const organizationId = organization?.id ?? uuidv7(now)
  const times = { created_at: now, updated_at: now }
  if (organization === undefined) {
    await db.sql
      .insertInto('organizations')
      .values({ id: organizationId, name: 'default', is_default: true, ...times })
      .execute()
  }
  const user = { id: userId, username, email: `${username}@example.com`, login_type: 'none', roles, ...times }
  await db.sql.insertInto('users').values(user).execute()
  await db.sql
    .insertInto('organization_members')
    .values({ organization_id: organizationId, user_id: userId, ...times })
    .execute()
  const { id, token, secretSha256 } = newToken()
  const key = {
    id,
    secret_sha256: secretSha256,
    user_id: userId,
    login_type: 'token',
    token_name: 'laptop',
    scopes,
    lifetime_seconds: 3_600,
    expires_at: new Date(now.getTime() + 3_600_000),
    ...times,
  }
  await db.sql.insertInto('api_keys').values(key).execute()
  const actor: Actor = {
    userId,
    username,
    organizationIds: [organizationId],
    groupIds: [],
    roles: heldRoles(roles, [{ organizationId, roles: within }]),
    apiKeyId: id,
    scopes: ['all'],
    allowList: null,
  }
  return { actor, token: token.reveal(), keyId: id }
}
