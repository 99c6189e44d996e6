import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Fault, type Log, type Secret, toError, uuidv7 } from '@reeve/base'
import {
  anthropicMessages,
  type Bridge,
  createBridge,
  createMasker,
  defaultLimits,
  findOwnCredential,
  type Masker,
  noActorHeaders,
  type Provider,
  type Refusal,
  type Upgrade,
  writeAnswer,
} from '@reeve/bridge'
import type { Capture } from '@reeve/sdk'
import type { Registry } from 'prom-client'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { appendAudit } from '../audit/journal.ts'
import type { Database } from '../db/database.ts'
import type { Route } from '../http/implement.ts'
import { createRateLimit, networkOf, type RateLimit } from '../http/rate-limit.ts'
import { type Journal, openJournal } from '../journal/journal.ts'
import type { Offered } from '../providers/offered.ts'
import { reservedNames } from '../providers/provider-types.ts'
import type { ProviderSource } from '../providers/source.ts'
import { type ActorHeaderNames, actorHeaders } from './actor-headers.ts'
import { contentAccess } from './content.ts'
import { findCredential } from './credential.ts'
import { type Drain, startDrain } from './drain/drain.ts'
import { type BatchFacts } from './drain/messages.ts'
import { watchEventLoop } from './event-loop.ts'
import { maskingOff } from './events.ts'
import { openMaskingKey } from './masking-key.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { type OpenStreams, watchOpenStreams } from './open-streams.ts'
import { createRecorder } from './record/recorder.ts'
import { endInterrupted } from './record/recover.ts'
import { createRefusedAttempts } from './refused-attempts.ts'
import { bridgeRoutes } from './routes.ts'
import type { BridgeStatus } from './status.ts'
import { createTurnstile, type GatewayLimits, type TurnedAway, type Turnstile } from './turnstile.ts'
import { createStoredObjects } from './stored-objects.ts'
import { watchSessions } from './watch.ts'

export interface GatewayConfig {
  readonly enabled: boolean
  readonly capture: Capture
  readonly structuredLogging: boolean
  /** Whether secrets are masked before anything is kept. */
  readonly masking: boolean
  /** Whether reading the words of other people needs a reason. */
  readonly contentReasonRequired: boolean
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
}

/** The connection of a client that wants to go on over a WebSocket, and what came behind its request. */
export type Opening = Pick<Upgrade, 'socket' | 'head'>

export interface Gateway extends AsyncDisposable {
  /** Whether a path belongs to a provider, as opposed to the management API. */
  matches(path: string): boolean
  handle(req: IncomingMessage, res: ServerResponse, upgrade?: Opening): void
  /** Lets no WebSocket go on for longer than the answer that is on its way over it. */
  stopSockets(): void
  /** Turns away what did not get past the front door, in words that the provider's clients show. */
  refuse(req: IncomingMessage, res: ServerResponse, fault: Fault): void
  readonly routes: readonly Route[]
  status(): BridgeStatus
}

const mounted = /^\/api\/v2\/(?:aibridge|ai-gateway)\/([^/?]+)(\/[^?]*)?$/
/** How long stopping waits for PostgreSQL to take the rest of the record; what it does not take stays in the journal. */
const settleMs = 5_000
/** So many refusals a minute are explained to one network; those beyond are only told to stop. */
const refusalsPerMinute = 60
/** Who mended the token need not wait long; only a refusal is ever answered with this. */
const limitedSeconds = 5
const noRetry = ['x-should-retry', 'false']

