import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Fault, type Log, toError, uuidv7 } from '@reeve/base'
import {
  type Bridge,
  createBridge,
  createMasker,
  defaultLimits,
  type Masker,
  noTracer,
  type Policy,
  type Provider,
  writeAnswer,
} from '@reeve/bridge'
import type { Capture } from '@reeve/sdk'
import type { Registry } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import { createRateLimit } from '../http/rate-limit.ts'
import { type Journal, openJournal } from '../journal/journal.ts'
import type { Offered } from '../providers/offered.ts'
import type { ProviderSource } from '../providers/source.ts'
import type { ActorHeaderNames } from './actor-headers.ts'
import { type Door, enter, isBridgePath, mounted, type Opening } from './door.ts'
import { type Drain, startDrain } from './drain/drain.ts'
import { type BatchFacts } from './drain/messages.ts'
import { watchRoom } from './disk-room.ts'
import { logEvents } from './event-log.ts'
import { watchEventLoop } from './event-loop.ts'
import { maskingOff } from './events.ts'
import { type GatewayPulse, startHeartbeat } from './heartbeat.ts'
import { openMaskingKey } from './masking-key.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { watchOpenStreams } from './open-streams.ts'
import { createRecorder } from './record/recorder.ts'
import { endInterrupted } from './record/recover.ts'
import { createRefusedAttempts } from './refused-attempts.ts'
import type { Siblings } from './siblings.ts'
import { type BridgeStatus, bridgeStatus } from './status.ts'
import { createTurnstile, type GatewayLimits } from './turnstile.ts'
import { createStoredObjects } from './stored-objects.ts'
import type { Tracing } from '../tracing/tracing.ts'

export interface GatewayConfig {
  readonly enabled: boolean
  readonly capture: Capture
  readonly structuredLogging: boolean
  /** Whether secrets are masked before anything is kept. */
  readonly masking: boolean
  readonly bodyBytesMax: number
  readonly connectTimeoutMs: number
  readonly firstByteTimeoutMs: number
  readonly idleTimeoutMs: number
  /** Whether users may bring a credential of their own. */
  readonly allowByok: boolean
  readonly limits: GatewayLimits
  readonly actorHeaders: ActorHeaderNames
}

export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly providers: ProviderSource
  /** What an actor may not do, as it is known here at this moment. */
  readonly policy: Policy
  /** What the list of gateways calls it. */
  readonly self: { readonly process: number; readonly version: string }
  /** With which it keeps to the limits of this machine together; there may be none. */
  readonly siblings?: Siblings
  readonly db: Database
  readonly journalDir: string
  /** Where the key of the masks' fingerprints lies, or is put. */
  readonly maskingKeyFile: string
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly sourceAddress: (req: IncomingMessage) => string | null
  /** Names and values that stand on every answer, the provider's included. */
  readonly ownHeaders: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Registry
  /** Null where nothing is traced. */
  readonly tracing: Tracing | null
  readonly boundaries?: NonNullable<Door['boundaries']>
}

export interface Gateway extends AsyncDisposable {
  matches(path: string): boolean
  handle(req: IncomingMessage, res: ServerResponse, upgrade?: Opening): void
  /** Lets no WebSocket go on for longer than the answer that is on its way over it. */
  stopSockets(): void
  /** Turns away what did not get past the front door, in words that the provider's clients show. */
  refuse(req: IncomingMessage, res: ServerResponse, fault: Fault): void
  status(): BridgeStatus
}

/** How long stopping waits for PostgreSQL to take the rest of the record; what it does not take stays in the journal. */
const settleMs = 5_000
/** So many refusals a minute are explained to one network; those beyond are only told to stop. */
const refusalsPerMinute = 60

