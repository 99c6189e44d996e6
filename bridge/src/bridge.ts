import type { IncomingMessage } from 'node:http'
import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import { begin } from './begin.ts'
import { createBodyMemory } from './bodies.ts'
import { collectBody } from './collect-body.ts'
import { about, type About, type BridgeEvent, type Exchange, finished, type Upgrade } from './exchange.ts'
import { takeIn } from './intake.ts'
import type { Limits } from './limits.ts'
import { createOpenList } from './open-list.ts'
import type { Masker } from './masking/masker.ts'
import { gatekeeperOf } from './gate/gatekeeper.ts'
import { denyModel } from './gate/model-decision.ts'
import type { Policy } from './policy.ts'
import type { ProviderStanding } from './provider-standing.ts'
import type { Provider } from './providers/provider.ts'
import { type Decision, type Recorder, type Recording, type StartFacts, unrecorded } from './recorder.ts'
import { errorTypeOf, outcomeOf, writeAnswer } from './refuse.ts'
import type { Relay } from './relay.ts'
import { type Routed, routeRequest, wireAt } from './routes.ts'
import { noting, refuseOthers, type StoredObjects } from './stored/stored-objects.ts'
import type { Standing } from './standing.ts'
import { createUpstreams } from './upstreams.ts'
import type { Tracer } from './tracer.ts'
import { createSockets, goOnOverHttp } from './websocket/sockets.ts'
import type { Refusal, WireFormat } from './wire/wire-format.ts'

export interface BridgeOptions {
  /** By name, as they are now: asked for with every request, so that they may change while the bridge runs. */
  readonly providers: () => ReadonlyMap<string, Provider>
  readonly recorder: Recorder
  readonly stored: StoredObjects
  readonly policy: Policy
  /** Null keeps what was sent as it is. */
  readonly masker: Masker | null
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => Uuid
  readonly tracer: Tracer
  readonly observe: (event: BridgeEvent) => void
  readonly limits: Limits
}