/**
 * The bridge inside the server. Opens the journal, ends what a crash left open, and only then takes requests: our
 * credential is found and checked here, and what goes on to the bridge is an actor as three ids.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, db, journalDir, authenticate, clock, log, metrics: registry } = options
  await using undo = new AsyncDisposableStack()
  const journal = undo.use(await openJournal({ dir: journalDir, clock, log }))
  await endInterrupted(journal, { clock, log })

  const eventLoop = undo.use(watchEventLoop())
  const metrics: GatewayMetrics = createGatewayMetrics(registry, () => ({
    inflight: bridge.inFlight,
    sockets: bridge.sockets,
    pendingBytes: journal.bytesAfter(drain.status().drained),
    journalBytes: journal.status().bytes,
    journalHealthy: journal.status().healthy,
    failedAppends: journal.status().failedAppends,
    drainLagSeconds: drain.status().lagSeconds,
    drainRestarts: drain.status().restarts,
    drainBlocked: drain.status().blocked,
    eventLoopDelaySeconds: eventLoop.delayMs() / 1_000,
  }))
  const onBatch = (batch: BatchFacts): void => metrics.batch(batch)
  const { structuredLogging, capture } = config
  const drain: Drain = undo.use(
    startDrain({ journal, connection: db.connection, structuredLogging, clock, log, onBatch }),
  )
  undo.defer(async () => void (await drain.settle(settleMs)))
  const mayCallModels = (actor: Actor): boolean => allows(actor, 'interception:create')
  const streams = undo.use(watchOpenStreams({ authenticate, mayCallModels, clock, log }))
  const masker = await openMasker(options)
  const watch = { durable: drain.nudge, amend: streams.amend }
  const recorder = undo.use(createRecorder({ journal, capture, masker, watch }))
  const providers = config.enabled ? options.providers.current : () => none
  const stored = undo.use(createStoredObjects({ db, clock, log, counted: metrics.foreignObject }))
  const bridge: Bridge = createBridge({
    providers: bridgeProviders(providers),
    recorder,
    stored,
    masker,
    clock,
    log,
    newId: () => uuidv7(clock.now()),
    observe: metrics.bridgeEvent,
    limits: {
      ...defaultLimits,
      bodyBytes: config.bodyBytesMax,
      connectMs: config.connectTimeoutMs,
      firstByteMs: config.firstByteTimeoutMs,
      idleMs: config.idleTimeoutMs,
    },
  })
  undo.defer(() => bridge.close({ graceMs: 0 }))
  const sessions = undo.use(await watchSessions({ db, clock, log }))
  const content = contentAccess({ db, clock, reasonRequired: config.contentReasonRequired })
  const status = (): BridgeStatus => statusOf(config, providers(), journal, drain)
  const attempts = createRefusedAttempts({ db, clock, log })
  const refusals = createRateLimit({ clock, limit: refusalsPerMinute, windowMs: 60_000 })
  const turnstile = createTurnstile({ limits: config.limits, clock, eventLoopDelayMs: eventLoop.delayMs })
  const door = { ...options, bridge, turnstile, providers, streams, metrics, attempts, refusals }

  const running = undo.move()
  return {
    matches(path) {
      const first = mounted.exec(path)?.[1]
      return first !== undefined && !reservedNames.has(first)
    },
    stopSockets: bridge.stopSockets,
    handle(req, res, upgrade) {
      enter(door, req, res, upgrade).catch((thrown: unknown) => {
        log.error({ err: toError(thrown) }, 'a request to the bridge failed')
        res.destroy()
      })
    },
    refuse(req, res, fault) {
      const message = fault.fix === undefined ? fault.message : `${fault.message}; ${fault.fix}`
      const { wire } = providers().get(mounted.exec(req.url ?? '')?.[1] ?? '')?.provider ?? { wire: anthropicMessages }
      const answer = wire.refusal({ reason: 'invalid', message }, null)
      const headers = [...answer.headers, 'connection', 'close']
      void writeAnswer({ req, res, ownHeaders: options.ownHeaders }, { ...answer, headers }, null)
    },
    routes: bridgeRoutes({ db, content, watch: sessions, status }),
    status,
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

interface Door extends Omit<GatewayOptions, 'metrics' | 'providers'> {
  readonly bridge: Bridge
  readonly turnstile: Turnstile
  readonly providers: () => ReadonlyMap<string, Offered>
  readonly streams: OpenStreams
  readonly metrics: GatewayMetrics
  readonly attempts: ReturnType<typeof createRefusedAttempts>
  readonly refusals: RateLimit
}

interface Admitted {
  readonly actor: Actor
  readonly token: string
  /** Whether the token came in a header of its own. */
  readonly apart: boolean
}

async function enter(door: Door, req: IncomingMessage, res: ServerResponse, opening?: Opening): Promise<void> {
  const target = req.url ?? ''
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  const [, providerName = '', rest = '/'] = mounted.exec(path) ?? []
  const sourceIp = door.sourceAddress(req)
  const exchange = { req, res, providerName, path: rest + query, sourceIp, ownHeaders: door.ownHeaders }
  const refuse = (refusal: Refusal, more: readonly string[] = []) => {
    const { wire } = door.providers().get(providerName)?.provider ?? { wire: anthropicMessages }
    const answer = wire.refusal(refusal, null)
    return writeAnswer(exchange, { ...answer, headers: [...answer.headers, ...more] }, null)
  }

  if (!door.config.enabled) {
    return refuse({ reason: 'not_found', message: 'The AI Bridge is switched off here (REEVE_AIBRIDGE_ENABLED).' })
  }
  if (!door.bridge.needsActor({ providerName, path: rest + query, method: req.method ?? '' })) {
    return door.bridge.handle({ ...exchange, actor: null, token: '', own: null, actorHeaders: noActorHeaders })
  }
  const turnAway = ({ why, refusal }: TurnedAway) => {
    door.metrics.refused(why)
    return refuse(refusal)
  }
  const overloaded = door.turnstile.overloaded(door.bridge.inFlight)
  if (overloaded !== null) return turnAway(overloaded)
  const admitted = await admit(door, req, query.slice(1), sourceIp)
  if ('reason' in admitted) return refuse(admitted, admitted.reason === 'limited' ? noRetry : [])
  const { actor, token, apart } = admitted
  const offered = door.providers().get(providerName)
  const own = apart && offered !== undefined ? findOwnCredential(offered.provider, req.rawHeaders, token) : null
  if (apart && !door.config.allowByok) return turnAway(noByok)
  if (own !== null && holdsReeveToken(own.secret)) return turnAway(misplaced)
  // A client would ask again for minutes, and nothing would change.
  if (offered !== undefined && offered.missing !== null && !(offered.lacksKey && own !== null)) {
    return refuse({ reason: 'unavailable', message: offered.missing }, noRetry)
  }
  const [organizationId] = actor.organizationIds
  if (organizationId === undefined) return refuse({ reason: 'forbidden', message: 'You belong to no organization.' })
  const turnstile = () => door.turnstile.enter({ userId: actor.userId, organizationId, providerName })
  const upgrade = opening && { ...opening, enter: () => counted(door, turnstile()) }
  // What is asked over a WebSocket goes through the turnstile each time; that it is open is not asking.
  const entered = upgrade === undefined ? turnstile() : { leave() {} }
  if ('why' in entered) return turnAway(entered)
  if (own !== null) door.metrics.ownCredential(providerName)
  door.streams.add(token, actor, organizationId, res)
  const ids = { userId: actor.userId, organizationId, apiKeyId: actor.apiKeyId }
  const told = actorHeaders(door.config.actorHeaders, actor)
  const upgraded = upgrade === undefined ? {} : { upgrade }
  return door.bridge
    .handle({ ...exchange, actor: ids, token, own, actorHeaders: told, ...upgraded })
    .finally(entered.leave)
}