/**
 * The bridge inside the server. Opens the journal, ends what a crash left open, and only then takes requests: our
 * credential is found and checked here, and what goes on to the bridge is an actor as three ids.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, db, journalDir, authenticate, clock, log, metrics: registry, tracing } = options
  await using undo = new AsyncDisposableStack()
  const journal = undo.use(await openJournal({ dir: journalDir, clock, log }))
  await endInterrupted(journal, { clock, log })
  const masker = await openMasker(options)

  const eventLoop = undo.use(watchEventLoop())
  const freeBytes = watchRoom(journalDir)
  const metrics: GatewayMetrics = createGatewayMetrics(registry, () => ({
    inflight: bridge.inFlight,
    sockets: bridge.sockets,
    pendingBytes: journal.bytesAfter(drain.status().drained),
    journalBytes: journal.status().bytes,
    freeBytes: freeBytes(),
    journalHealthy: journal.status().healthy,
    failedAppends: journal.status().failedAppends,
    drainLagSeconds: drain.status().lagSeconds,
    drainRestarts: drain.status().restarts,
    drainBlocked: drain.status().blocked,
    eventLoopDelaySeconds: eventLoop.delayMs() / 1_000,
    keys: bridge.countKeys,
    breakers: bridge.countBreakers,
  }))
  const onBatch = (batch: BatchFacts): void => metrics.batch(batch)
  const { structuredLogging, capture } = config
  const drain: Drain = undo.use(
    startDrain({ journal, connection: db.connection, structuredLogging, tracing, clock, log, onBatch }),
  )
  const pulse = (): GatewayPulse => ({
    ...pulseOf(journal, drain),
    openRequests: bridge.inFlight,
    standings: bridge.standings(),
  })
  undo.use(startHeartbeat({ ...options.self, db, replicaId: journal.replicaId, pulse, clock, log }))
  undo.defer(async () => void (await drain.settle(settleMs)))
  const mayCallModels = (actor: Actor): boolean => allows(actor, 'interception:create')
  const streams = undo.use(watchOpenStreams({ authenticate, mayCallModels, clock, log }))
  const watch = { durable: drain.nudge, amend: streams.amend }
  const recorder = undo.use(createRecorder({ journal, capture, masker, watch }))
  const providers = config.enabled ? options.providers.current : () => none
  const stored = undo.use(createStoredObjects({ db, clock, log, counted: metrics.foreignObject }))
  const note = logEvents(log)
  const bridge: Bridge = createBridge({
    providers: bridgeProviders(providers),
    recorder,
    stored,
    policy: options.policy,
    masker,
    clock,
    log,
    newId: () => uuidv7(clock.now()),
    tracer: tracing === null ? noTracer : { begin: tracing.begin, passedOn: tracing.settings.passedOn },
    observe(event) {
      metrics.bridgeEvent(event)
      note(event)
    },
    limits: {
      ...defaultLimits,
      bodyBytes: config.bodyBytesMax,
      connectMs: config.connectTimeoutMs,
      firstByteMs: config.firstByteTimeoutMs,
      idleMs: config.idleTimeoutMs,
    },
  })
  undo.defer(() => bridge.close({ graceMs: 0 }))
  const attempts = createRefusedAttempts({ db, clock, log })
  const refusals = createRateLimit({ clock, limit: refusalsPerMinute, windowMs: 60_000 })
  const turnstile = undo.use(
    createTurnstile({
      limits: config.limits,
      clock,
      eventLoopDelayMs: eventLoop.delayMs,
      ...(options.siblings === undefined ? {} : { siblings: options.siblings }),
    }),
  )
  const door: Door = { ...options, bridge, turnstile, providers, streams, metrics, attempts, refusals }

  const running = undo.move()
  return {
    matches: isBridgePath,
    stopSockets: bridge.stopSockets,
    handle(req, res, upgrade) {
      enter(door, req, res, upgrade).catch((thrown: unknown) => {
        log.error({ err: toError(thrown) }, 'a request to the bridge failed')
        res.destroy()
      })
    },
    refuse(req, res, fault) {
      const message = fault.fix === undefined ? fault.message : `${fault.message}; ${fault.fix}`
      const [, providerName = '', path = '/'] = mounted.exec(req.url ?? '') ?? []
      const answer = bridge.wireOf({ providerName, path }).refusal({ reason: 'invalid', message }, null)
      const headers = [...answer.headers, 'connection', 'close']
      void writeAnswer({ req, res, ownHeaders: options.ownHeaders }, { ...answer, headers }, null)
    },
    status: () => bridgeStatus(config, providers(), journalState(pulseOf(journal, drain))),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

const none: ReadonlyMap<string, Offered> = new Map()

/** What the bridge needs of them, made anew only when they are others. */
function bridgeProviders(current: () => ReadonlyMap<string, Offered>): () => ReadonlyMap<string, Provider> {
  let of: ReadonlyMap<string, Offered> = none
  let made: ReadonlyMap<string, Provider> = new Map()
  return () => {
    const now = current()
    if (now === of) return made
    of = now
    made = new Map([...now].map(([name, { provider }]) => [name, provider]))
    return made
  }
}

/** Null where masking is switched off, which the audit log then says of each start. */
async function openMasker({ config, db, clock, log, maskingKeyFile }: GatewayOptions): Promise<Masker | null> {
  if (config.masking) return createMasker(openMaskingKey(maskingKeyFile))
  log.warn({}, 'secrets are recorded as they come: masking is switched off (REEVE_AIBRIDGE_MASKING)')
  const at = clock.now()
  const scope = { actor: null, requestId: uuidv7(at), sourceIp: null, userAgent: null }
  await db.transaction((tx) => appendAudit(tx, maskingOff(scope, at)))
  return null
}

function pulseOf(journal: Journal, drain: Drain): Omit<GatewayPulse, 'openRequests' | 'standings'> {
  const kept = journal.status()
  const drained = drain.status()
  return {
    healthy: kept.healthy && drained.detail === '',
    detail: [kept.detail, drained.detail].filter((detail) => detail !== '').join(' '),
    journalSeq: journal.durable().seq,
    pendingBytes: journal.bytesAfter(drained.drained),
    drainLagSeconds: drained.lagSeconds,
  }
}

function journalState({ healthy, detail, pendingBytes, drainLagSeconds }: ReturnType<typeof pulseOf>) {
  return { healthy, detail, pending_bytes: pendingBytes, drain_lag_seconds: drainLagSeconds }
}
