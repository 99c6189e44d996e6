import { join } from 'node:path'
import type { Clock, Log } from '@reeve/base'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { startControl } from './app-control.ts'
import { createEntrance, gatewayOnly, placeOf } from './app-entrance.ts'
import { type Foundation, layFoundation } from './app-foundation.ts'
import { adoptJournals, journalName } from './app-journals.ts'
import type { Config } from './config.ts'
import type { Connection } from './db/connection.ts'
import { startEmbeddedPostgres } from './db/embedded/embedded-postgres.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import type { Siblings } from './gateway/siblings.ts'
import { securityHeaders } from './http/browser.ts'
import type { Route } from './http/implement.ts'
import { serveMetrics, type ShownMetrics } from './http/metrics.ts'
import { openDataDir } from './start-data-dir.ts'
import { explain, listenOrExplain } from './start-listener.ts'

/** The running server. */
export interface App {
  readonly url: string
  /** Of the management API; none where it is not served. */
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

export interface AppOptions {
  readonly config: Config
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the server is asked to stop before it has started. */
  readonly signal?: AbortSignal
}

/**
 * Joins the rooms, as the server's roles ask, in this one process. What is started first is stopped last; when a step
 * fails, what was started before it is stopped again.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, clock } = options
  await using undo = new AsyncDisposableStack()
  const freeBytes = openDataDir(config.dataDir)
  const entrance = createEntrance(options)
  // Listening comes first: a taken port is told before anything is started, and who asks meanwhile learns to wait.
  const listener = await listenOrExplain({ address: config.http, tls: config.tls, ...entrance }, '--http-address')
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  const connection = await openPostgres(undo, options)
  const metrics = new Registry()
  const { signal = new AbortController().signal } = options
  const leads = config.roles.control
  const foundation = await layFoundation(undo, { ...options, metrics, connection, leads, signal })

  const gateway = config.roles.gateway ? undo.use(await openGateway(foundation, 1)) : null
  if (gateway !== null) undo.use(adoptJournals(foundation))
  const url = urlOf(config, listener.port)
  let isReady = false
  const stopping = new AbortController()
  const control = config.roles.control
    ? undo.use(await startControl({ foundation, gateway, url, isReady: () => isReady, stopping: stopping.signal }))
    : null
  const metricsUrl = await openMetrics(undo, config, metrics)
  isReady = true
  const rest = control?.handle ?? gatewayOnly({ config, clock, isReady: () => isReady })
  entrance.open({ gateway, rest, ...(control === null ? {} : { upgradeRest: control.upgrade }) })

  const running = undo.move()
  return {
    url,
    routes: control?.routes ?? [],
    setupUrl: control?.setupUrl ?? null,
    metricsUrl,
    providers: offeredNames(foundation),
    isLocalOnly: placeOf(config).localOnly,
    freeBytes,
    async stop(now) {
      isReady = false
      stopping.abort()
      gateway?.stopSockets()
      await listener.close(config.shutdownGraceMs, now)
      await running.disposeAsync()
    },
  }
}

/** What control uses at most, and each gateway process: its pool, its drain, and what it listens to. */
const connectionsOf = { control: 90, gateway: 10 } as const

/** Where the database is; the built-in one is started. */
export async function openPostgres(
  undo: AsyncDisposableStack,
  { config, clock, log }: Pick<AppOptions, 'config' | 'clock' | 'log'>,
): Promise<Connection> {
  if (config.postgresUrl !== null) return { url: config.postgresUrl.reveal() }
  const connectionsMax = connectionsOf.control + connectionsOf.gateway * config.gatewayProcesses
  return undo.use(await startEmbeddedPostgres({ dataDir: config.dataDir, log, clock, connectionsMax })).connection
}

export function openGateway(foundation: Foundation, process: number, siblings?: Siblings): Promise<Gateway> {
  const {
    config,
    version,
    db,
    authenticator,
    providers,
    rules,
    boundaryCalls,
    tracing,
    source,
    https,
    clock,
    log,
    metrics,
  } = foundation
  return createGateway({
    config: config.bridge,
    providers,
    policy: rules.policy,
    boundaries: boundaryCalls,
    self: { process, version },
    ...(siblings === undefined ? {} : { siblings }),
    db,
    journalDir: join(config.dataDir, journalName(process)),
    maskingKeyFile: join(config.dataDir, 'masking-key'),
    authenticate: authenticator.authenticate,
    sourceAddress: source,
    ownHeaders: securityHeaders('data', https),
    clock,
    log,
    metrics,
    tracing,
  })
}

export function urlOf(config: Config, port: number): string {
  const scheme = config.tls === null ? 'http' : 'https'
  return config.accessUrl ?? `${scheme}://${placeOf(config).host}:${port}`
}

export const offeredNames = ({ providers }: Foundation): string[] =>
  [...providers.current()].filter(([, { missing, scripted }]) => missing === null && !scripted).map(([name]) => name)

/** Null where metrics are not served. */
export async function openMetrics(
  undo: AsyncDisposableStack,
  { prometheus: address }: Config,
  metrics: Registry,
  shown: ShownMetrics = metrics,
): Promise<string | null> {
  if (address === null) return null
  collectDefaultMetrics({ register: metrics })
  try {
    const { port } = undo.use(await serveMetrics(shown, address))
    return `http://${address.host}:${port}/metrics`
  } catch (thrown) {
    throw explain(thrown, address, '--prometheus-address')
  }
}
