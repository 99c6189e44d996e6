import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { agentBundlePath, type AiProvider, boundaryBundlePath } from '@reeve/sdk'
import { Counter } from 'prom-client'
import type { Foundation } from './app-foundation.ts'
import { type Handler, placeOf, type UpgradeRest } from './app-entrance.ts'
import { startProvisioning } from './app-provisioning.ts'
import { openStreaming } from './app-streaming.ts'
import { formSockets } from './dry-runs/form-sockets.ts'
import { createAgentExecutable } from './agents/executable.ts'
import { isAppPath } from './agents/apps/app-path.ts'
import { openAgentNotices } from './agents/notices.ts'
import { agentRoutes } from './agents/routes.ts'
import { startAuditLog } from './audit/audit-log.ts'
import { openBoundaries } from './boundaries/boundaries.ts'
import { createBoundaryRecords } from './boundaries/boundary-records.ts'
import { createAccessTokens } from './external-auth/access-token.ts'
import type { ExternalAuth } from './external-auth/external-auth.ts'
import { keepLinksTidy } from './external-auth/jobs.ts'
import { createProviderClient } from './external-auth/provider-client.ts'
import { externalAuthRoutes, isExternalAuthCallback } from './external-auth/routes.ts'
import { registerGatewayListMetrics } from './gateway/gateway-list-metrics.ts'
import { journalOfAll, listGateways } from './gateway/gateways.ts'
import type { Gateway } from './gateway/gateway.ts'
import { standingOf } from './gateway/provider-standings.ts'
import { createRecordSource } from './gateway/records-out/record-source.ts'
import { openRecords } from './gateway/records.ts'
import { bridgeStatus } from './gateway/status.ts'
import { deploymentRoutes } from './http/deployment.ts'
import { createEgress } from './http/egress.ts'
import { pathOf } from './http/front-door.ts'
import type { Route } from './http/implement.ts'
import { createHttpMetrics } from './http/metrics.ts'
import { createApi } from './http/serve.ts'
import { readStaticFiles } from './http/static-files.ts'
import { keepIdentityTidy } from './identity/jobs.ts'
import type { Identity } from './identity/identity.ts'
import { createOidc } from './identity/oidc/oidc.ts'
import { accessTokenOf, keepRefreshing } from './identity/oidc/refresh.ts'
import { oidcRoutes } from './identity/oidc/routes.ts'
import { openDeployment } from './identity/people/setup.ts'
import { identityRoutes } from './identity/routes.ts'
import { createSignInMetrics } from './identity/sign-in/metrics.ts'
import { createPasswords } from './identity/sign-in/password.ts'
import { renewSession } from './identity/sign-in/renewal.ts'
import { startLicensing } from './licensing/licensing.ts'
import { vendorKeys } from './licensing/public-keys.ts'
import { startRotation } from './key-rotation/rotation.ts'
import { keyringRoutes } from './key-rotation/routes.ts'
import { startNotifications } from './notifications/notifications.ts'
import { providerRoutes } from './providers/routes.ts'
import { ruleRoutes } from './rules/routes.ts'
import { startRetention } from './retention/retention.ts'
import { retentionRoutes } from './retention/routes.ts'
import { startTasks } from './tasks/tasks-service.ts'
import { usageRoutes } from './usage/routes.ts'

/** The management API, the console and the jobs, running. */
export interface Control extends AsyncDisposable {
  readonly routes: readonly Route[]
  readonly handle: Handler
  readonly upgrade: UpgradeRest
  /** Null when setup is done. */
  readonly setupUrl: string | null
}

export interface ControlOptions {
  readonly foundation: Foundation
  /** Of the same process; null where requests are relayed elsewhere. */
  readonly gateway: Gateway | null
  /** Under which people reach it. */
  readonly url: string
  readonly isReady: () => boolean
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal
}

