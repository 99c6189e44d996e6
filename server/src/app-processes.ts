import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '@reeve/base'
import { Registry } from 'prom-client'
import { type App, type AppOptions, openMetrics, openPostgres, urlOf } from './app.ts'
import { type Control, startControl } from './app-control.ts'
import { createEntrance, placeOf } from './app-entrance.ts'
import { layFoundation } from './app-foundation.ts'
import type { Config } from './config.ts'
import type { Connection } from './db/connection.ts'
import { openInnerListener } from './http/listener.ts'
import { joinMetrics } from './http/metrics-of-processes.ts'
import { peerHeader } from './http/relay.ts'
import type { FromProcess, Metrics, ToProcess } from './process-messages.ts'
import { startWorkers, type Workers } from './runtime/workers.ts'
import { openDataDir } from './start-data-dir.ts'
import { listenOrExplain } from './start-listener.ts'

const processFile = fileURLToPath(new URL('../../bin/run-gateway.mjs', import.meta.url))
/** Beyond the grace for open streams: to write the rest of the record. */
const endingMs = 15_000
const metricsWithinMs = 2_000

/**
 * A server in several processes. The gateway processes share the public address; each relays what is for models, over a
 * journal of its own, and passes the rest on to this one, which runs control where the server has that role. It starts
 * again whichever of them dies.
 */
export async function startProcesses(options: AppOptions & { readonly argv: readonly string[] }): Promise<App> {
  const { config, version, log } = options
  await using undo = new AsyncDisposableStack()
  const freeBytes = openDataDir(config.dataDir)
  const port = await findPort(config)
  const connection = await openPostgres(undo, options)
  const metrics = new Registry()
  const url = urlOf(config, port)
  let isReady = false
  const stopping = new AbortController()
  const control = config.roles.control
    ? await openControl(undo, options, { connection, metrics, url, isReady: () => isReady, stopping: stopping.signal })
    : null

  const pool = undo.use(
    gatewayProcesses(options, { version, port, connection, controlSocket: control?.socket ?? null }),
  )
  const joined = joinMetrics(metrics, pool.askMetrics)
  pool.onLeft(joined.left)
  const metricsUrl = await openMetrics(undo, config, metrics, joined)
  const providers = await pool.ready
  isReady = true
  log.info({ processes: config.gatewayProcesses }, 'gateway processes are up')

  const running = undo.move()
  return {
    url,
    routes: control?.routes ?? [],
    setupUrl: control?.setupUrl ?? null,
    metricsUrl,
    providers,
    isLocalOnly: placeOf(config).localOnly,
    freeBytes,
    async stop(now) {
      isReady = false
      stopping.abort()
      const cut = (): void => pool.tellAll({ kind: 'stop now' })
      now.addEventListener('abort', cut, { once: true })
      if (now.aborted) cut()
      await pool.workers.stop({ kind: 'stop' }, config.shutdownGraceMs + endingMs)
      now.removeEventListener('abort', cut)
      await running.disposeAsync()
    },
  }
}

/**
 * Told at once when it is taken, also by processes that would share it, and the same one for all where any free one was
 * asked for.
 */
async function findPort(config: Config): Promise<number> {
  const handle = () => {}
  const listener = await listenOrExplain({ address: config.http, tls: config.tls, handle }, '--http-address')
  await listener.close(0, AbortSignal.abort())
  return listener.port
}

interface ControlParts {
  readonly connection: Connection
  readonly metrics: Registry
  readonly url: string
  readonly isReady: () => boolean
  readonly stopping: AbortSignal
}

/** Control on a socket that only this user's processes reach. */
async function openControl(
  undo: AsyncDisposableStack,
  options: AppOptions,
  { connection, metrics, url, isReady, stopping }: ControlParts,
): Promise<Control & { readonly socket: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-'))
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const socket = join(folder, 'control')
  const { signal = new AbortController().signal } = options
  const peer = (headers: IncomingHttpHeaders): string | undefined => {
    const told = headers[peerHeader]
    return typeof told === 'string' ? told : undefined
  }
  const foundation = await layFoundation(undo, { ...options, metrics, connection, leads: true, signal, peer })
  const control = undo.use(await startControl({ foundation, gateway: null, url, isReady, stopping }))
  const entrance = createEntrance(options)
  entrance.open({ gateway: null, rest: control.handle, upgradeRest: control.upgrade })
  const listener = await openInnerListener(socket, entrance)
  undo.defer(() => listener.close(0, AbortSignal.abort()))
  return { ...control, socket }
}

interface Pool extends AsyncDisposable {
  readonly workers: Workers<ToProcess>
  /** The providers, when every process takes requests. */
  readonly ready: Promise<readonly string[]>
  tellAll(message: ToProcess): void
  askMetrics(): Promise<ReadonlyMap<number, Metrics>>
  onLeft(left: (number: number) => void): void
}

function gatewayProcesses(
  { config, argv, clock, log }: AppOptions & { readonly argv: readonly string[] },
  setup: {
    readonly version: string
    readonly port: number
    readonly connection: Connection
    readonly controlSocket: string | null
  },
): Pool {
  const up = Promise.withResolvers<readonly string[]>()
  const isUp = new Set<number>()
  let left: (number: number) => void = () => {}
  let gathering: { readonly metrics: Map<number, Metrics>; readonly check: () => void } | null = null

  const workers: Workers<ToProcess> = startWorkers<ToProcess>({
    file: processFile,
    args: argv,
    count: config.gatewayProcesses,
    greet: (number) => ({ kind: 'setup', setup: { ...setup, number } }),
    hear(number, given) {
      // SAFETY: our own process, which sends nothing else.
      const message = given as FromProcess
      if (message.kind === 'ready') {
        isUp.add(number)
        if (isUp.size === config.gatewayProcesses) up.resolve(message.providers)
      } else if (message.kind === 'failed') {
        const { message: why, fix } = message
        log.error({ process: number, fix }, why)
        up.reject(new Fault('unavailable', why, fix === null ? {} : { fix }))
      } else if (message.kind === 'metrics') {
        gathering?.metrics.set(number, message.metrics)
        gathering?.check()
      } else tellOthers(number, { kind: 'share', from: number, share: message.share })
    },
    left(number) {
      left(number)
      tellOthers(number, { kind: 'share', from: number, share: null })
      gathering?.check()
    },
    clock,
    log,
  })
  // Whoever waits for it hears of it.
  up.promise.catch(() => {})

  function tellOthers(number: number, message: ToProcess): void {
    for (const other of workers.numbers()) if (other !== number) workers.tell(other, message)
  }

  function askMetrics(): Promise<ReadonlyMap<number, Metrics>> {
    const metrics = new Map<number, Metrics>()
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        gathering = null
        resolve(metrics)
      }
      // One that does not answer is shown as it was the last time.
      const timer = setTimeout(finish, metricsWithinMs)
      const check = (): void => {
        if (workers.numbers().every((number) => metrics.has(number))) finish()
      }
      gathering = { metrics, check }
      for (const number of workers.numbers()) workers.tell(number, { kind: 'metrics' })
      check()
    })
  }
  let asking: ReturnType<typeof askMetrics> | null = null

  return {
    workers,
    ready: up.promise,
    tellAll: (message) => tellOthers(0, message),
    // Two who scrape at once are told the same.
    askMetrics: () => (asking ??= askMetrics().finally(() => (asking = null))),
    onLeft(next) {
      left = next
    },
    [Symbol.asyncDispose]: () => workers[Symbol.asyncDispose](),
  }
}
