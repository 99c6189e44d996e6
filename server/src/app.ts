import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Clock, Fault, type Log, uuidv7 } from '@reeve/base'
import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import { startAuditLog } from './audit/audit-log.ts'
import type { Config } from './config.ts'
import { isLoopback } from './config-rules.ts'
import { type Database, openDatabase } from './db/database.ts'
import { startEmbeddedPostgres } from './db/embedded/embedded-postgres.ts'
import { migrate } from './db/migrate.ts'
import type { ExternalAuth } from './external-auth/external-auth.ts'
import { keepLinksTidy } from './external-auth/jobs.ts'
import { createProviderClient } from './external-auth/provider-client.ts'
import { externalAuthRoutes, isExternalAuthCallback } from './external-auth/routes.ts'
import { createGateway } from './gateway/gateway.ts'
import { securityHeaders, setSecurityHeaders } from './http/browser.ts'
import { deploymentRoutes } from './http/deployment.ts'
import { createEgress } from './http/egress.ts'
import { checkRequest, pathOf } from './http/front-door.ts'
import { refusal } from './http/faults.ts'
import type { Route } from './http/implement.ts'
import { createHttpMetrics, serveMetrics } from './http/metrics.ts'
import { createApi } from './http/serve.ts'
import { sourceAddress } from './http/source-address.ts'
import { readStaticFiles } from './http/static-files.ts'
import { writeRefusal } from './http/write-answer.ts'
import { createAuthenticator } from './identity/tokens/authenticate.ts'
import { keepIdentityTidy } from './identity/jobs.ts'
import type { Identity } from './identity/identity.ts'
import { createOidc } from './identity/oidc/oidc.ts'
import { keepRefreshing } from './identity/oidc/refresh.ts'
import { oidcRoutes } from './identity/oidc/routes.ts'
import { createSignInMetrics } from './identity/sign-in/metrics.ts'
import { createPasswords } from './identity/sign-in/password.ts'
import { renewSession } from './identity/sign-in/renewal.ts'
import { identityRoutes } from './identity/routes.ts'
import { openDeployment } from './identity/people/setup.ts'
import { checkKeysOf, openKeyring } from './keyring/open-keyring.ts'
import { keyringRoutes } from './key-rotation/routes.ts'
import { recordNewKey, startRotation, systemScope } from './key-rotation/rotation.ts'
import { startNotifications } from './notifications/notifications.ts'
import { providerRoutes } from './providers/routes.ts'
import { openProviders } from './providers/source.ts'
import { startRetention } from './retention/retention.ts'
import { retentionRoutes } from './retention/routes.ts'
import { openDataDir } from './start-data-dir.ts'
import type { ListenerOptions } from './http/listener.ts'
import { explain, listenOrExplain } from './start-listener.ts'
import { usageRoutes } from './usage/routes.ts'

/** The running server. */
export interface App {
  readonly url: string
  readonly routes: readonly Route[]
  /** Null when setup is done. */
  readonly setupUrl: string | null
  readonly metricsUrl: string | null
  /** Names of the providers that requests are passed on to at the start. */
  readonly providers: readonly string[]
  readonly isLocalOnly: boolean
  readonly freeBytes: number
  /** Lets what is open finish within the grace, writes what is pending, and ends everything. `now` cuts the grace short. */
  stop(now: AbortSignal): Promise<void>
}

/**
 * Joins the rooms. What is started first is stopped last; when a step fails, what was started before it is stopped again.
 */
