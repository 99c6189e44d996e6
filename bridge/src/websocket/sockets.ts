import type { IncomingMessage } from 'node:http'
import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import { type WebSocket, WebSocketServer } from 'ws'
import { begin as beginRecord } from '../begin.ts'
import type { BodyMemory } from '../bodies.ts'
import { about, type BridgeEvent, type Exchange, type Upgrade } from '../exchange.ts'
import { answerHeaders } from '../headers.ts'
import { takeIn } from '../intake.ts'
import type { Limits } from '../limits.ts'
import { maskFor } from '../mask.ts'
import { gatekeeperOf } from '../gate/gatekeeper.ts'
import { Hold } from '../gate/hold.ts'
import { denyModel } from '../gate/model-decision.ts'
import type { Masker } from '../masking/masker.ts'
import type { Policy } from '../policy.ts'
import type { Actor, Recorder, StartFacts } from '../recorder.ts'
import { errorTypeOf, outcomeOf, writeAnswer } from '../refuse.ts'
import type { Routed } from '../routes.ts'
import type { Standing } from '../standing.ts'
import { noting, refuseOthers, type StoredObjects } from '../stored/stored-objects.ts'
import type { Tracer } from '../tracer.ts'
import type { ToolCallFormat } from '../wire/tool-calls.ts'
import type { Refusal, WireFormat } from '../wire/wire-format.ts'
import { connectUpstream, type UpstreamSocket } from './connect.ts'
import { SocketRelay } from './socket-relay.ts'
import { Turn } from './turn.ts'

export interface SocketsParts {
  readonly recorder: Recorder
  readonly stored: StoredObjects
  readonly policy: Policy
  readonly masker: Masker | null
  readonly bodies: BodyMemory
  readonly standing: Standing
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => Uuid
  readonly tracer: Tracer
  readonly observe: (event: BridgeEvent) => void
  readonly limits: Limits
}

export interface Sockets {
  /** Answers the upgrade and resolves when the connection is closed and its records have ended. */
  live(exchange: Exchange & { readonly actor: Actor }, upgrade: Upgrade, routed: Routed): Promise<void>
  /** Connections over which somebody waits for an answer. */
  readonly asked: number
  readonly open: number
  stop(): void
  interrupt(): void
}

const unrecordable: Refusal = {
  reason: 'unavailable',
  message: 'The record cannot be kept at the moment, and without it nothing is sent to a model.',
  retryAfterSeconds: 5,
}

/** The WebSockets of all clients. */
export function createSockets(parts: SocketsParts): Sockets {
  const { limits, clock, log, standing } = parts
  const relays = new Map<SocketRelay, string>()
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.bodyBytes,
    perMessageDeflate: { threshold: 4096, concurrencyLimit: 4 },
    // A browser can put nothing but a protocol into its handshake, and none of ours comes from there.
    handleProtocols: () => false,
  })
  const answerLines = new WeakMap<IncomingMessage, readonly string[]>()
  server.on('headers', (lines, req) => lines.push(...(answerLines.get(req) ?? [])))
  let stopped = false

  function isFull(userId: string): boolean {
    if (relays.size >= limits.sockets) return true
    return [...relays.values()].filter((id) => id === userId).length >= limits.socketsOfOne
  }

  return {
    async live(exchange, upgrade, routed) {
      const format = routed.route.wire.socket
      const { res, req } = exchange
      if (format === undefined || isFull(exchange.actor.userId)) return goOnOverHttp(exchange)
      const upstream = await connectUpstream(exchange, routed, { limits, clock, standing })
      if (upstream === null) return goOnOverHttp(exchange)
      if (res.destroyed) return upstream.socket.terminate()

      const { own } = exchange
      const secrets = [...(own === null ? [] : [own.secret]), ...routed.provider.keys.map(({ secret }) => secret)]
      const mask = maskFor(secrets.map((secret) => secret.reveal()))
      const head = answerHeaders(upstream.headers, mask.text)
      const client = await new Promise<WebSocket | null>((resolve) => {
        const failed = (): void => resolve(null)
        upgrade.socket.once('close', failed)
        answerLines.set(req, headerLines([...exchange.ownHeaders, ...head.headers]))
        server.handleUpgrade(req, upgrade.socket, upgrade.head, (socket) => {
          upgrade.socket.off('close', failed)
          resolve(socket)
        })
      })
      if (client === null) return upstream.socket.terminate()
      const session: Asked['session'] = { id: null }
      const relay = new SocketRelay({
        client,
        upstream: upstream.socket,
        format,
        mask,
        limits,
        clock,
        log,
        begin: (message, made) =>
          begin(parts, exchange, upgrade, routed, { upstream, requestId: head.requestId, session, message, made }),
        ended(turn, summary, keyStatus) {
          turn.leave()
          if (keyStatus !== null && upstream.key !== null) {
            const { model } = turn.start
            standing.noteStatus(routed.provider, model, upstream.key, { status: keyStatus, retryAfterMs: null })
          }
          standing.ended(routed.provider, turn.start.model, summary ?? { outcome: 'interrupted', statusCode: null })
          tell(parts, turn, summary)
        },
      })
      relays.set(relay, exchange.actor.userId)
      if (stopped) relay.stop()
      await relay.finished
      relays.delete(relay)
    },
    get asked() {
      return [...relays.keys()].filter((relay) => relay.isAsked).length
    },
    get open() {
      return relays.size
    },
    stop() {
      stopped = true
      for (const relay of relays.keys()) relay.stop()
    },
    interrupt() {
      for (const relay of relays.keys()) relay.interrupt()
    },
  }
}