export async function startControl({ foundation, gateway, url, isReady, stopping }: ControlOptions): Promise<Control> {
  const { config, version, clock, log, metrics: registry, db, keyring, authenticator, providers } = foundation
  const { rules, tracing, source, https } = foundation
  await using undo = new AsyncDisposableStack()
  const { encryptionKeys: configured, dataDir } = config
  const rotation = undo.use(
    startRotation({ db, dataDir, keyring, configured: configured !== null, clock, log, metrics: registry }),
  )
  const deployment = await openDeployment({ db, clock })
  undo.use(keepIdentityTidy({ db, clock, log, afterMs: config.dormancyAfterMs }))

  const httpMetrics = createHttpMetrics(registry)
  const egress = undo.use(createEgress({ allowed: config.outboundAllowed }))
  const refreshes = new Counter({
    name: 'reeve_external_auth_renewals_total',
    help: 'Tokens of linked accounts that were to be renewed at their provider.',
    labelNames: ['provider', 'outcome'],
    registers: [registry],
  })

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
      records: { interceptions: createRecordSource(db), boundaries: createBoundaryRecords(db) },
    }),
  )
  const { bounds } = config.retention
  const retention = undo.use(
    startRetention({ ...config.retention, db, signer: auditLog.signer, clock, log, metrics: registry }),
  )

  const { localOnly: isLocalOnly } = placeOf(config)
  const notifications = undo.use(
    await startNotifications({ config: config.notifications, db, keyring, egress, url, clock, log, metrics: registry }),
  )
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
  const accessTokenFor = createAccessTokens(externalAuth)
  undo.use(keepLinksTidy(externalAuth))

  registerGatewayListMetrics(registry, { db, clock, log })
  const boundaries = undo.use(await openBoundaries({ db, keyring, url, clock, log, metrics: registry }))
  const records = undo.use(
    await openRecords({
      db,
      contentReasonRequired: config.bridge.contentReasonRequired,
      status: async () =>
        gateway?.status() ??
        bridgeStatus(config.bridge, providers.current(), journalOfAll(await listGateways(db.sql, clock))),
      record: boundaries.linesBetween,
      clock,
      log,
    }),
  )

  const licensing = undo.use(
    startLicensing({
      db,
      clock,
      // Whose key has the vendor's name is not the vendor.
      keys: new Map([...config.licensePublicKeys, ...vendorKeys]),
      bridgeEnabled: config.bridge.enabled,
      log,
      metrics: registry,
    }),
  )

  const provisioning = undo.use(
    await startProvisioning(foundation, url, {
      ...externalAuth,
      ...externalAuth.client,
      accessTokenFor,
      oidcAccessTokenOf: (userId) => (oidc === null ? Promise.resolve(null) : accessTokenOf(oidc, userId, log)),
    }),
  )
  const bundle = await readStaticFiles(join(import.meta.dirname, '../../agent/dist'), { https })
  const digest = bundle.digest(boundaryBundlePath)
  const boundary = digest === null ? null : { path: boundaryBundlePath, sha256: digest }
  const notices = undo.use(await openAgentNotices(db.connection, log))
  const agents = {
    db,
    notices,
    keyring,
    accessUrl: url,
    wildcard: config.apps.wildcard,
    externalAuth,
    accessTokenFor,
    boundary,
    clock,
    log,
  }
  const scheme = config.tls === null ? 'http' : 'https'
  const origins = (req: IncomingMessage): readonly string[] =>
    config.accessUrl === null || isLocalOnly ? [url, `${scheme}://${req.headers.host}`] : [config.accessUrl]
  const streaming = undo.use(
    await openStreaming({
      room: agents,
      config: config.apps,
      authenticate: authenticator.authenticate,
      sourceAddress: source,
      origins,
      https,
      metrics: registry,
      stopping,
    }),
  )

  const { room: workspaces } = provisioning
  const { authenticate } = authenticator
  const forms = undo.use(formSockets({ room: workspaces, authenticate, origins, https, stopping }))
  const tasks = undo.use(startTasks(workspaces, { dial: streaming.dial, metrics: registry }))

  const standing = (provider: AiProvider) => standingOf({ db: db.sql, clock, log }, provider)
  const routes = [
    ...deploymentRoutes({
      version,
      deploymentId: deployment.id,
      accessUrl: url,
      settings: config.settings,
      isReady,
    }),
    ...identityRoutes(identity),
    ...oidcRoutes(identity, oidc),
    ...auditLog.routes,
    ...retentionRoutes({ db, clock, bounds, retention }),
    ...usageRoutes({ db, clock }),
    ...keyringRoutes(rotation),
    ...externalAuthRoutes(externalAuth, accessTokenFor),
    ...notifications.routes,
    ...providerRoutes({ providers, db, keyring, outboundAllowed: config.outboundAllowed, standing, clock, log }),
    ...ruleRoutes({ rules, db, clock, log }),
    ...licensing.routes,
    ...boundaries.routes,
    ...provisioning.routes,
    ...tasks.routes,
    ...agentRoutes(agents),
    ...streaming.routes,
    ...records.routes,
  ]
  const api = createApi({
    routes,
    authenticate: authenticator.authenticate,
    renew: (scope) => renewSession(identity, scope),
    sourceAddress: source,
    origins,
    https,
    metrics: httpMetrics,
    tracing,
    clock,
    log,
    stopping,
  })
  const dashboard = await readStaticFiles(join(import.meta.dirname, '../../dashboard/dist'), { https })

  const executable = createAgentExecutable({
    bundle: join(import.meta.dirname, '../../agent/dist', agentBundlePath),
    folder: join(config.dataDir, 'agents'),
    log,
  })
  const running = undo.move()
  return {
    routes,
    setupUrl: deployment.setupToken === null ? null : `${url}/setup?t=${deployment.setupToken.reveal()}`,
    handle(req, res) {
      if (streaming.apps?.matches(req) === true) return streaming.apps.handle(req, res)
      const path = pathOf(req)
      const isApi =
        path === '/healthz' || path === '/readyz' || path.startsWith('/api/') || isExternalAuthCallback(path)
      if (isApi) api(req, res)
      else if (isAppPath(path)) streaming.appDoor.handle(req, res)
      else if (path.startsWith('/bin/')) void (executable.handle(req, res) || bundle.handle(req, res))
      else dashboard.handle(req, res)
    },
    upgrade(req, res, socket, head) {
      if (streaming.apps?.matches(req) !== true) {
        return forms.upgrade(req, res, socket, head) || streaming.upgrade(req, res, socket, head)
      }
      streaming.apps.upgrade(req, res, socket, head)
      return true
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