export async function startApp(options: {
  readonly config: Config
  readonly version: string
  readonly clock: Clock
  readonly log: Log
}): Promise<App> {
  const { config, version, clock, log } = options
  await using undo = new AsyncDisposableStack()
  const freeBytes = openDataDir(config.dataDir)
  const https = config.tls !== null || config.accessUrl?.startsWith('https:') === true
  // Listening comes first: a taken port is told before anything is started, and who asks meanwhile learns to wait.
  let handle = (_req: IncomingMessage, res: ServerResponse): void => {
    const fault = new Fault('unavailable', 'the server is starting', { fix: 'try again in a moment' })
    setSecurityHeaders(res, 'data', https)
    writeRefusal(res, refusal(503, fault, { 'Retry-After': '1' }), uuidv7(clock.now()))
  }
  let upgrade: NonNullable<ListenerOptions['upgrade']> = () => false
  const listener = await listenOrExplain(
    {
      address: config.http,
      tls: config.tls,
      handle: (req, res) => handle(req, res),
      upgrade: (...opening) => upgrade(...opening),
    },
    '--http-address',
  )
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  const connection =
    config.postgresUrl === null
      ? undo.use(await startEmbeddedPostgres({ dataDir: config.dataDir, log, clock })).connection
      : { url: config.postgresUrl.reveal() }
  const db = undo.adopt(openDatabase(connection, { log, applicationName: 'reeve' }), (open: Database) => open.close())
  const keys = { db, keys: config.encryptionKeys, dataDir: config.dataDir }
  await reach(async () => {
    await checkKeysOf(keys)
    await migrate(connection, { log })
  }, config)
  const keyring = await openKeyring({ ...keys, clock, log, recordNewKey: recordNewKey(systemScope(clock)) })
  const registry = new Registry()
  const rotation = undo.use(
    startRotation({ ...keys, keyring, configured: keys.keys !== null, clock, log, metrics: registry }),
  )
  const deployment = await openDeployment({ db, clock })
  const authenticator = undo.use(await createAuthenticator({ db, clock, log }))
  undo.use(keepIdentityTidy({ db, clock, log, afterMs: config.dormancyAfterMs }))

  const httpMetrics = createHttpMetrics(registry)
  const egress = undo.use(createEgress({ allowed: config.outboundAllowed }))
  const refreshes = new Counter({
    name: 'reeve_external_auth_renewals_total',
    help: 'Tokens of linked accounts that were to be renewed at their provider.',
    labelNames: ['provider', 'outcome'],
    registers: [registry],
  })

  const source = sourceAddress(config.trustedProxies)
  const providers = undo.use(
    await openProviders({
      settings: config.bridge.providers,
      scripted: config.bridge.enabled && config.bridge.scripted,
      db,
      keyring,
      outboundAllowed: config.outboundAllowed,
      connectTimeoutMs: config.bridge.connectTimeoutMs,
      clock,
      log,
      metrics: registry,
    }),
  )
  const gateway = undo.use(
    await createGateway({
      config: config.bridge,
      providers,
      db,
      journalDir: join(config.dataDir, 'journal'),
      maskingKeyFile: join(config.dataDir, 'masking-key'),
      authenticate: authenticator.authenticate,
      sourceAddress: source,
      ownHeaders: securityHeaders('data', https),
      clock,
      log,
      metrics: registry,
    }),
  )
  const auditLog = undo.use(
    await startAuditLog({
      db,
      dataDir: config.dataDir,
      deploymentId: deployment.id,
      keyring,
      outboundAllowed: config.outboundAllowed,
      clock,
      log,
      metrics: registry,
    }),
  )
  const audit = { retentionMs: config.auditRetentionMs, signer: auditLog.signer }
  undo.use(startRetention({ db, clock, log, retentionMs: config.bridge.retentionMs, audit }))

  const publicHost = config.accessUrl === null ? null : new URL(config.accessUrl).hostname.replace(/^\[|\]$/g, '')
  const isLocalOnly = isLoopback(config.http.host) && (publicHost === null || isLoopback(publicHost))
  const scheme = config.tls === null ? 'http' : 'https'
  const host = isLoopback(config.http.host) ? config.http.host : 'localhost'
  const url = config.accessUrl ?? `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listener.port}`
  const notifications = undo.use(
    await startNotifications({ config: config.notifications, db, keyring, egress, url, clock, log, metrics: registry }),
  )
  let isReady = false
  const stopping = new AbortController()

  const identity: Identity = {
    db,
    clock,
    log,
    passwords: createPasswords(),
    keyring,
    forget: authenticator.forget,
    accessUrl: url,
    sessionMs: config.sessionMs,
    sessionMaxMs: config.sessionMaxMs,
    passwordSignIn: config.passwordSignIn,
    sendsMail: config.notifications.mail !== null,
    oidcButton: config.oidc,
    tokens: config.tokens,
    localOnly: isLocalOnly,
    ...createSignInMetrics(registry),
  }
  const oidc = config.oidc === null ? null : createOidc({ identity, config: config.oidc, keyring, metrics: registry })
  if (oidc !== null) undo.use(keepRefreshing(oidc, log))

  const externalAuth: ExternalAuth = {
    db,
    clock,
    log,
    keyring,
    providers: config.externalAuth,
    client: createProviderClient({ egress, clock }),
    accessUrl: url,
    refreshes,
  }
  undo.use(keepLinksTidy(externalAuth))

  const routes = [
    ...deploymentRoutes({
      version,
      deploymentId: deployment.id,
      accessUrl: url,
      settings: config.settings,
      isReady: () => isReady,
    }),
    ...identityRoutes(identity),
    ...oidcRoutes(identity, oidc),
    ...auditLog.routes,
    ...retentionRoutes({ db, clock }),
    ...usageRoutes({ db, clock }),
    ...keyringRoutes(rotation),
    ...externalAuthRoutes(externalAuth),
    ...notifications.routes,
    ...providerRoutes({ providers, db, keyring, outboundAllowed: config.outboundAllowed, clock, log }),
    ...gateway.routes,
  ]
  const api = createApi({
    routes,
    authenticate: authenticator.authenticate,
    renew: (scope) => renewSession(identity, scope),
    sourceAddress: source,
    origins: (req) =>
      config.accessUrl === null || isLocalOnly ? [url, `${scheme}://${req.headers.host}`] : [config.accessUrl],
    https,
    metrics: httpMetrics,
    clock,
    log,
    stopping: stopping.signal,
  })
  const dashboard = await readStaticFiles(join(import.meta.dirname, '../../dashboard/dist'), { https })

  const metricsPort = config.prometheus === null ? null : undo.use(await openMetrics(registry, config.prometheus)).port
  isReady = true
  handle = (req, res) => {
    const refused = checkRequest(req, { localOnly: isLocalOnly })
    const path = pathOf(req)
    if (gateway.matches(path)) {
      if (refused === null) gateway.handle(req, res)
      else gateway.refuse(req, res, refused.fault)
    } else if (refused !== null) {
      setSecurityHeaders(res, 'data', https)
      writeRefusal(res, refused, uuidv7(clock.now()))
    } else if (path === '/healthz' || path.startsWith('/api/') || isExternalAuthCallback(path)) api(req, res)
    else dashboard.handle(req, res)
  }

  upgrade = (req, res, socket, head) => {
    if (!config.bridge.webSockets || !gateway.matches(pathOf(req))) return false
    const refused = checkRequest(req, { localOnly: isLocalOnly })
    if (refused === null) gateway.handle(req, res, { socket, head })
    else gateway.refuse(req, res, refused.fault)
    return true
  }

  const running = undo.move()
  return {
    url,
    routes,
    setupUrl: deployment.setupToken === null ? null : `${url}/setup?t=${deployment.setupToken.reveal()}`,
    metricsUrl: metricsPort === null ? null : `http://${config.prometheus?.host}:${metricsPort}/metrics`,
    providers: [...providers.current()]
      .filter(([, { missing, scripted }]) => missing === null && !scripted)
      .map(([name]) => name),
    isLocalOnly,
    freeBytes,
    async stop(now) {
      isReady = false
      stopping.abort()
      gateway.stopSockets()
      await listener.close(config.shutdownGraceMs, now)
      await running.disposeAsync()
    },
  }
}

async function openMetrics(registry: Registry, address: Config['http']): ReturnType<typeof serveMetrics> {
  collectDefaultMetrics({ register: registry })
  try {
    return await serveMetrics(registry, address)
  } catch (thrown) {
    throw explain(thrown, address, '--prometheus-address')
  }
}

/** The first thing that talks to the database finds out whether it can be reached at all. */
async function reach(work: () => Promise<void>, config: Config): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    const where = config.postgresUrl === null ? 'the built-in PostgreSQL' : postgresPlace(config.postgresUrl.reveal())
    throw new Fault(
      'unavailable',
      `${where} cannot be used: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      {
        fix:
          config.postgresUrl === null
            ? 'look at the log above; the data is left as it is'
            : 'check REEVE_POSTGRES_URL, that the server runs, and that it accepts this user from here',
        cause: thrown,
      },
    )
  }
}

/** The address without user and password. */
function postgresPlace(given: string): string {
  const { host, pathname } = new URL(given)
  return `PostgreSQL at ${host === '' ? 'its socket' : host}${pathname}`
}