/** What the turnstile says, as the bridge is told of it; who is turned away is counted. */
function counted(door: Door, entered: ReturnType<Turnstile['enter']>): ReturnType<Upgrade['enter']> {
  if (!('why' in entered)) return entered
  door.metrics.refused(entered.why)
  return entered.refusal
}

const noByok: TurnedAway = {
  why: 'byok',
  refusal: {
    reason: 'forbidden',
    message:
      'Credentials of your own are not allowed here (REEVE_AIBRIDGE_ALLOW_BYOK). Leave them out, and put your Reeve ' +
      'token where the key of the provider would be.',
  },
}

/** A second token of ours: as a credential of the provider's it would go out to it. */
const holdsReeveToken = (secret: Secret): boolean => secret.reveal().startsWith('rv_')
const misplaced: TurnedAway = {
  why: 'ambiguous',
  refusal: {
    reason: 'invalid',
    message: 'Another Reeve token stands where a credential of your own at the provider belongs: leave it out.',
  },
}

/**
 * Who asks, or why not. What is refused here is counted, and noted where it may be an attack. A network from which too
 * much was refused is told so, and no more is noted of it for a while; a good token passes from there as from anywhere.
 */
async function admit(
  door: Door,
  req: IncomingMessage,
  query: string,
  sourceIp: string | null,
): Promise<Admitted | Refusal> {
  const credential = findCredential(req.rawHeaders, query)
  const token = credential.kind === 'token' ? credential.token : null
  const turnAway = async (why: string, refusal: Refusal): Promise<Refusal> => {
    if (door.refusals.hit(networkOf(sourceIp)) !== null) {
      door.metrics.refused('limited')
      const message = `${refusal.message} Too many requests from this address were refused.`
      return { reason: 'limited', message, retryAfterSeconds: limitedSeconds }
    }
    door.metrics.refused(why)
    await door.attempts.note({ reason: why, token, sourceIp, userAgent: req.headers['user-agent'] ?? null })
    return refusal
  }
  if (credential.kind !== 'token') {
    const reason = credential.kind === 'missing' ? 'unauthenticated' : 'invalid'
    return turnAway(credential.kind, { reason, message: sentence(credential.message) })
  }
  let actor: Actor | null
  try {
    actor = await door.authenticate(credential.token)
  } catch (thrown) {
    door.log.warn({ err: toError(thrown) }, 'a credential cannot be checked')
    return { reason: 'unavailable', message: 'Tokens cannot be checked at the moment.', retryAfterSeconds: 1 }
  }
  if (actor === null) {
    const message = 'This token is malformed, unknown, expired or revoked, or its owner is suspended.'
    return turnAway('unauthenticated', { reason: 'unauthenticated', message })
  }
  if (!allows(actor, 'interception:create')) {
    return turnAway('scope', { reason: 'forbidden', message: 'The scope of this token does not include the gateway.' })
  }
  return { actor, token: credential.token, apart: credential.apart }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

function statusOf(
  config: GatewayConfig,
  providers: ReadonlyMap<string, Offered>,
  journal: Journal,
  drain: Drain,
): BridgeStatus {
  const kept = journal.status()
  const drained = drain.status()
  return {
    enabled: config.enabled,
    capture: config.capture,
    providers: [...providers].map(([name, { provider, baseUrl, scripted, missing }]) => ({
      name,
      type: provider.type,
      base_url: baseUrl,
      ready: missing === null,
      scripted,
      detail: missing ?? (scripted ? 'Answers from a script built into Reeve; no model is asked.' : ''),
    })),
    journal: {
      healthy: kept.healthy && drained.detail === '',
      detail: [kept.detail, drained.detail].filter((detail) => detail !== '').join(' '),
      pending_bytes: journal.bytesAfter(drained.drained),
      drain_lag_seconds: drained.lagSeconds,
    },
  }
}