/** Codex goes on over HTTP at once when it is told so; after any other status it tries again for seconds. */
export function goOnOverHttp(exchange: Exchange): Promise<void> {
  return writeAnswer(exchange, { status: 426, headers: ['content-length', '0'], body: Buffer.alloc(0) }, null)
}

interface Asked {
  readonly upstream: UpstreamSocket
  readonly requestId: string | null
  /** What the requests over one connection are known by that name no session. */
  readonly session: { id: string | null }
  readonly message: Buffer
  readonly made: ReadonlySet<string>
}

/** Puts one request for an answer on record. Whatever keeps it from being asked ends that record again. */
async function begin(
  parts: SocketsParts,
  exchange: Exchange & { readonly actor: Actor },
  upgrade: Upgrade,
  routed: Routed,
  { upstream, requestId, session, message, made }: Asked,
): Promise<Turn | Refusal> {
  const { bodies, masker, clock, log, newId, tracer, observe, standing, stored, policy, limits } = parts
  const { actor, own, sourceIp } = exchange
  const { provider, route } = routed
  const cameMs = clock.monotonicMs()
  const startedAt = clock.now()
  const intake = takeIn(exchange, routed, { kind: 'body', bytes: message }, { bodies, masker })
  const id = newId()
  // What carries on what came before over the same connection says nothing of where it belongs.
  const clientSessionId = intake.facts.clientSessionId ?? (session.id ??= `websocket-${id}`)
  const start: StartFacts = {
    ...intake.facts,
    clientSessionId,
    streaming: true,
    id,
    actor,
    startedAt,
    sourceIp,
    boundary: exchange.boundary ?? null,
    provider: provider.type,
    providerName: provider.name,
    route: route.kind ?? 'passthrough',
    credentialKind: own === null ? 'centralized' : 'byok',
    credentialHint: (own ?? upstream.key)?.secret.hint() ?? '',
    trace: tracer.begin(exchange.req.headers),
  }
  const recording = await beginRecord(start, parts)
  if (recording === null) return unrecordable
  if (intake.remember !== null) {
    const { key, body, shared } = intake.remember
    bodies.remember(key, { ...body, interceptionId: id }, shared)
  }
  const use = { actor, providerName: provider.name, interceptionId: id, sourceIp, userAgent: start.userAgent }
  const kept = withMadeHere(stored, made)
  const entered = intake.refusal ?? upgrade.enter()
  const leave = 'leave' in entered ? entered.leave : nothing
  const refused = ('leave' in entered ? null : entered) ?? (await refuseOthers(kept, use, routed, intake))
  const denied = refused === null ? denyModel(policy, start, { clock, log, observe }) : null
  const refusal = refused ?? denied?.refusal ?? standing.admit(provider, start.model, false)
  const noted = refusal === null ? noting(kept, use, routed, intake, recording) : recording
  // The body is on record; the turn need not hold it as long as its answer takes.
  const keeper = refusal === null ? gatekeeperOf(policy, start, routed, { limits, clock, log, observe }) : null
  const hold = keeper === null ? null : new Hold({ format: messageToolCalls(route.wire), keeper, limits, clock })
  const decisions = keeper?.decisions ?? (denied === null ? [] : [denied.decision])
  const about = { start, recording: noted, clock, cameMs, providerRequestId: requestId, leave }
  const turn = new Turn({ ...about, hold, decisions })
  if (refusal === null) {
    standing.asked(provider)
    return turn
  }
  leave()
  try {
    const why = { errorType: errorTypeOf(refusal) ?? refusal.reason, errorMessage: refusal.message }
    const ending = { outcome: outcomeOf(refusal), ...why }
    tell(parts, turn, await turn.end(ending, 400))
  } catch (thrown) {
    log.error({ interceptionId: id, error: toError(thrown).message }, 'the end of a record could not be written')
    tell(parts, turn, null)
  }
  return refusal
}

function tell(
  { observe, clock }: SocketsParts,
  { start }: Turn,
  summary: Awaited<ReturnType<Turn['end']>> | null,
): void {
  if (summary === null) return observe({ kind: 'unrecorded', providerName: start.providerName, step: 'end' })
  const durationMs = clock.now().getTime() - start.startedAt.getTime()
  observe({ kind: 'finished', ...about(start), ...summary, durationMs })
}

/** What was made over this very connection may be carried on over it: the provider knows it from there only. */
function withMadeHere(stored: StoredObjects, made: ReadonlySet<string>): StoredObjects {
  return {
    verdict(use, ids) {
      const others = ids.filter((id) => !made.has(id))
      return others.length === 0 ? Promise.resolve('own') : stored.verdict(use, others)
    },
    note: (use, ids) => stored.note(use, ids),
  }
}

const nothing = (): void => {}

/** Each message is an event. */
function messageToolCalls({ toolCalls }: WireFormat): ToolCallFormat {
  const eventOf = (bytes: Buffer) => ({ event: '', data: bytes.toString('utf8'), id: null, retry: null })
  return { ...toolCalls, units: (bytes) => [{ bytes, event: eventOf(bytes) }] }
}

/** As the lines of a head. A name or value that would break out of its line is left out. */
function headerLines(pairs: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [name, value] = [pairs[i]!, pairs[i + 1]!]
    const isOurs = /^(?:sec-websocket-|content-length$)/i.test(name)
    if (!isOurs && /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      lines.push(`${name}: ${value}`)
  }
  return lines
}