export interface Bridge {
  /** Whether this request may only be handled for somebody. False for the few probes that carry no credential. */
  needsActor(request: { readonly providerName: string; readonly method: string; readonly path: string }): boolean
  /** In which format a request is turned away before it gets here. */
  wireOf(asking: Asking): WireFormat
  /** Answers the request and resolves when nothing of it is left: answered or cut, its record ended. Never rejects. */
  handle(exchange: Exchange): Promise<void>
  readonly inFlight: number
  /** WebSockets that are open, whether anything is asked over them or not. */
  readonly sockets: number
  /** How the keys of each provider do, by its name. */
  countKeys(): ReadonlyMap<string, ReturnType<Standing['countKeys']>>
  /** How many models of each provider are left alone or tried, by its name. */
  countBreakers(): ReadonlyMap<string, ReturnType<Standing['countBreakers']>>
  /** How each provider does: its keys, its models and what is under way there. */
  standings(): readonly ProviderStanding[]
  /** Closes the WebSockets over which nothing is asked, and the others as soon as they have their answer. */
  stopSockets(): void
  /** Takes nothing new, waits for what is open, and interrupts what is left of it after `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>
}

type Asking = Pick<Exchange, 'providerName' | 'path'>

/** A request whose answer is on its way, and what is told of it at the end. */
interface Asked {
  readonly relay: Relay
  readonly told: About | null
}

/** What closing needs to know of an exchange. */
interface OpenExchange {
  readonly req: IncomingMessage
  relay: Relay | null
}

/** What a record ends with whose request the provider never saw. */
interface Concluded {
  readonly cameMs: number
  readonly decisions: readonly Decision[]
}

/** The LLM gateway as a library: it knows providers, actors as bundles of ids, and somebody who keeps the record. */
export function createBridge(options: BridgeOptions): Bridge {
  const { providers, recorder, stored, policy, masker, clock, log, newId, tracer, observe, limits } = options
  const bodies = createBodyMemory(limits.rememberedBytes)
  const upstreams = createUpstreams({ limits, clock, log, observe, tracer })
  const open = createOpenList<OpenExchange>()
  let closing = false
  const sockets = createSockets({
    recorder,
    stored,
    policy,
    masker,
    bodies,
    standing: upstreams.standing,
    clock,
    log,
    newId,
    tracer,
    observe,
    limits,
  })
  const upgraded = new Set<Promise<void>>()
  let allDone = (): void => {}

  /** The life of one request. */
  async function live(exchange: Exchange, entry: OpenExchange): Promise<void> {
    const cameMs = clock.monotonicMs()
    const asked = await receive(exchange, cameMs)
    if (asked === null) return
    entry.relay = asked.relay
    const summary = await asked.relay.finished
    if (asked.told === null) return
    if (!summary.recorded) observe({ kind: 'unrecorded', providerName: asked.told.providerName, step: 'end' })
    observe(finished(asked.told, summary, clock.monotonicMs() - cameMs))
  }

  /**
   * Up to the moment when the provider has been asked; null when it never is. Only what is in here holds the body, so
   * that an answer which takes minutes does not keep it in memory.
   */
  async function receive(exchange: Exchange, cameMs: number): Promise<Asked | null> {
    const startedAt = clock.now()
    const { req, res, actor, sourceIp } = exchange
    const routed = findRoute(exchange.providerName, req.method ?? '', exchange.path)
    if (routed === null) {
      const { providerName } = exchange
      if (providers().has(providerName)) log.debug({ provider: providerName }, 'route not supported')
      return refuse(exchange, { reason: 'not_found', message: 'There is no such route here.' })
    }
    if (closing) return refuse(exchange, { reason: 'unavailable', message: 'Reeve is stopping.', retryAfterSeconds: 5 })
    if (carriesToken(routed, exchange)) return refuse(exchange, tokenInUrl)
    const { kind } = routed.route
    if (kind === null) {
      const relay = upstreams.ask({
        exchange,
        routed,
        model: null,
        body: null,
        sent: null,
        recording: unrecorded,
        keeper: null,
        interceptionId: null,
        trace: null,
        cameMs,
        readyMs: cameMs,
      })
      return { relay, told: null }
    }
    if (actor === null) return refuse(exchange, { reason: 'unauthenticated', message: 'A Reeve token is needed here.' })

    const collected = await collectBody(req, res, limits)
    const readyMs = clock.monotonicMs()
    const intake = takeIn({ ...exchange, actor }, routed, collected, { bodies, masker })
    const start: StartFacts = {
      ...intake.facts,
      provider: routed.provider.type,
      providerName: routed.provider.name,
      route: kind,
      credentialKind: exchange.own === null ? 'centralized' : 'byok',
      credentialHint: (exchange.own ?? routed.provider.keys[0])?.secret.hint() ?? '',
      id: newId(),
      actor,
      startedAt,
      sourceIp,
      boundary: exchange.boundary ?? null,
      trace: tracer.begin(req.headers),
    }
    const told = about(start)
    const recording = await begin(start, { recorder, log, observe })
    if (recording === null) return refuse(exchange, unrecordable)
    if (intake.remember !== null) {
      const { key, body, shared } = intake.remember
      bodies.remember(key, { ...body, interceptionId: start.id }, shared)
    }

    const use = {
      actor,
      providerName: start.providerName,
      interceptionId: start.id,
      sourceIp,
      userAgent: start.userAgent,
    }
    const concluded = (refusal: Refusal | null, decisions: readonly Decision[] = []): Promise<null> =>
      conclude(exchange, routed.route.wire, recording, refusal, { ...told, cameMs, decisions })
    const refusal = intake.refusal ?? (await refuseOthers(stored, use, routed, intake))
    if (refusal !== null || res.destroyed) return concluded(refusal)
    const denied = denyModel(policy, start, { clock, log, observe })
    if (denied !== null) return concluded(denied.refusal, [denied.decision])
    const closed = upstreams.admit(routed.provider, start.model, exchange.own === null)
    if (closed !== null) return concluded(closed)
    const relay = upstreams.ask({
      exchange,
      routed,
      model: start.model,
      body: intake.body,
      sent: intake.sent,
      recording: noting(stored, use, routed, intake, recording),
      keeper: gatekeeperOf(policy, start, routed, { limits, clock, log, observe }),
      interceptionId: start.id,
      trace: start.trace,
      cameMs,
      readyMs,
    })
    return { relay, told }
  }

  /** Ends a record that was begun for a request which the provider never sees. */
  async function conclude(
    exchange: Exchange,
    wire: WireFormat,
    recording: Recording,
    refusal: Refusal | null,
    { cameMs, decisions, ...told }: About & Concluded,
  ): Promise<null> {
    const { res } = exchange
    const { interceptionId: id } = told
    const answer = refusal === null || res.destroyed ? null : wire.refusal(refusal, id)
    const durationMs = clock.monotonicMs() - cameMs
    const summary = {
      outcome: answer === null ? 'client_disconnected' : outcomeOf(refusal),
      statusCode: answer?.status ?? null,
      durationMs,
      firstByteMs: answer === null ? null : durationMs,
      gatewayMs: answer === null ? null : durationMs,
    } as const
    const why = { errorType: errorTypeOf(refusal), errorMessage: refusal?.message ?? null }
    try {
      await recording.end({
        ...summary,
        ...why,
        endedAt: clock.now(),
        providerRequestId: null,
        contentType: null,
        attempts: [],
        decisions,
      })
    } catch (thrown) {
      log.error({ interceptionId: id, error: toError(thrown).message }, 'the end of a record could not be written')
      observe({ kind: 'unrecorded', providerName: told.providerName, step: 'end' })
      res.destroy()
      return null
    }
    observe(finished(told, { ...summary, responseBytes: 0 }, durationMs))
    if (answer !== null) await writeAnswer(exchange, answer, id)
    return null
  }

  /** Answers what leaves no record. */
  async function refuse(exchange: Exchange, refusal: Refusal): Promise<null> {
    await writeAnswer(exchange, wireOf(exchange).refusal(refusal, null), null)
    return null
  }

  const ofEach = <Found>(find: (provider: Provider) => Found): ReadonlyMap<string, Found> =>
    new Map([...providers()].map(([name, provider]) => [name, find(provider)]))

  const wireOf = ({ providerName, path }: Asking): WireFormat => wireAt(providers().get(providerName), path)

  function findRoute(providerName: string, method: string, path: string): Routed | null {
    const provider = providers().get(providerName)
    return provider === undefined ? null : routeRequest(provider, method, path)
  }

  /** A request to go on over a WebSocket, which begins with a GET of what is otherwise posted to. */
  async function liveSocket(exchange: Exchange, upgrade: Upgrade): Promise<void> {
    const { actor, providerName, path } = exchange
    const routed = findRoute(providerName, 'POST', path)
    if (routed === null || routed.route.overSocket === undefined || closing) return goOnOverHttp(exchange)
    if (carriesToken(routed, exchange)) return void (await refuse(exchange, tokenInUrl))
    if (actor === null) return goOnOverHttp(exchange)
    return sockets.live({ ...exchange, actor }, upgrade, routed)
  }

  async function handleSocket(exchange: Exchange, upgrade: Upgrade): Promise<void> {
    const lives = liveSocket(exchange, upgrade).catch((thrown: unknown) => {
      log.error(
        { providerName: exchange.providerName, error: toError(thrown).stack },
        'a WebSocket failed in the bridge',
      )
      exchange.res.destroy()
    })
    upgraded.add(lives)
    await lives
    upgraded.delete(lives)
  }

  return {
    wireOf,
    needsActor: ({ providerName, method, path }) => findRoute(providerName, method, path)?.route.kind !== null,
    async handle(exchange) {
      if (exchange.upgrade !== undefined) return handleSocket(exchange, exchange.upgrade)
      const place = open.enter({ relay: null, req: exchange.req })
      try {
        await live(exchange, place.item)
      } catch (thrown) {
        log.error(
          { providerName: exchange.providerName, error: toError(thrown).stack },
          'a request failed in the bridge',
        )
        exchange.res.destroy()
      } finally {
        open.leave(place)
        if (open.items.length === 0) allDone()
      }
    },
    get inFlight() {
      return open.items.length + sockets.asked
    },
    countKeys: () => ofEach(upstreams.standing.countKeys),
    countBreakers: () => ofEach(upstreams.standing.countBreakers),
    standings: () => upstreams.standing.tell(providers().values()),
    stopSockets: sockets.stop,
    get sockets() {
      return sockets.open
    },
    async close({ graceMs }) {
      closing = true
      sockets.stop()
      const done = open.items.length === 0 ? Promise.resolve() : new Promise<void>((resolve) => (allDone = resolve))
      const timer = setTimeout(() => {
        for (const { item } of open.items.slice()) {
          if (item.relay === null) item.req.destroy()
          else item.relay.interrupt()
        }
        sockets.interrupt()
      }, graceMs)
      await Promise.all([done, ...upgraded])
      clearTimeout(timer)
      await upstreams.close()
    },
  }
}

const tokenInUrl: Refusal = { reason: 'invalid', message: 'A credential must not be part of the URL.' }
const unrecordable: Refusal = {
  reason: 'unavailable',
  message: 'The record cannot be kept at the moment, and without it nothing is sent to a model.',
  retryAfterSeconds: 5,
}

function carriesToken({ pathAndQuery }: Routed, { token, own }: Exchange): boolean {
  if (own !== null && pathAndQuery.includes(own.secret.reveal())) return true
  return token !== '' && pathAndQuery.includes(token)
}
