import { readFileSync } from 'node:fs'
import { Fault, systemClock, toError } from '@reeve/base'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { openGateway, offeredNames } from './app.ts'
import { createEntrance, gatewayOnly } from './app-entrance.ts'
import { isHttps, layFoundation } from './app-foundation.ts'
import { adoptJournals } from './app-journals.ts'
import { readConfig } from './config.ts'
import type { Share, Siblings } from './gateway/siblings.ts'
import { openListener } from './http/listener.ts'
import { relayTo } from './http/relay.ts'
import type { FromProcess, ProcessSetup, ToProcess } from './process-messages.ts'
import { tuneGarbageCollection } from './runtime/garbage.ts'
import { openLog } from './start-log.ts'

/**
 * One of several gateway processes of a server. It is told what to do by the process that started it, ends when that one
 * does, and leaves signals that reach a whole group to it, so that streams have their grace.
 */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
tuneGarbageCollection()

// The process that started this one is gone.
process.on('disconnect', () => process.exit(process.exitCode ?? 0))

const starting = new AbortController()
const now = new AbortController()
const asked = Promise.withResolvers<void>()
const metrics = new Registry()
let heardShare: (from: number, share: Share | null) => void = () => {}
process.on('message', (message: ToProcess) => {
  if (message.kind === 'setup') void run(message.setup)
  else if (message.kind === 'metrics')
    void metrics.getMetricsAsJSON().then((found) => tell({ kind: 'metrics', metrics: found }))
  else if (message.kind === 'share') heardShare(message.from, message.share)
  else {
    if (message.kind === 'stop now') now.abort()
    starting.abort()
    asked.resolve()
  }
})

const siblings: Siblings = {
  tell: (share) => tell({ kind: 'share', share }),
  onShare(heard) {
    heardShare = heard
  },
}

async function run(setup: ProcessSetup): Promise<void> {
  process.title = `reeve gateway ${setup.number}`
  try {
    await serve(setup)
    process.exitCode = 0
  } catch (thrown) {
    const error = toError(thrown)
    tell({ kind: 'failed', message: error.message, fix: error instanceof Fault ? (error.fix ?? null) : null })
    process.exitCode = 1
  }
  // Nothing keeps it any more but the connection to the process that started it.
  process.disconnect?.()
}

async function serve({ number, version, port, connection, controlSocket }: ProcessSetup): Promise<void> {
  const config = readConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  })
  const opened = openLog(
    config.log.format ?? (process.stderr.isTTY ? 'text' : 'json'),
    config.log.verbose,
    process.stderr,
  )
  const log = opened.log.child({ process: number })
  const clock = systemClock
  await using undo = new AsyncDisposableStack()
  collectDefaultMetrics({ register: metrics })
  const foundation = await layFoundation(undo, {
    config,
    version,
    clock,
    log,
    metrics,
    connection,
    leads: false,
    signal: starting.signal,
  })
  const gateway = undo.use(await openGateway(foundation, number, siblings))
  if (number === 1) undo.use(adoptJournals(foundation))
  const control = controlSocket === null ? null : undo.use(relayTo(controlSocket, { https: isHttps(config), clock }))
  let isReady = true
  const entrance = createEntrance({ config, clock })
  const rest = control?.handle ?? gatewayOnly({ config, clock, isReady: () => isReady })
  entrance.open({ gateway, rest, ...(control === null ? {} : { upgradeRest: control.upgrade }) })
  // Last: as long as nobody listens here, connections go to the other processes. The kernel hands them out, so that those
  // of a process that dies are reset, and no client waits for an answer that nobody is going to give.
  const address = { host: config.http.host, port }
  const listener = await openListener({ address, isShared: true, tls: config.tls, ...entrance })
  opened.announced()
  tell({ kind: 'ready', providers: offeredNames(foundation) })
  await asked.promise
  isReady = false
  gateway.stopSockets()
  await listener.close(config.shutdownGraceMs, now.signal)
}

function tell(message: FromProcess): void {
  process.send?.(message, undefined, undefined, () => {})
}
