import { Readable } from 'node:stream'
import { attemptSpanId, type Clock, type Log, type Secret, toError, type TraceContext, traceHeaders } from '@reeve/base'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { ask } from './asking.ts'
import { endWhilePaused } from './end-while-paused.ts'
import type { BridgeEvent, Exchange } from './exchange.ts'
import { upstreamHeaders } from './headers.ts'
import type { Gatekeeper } from './gate/gatekeeper.ts'
import type { Intake } from './intake.ts'
import type { Limits } from './limits.ts'
import { type Mask, maskFor } from './mask.ts'
import type { ProviderKey } from './pool/pool.ts'
import { type Connect, credentialFor, type Provider } from './providers/provider.ts'
import { postOver } from './post.ts'
import type { Attempt, Recording } from './recorder.ts'
import type { OwnCredential } from './own-credential.ts'
import { Relay } from './relay.ts'
import type { Routed } from './routes.ts'
import { createStanding, type Standing } from './standing.ts'
import { NoCredential } from './upstream-failure.ts'
import type { Tracer } from './tracer.ts'
import type { Refusal } from './wire/wire-format.ts'

export interface Upstreams {
  /** Why a provider is not to be asked for this model now; null when it may be, and then it has to be. */
  admit(provider: Provider, model: string, withKey: boolean): Refusal | null
  /** Sends the request on and gives back the relay that its answer comes through. */
  ask(question: Question): Relay
  readonly standing: Standing
  close(): Promise<void>
}

export interface Question {
  readonly exchange: Exchange
  readonly routed: Routed
  /** As asked for; null for what was not admitted and need not be. */
  readonly model: string | null
  /** Null when there is none. */
  readonly body: Buffer | null
  /** What is sent in place of path and body; null where that is nothing else. */
  readonly sent: Intake['sent']
  readonly recording: Recording
  readonly keeper: Gatekeeper | null
  readonly interceptionId: string | null
  readonly trace: TraceContext | null
  readonly cameMs: number
  readonly readyMs: number
}

/** A larger body is not held until its answer is complete. */
const heldBytesMax = 16 * 1024

/** undici holds on to a buffer for as long as the answer takes; this lets go of it once it was read. */
function sentOnce(body: Buffer, onRead: () => void): Readable {
  let left: Buffer | null = body
  const stream = new Readable({
    highWaterMark: 0,
    read() {
      const bytes = left
      left = null
      onRead()
      this.push(bytes)
    },
  })
  // When the connection fails the relay hears of it; that the body was not sent is no news.
  return stream.on('error', () => {})
}

/** Stands for the connection that there never was. */
const notConnected: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
}

/** A secret, and the parts of one that has several: a provider that repeats it repeats a part. */
function revealed(secret: Secret): readonly string[] {
  const value = secret.reveal()
  return [...new Set([value, ...value.split(':')])]
}

export interface UpstreamsParts {
  readonly limits: Limits
  readonly clock: Clock
  readonly log: Log
  readonly observe: (event: BridgeEvent) => void
  readonly tracer: Tracer
}

/** The connections to all providers. */
export function createUpstreams({ limits, clock, log, observe, tracer }: UpstreamsParts): Upstreams {
  // A bound on connections would queue requests without a word. The watchdogs over answers are the relay's.
  const agentWith = (connect: Connect): Agent =>
    new Agent({
      pipelining: 1,
      keepAliveTimeout: 60_000,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      connect: endWhilePaused(connect),
    })
  const anywhere = agentWith(buildConnector({ timeout: limits.connectMs }))
  const others = new Map<Connect, Agent>()
  const agentOf = ({ connect }: Provider): Agent => {
    if (connect === undefined) return anywhere
    const known = others.get(connect)
    if (known !== undefined) return known
    const agent = agentWith(connect)
    others.set(connect, agent)
    return agent
  }
  const masks = new WeakMap<readonly ProviderKey[], Mask>()
  const maskOf = ({ keys }: Provider): Mask => {
    const known = masks.get(keys)
    if (known !== undefined) return known
    const mask = maskFor(keys.flatMap(({ secret }) => revealed(secret)))
    masks.set(keys, mask)
    return mask
  }
  /** One user's credential is in his own exchange only. */
  const maskWith = (provider: Provider, own: OwnCredential | null): Mask =>
    own === null
      ? maskOf(provider)
      : maskFor([own.secret, ...provider.keys.map(({ secret }) => secret)].flatMap(revealed))
  const standing = createStanding({ clock, observe })

  return {
    admit: standing.admit,
    standing,
    ask({ exchange, routed, model, body, sent, recording, keeper, interceptionId, trace, cameMs, readyMs }) {
      const { req, res, token, own, actorHeaders, ownHeaders } = exchange
      const { provider, route } = routed
      const pathAndQuery = sent === null ? routed.pathAndQuery : provider.upstreamPath(sent.path)
      const attempts: Attempt[] = []
      const relay = new Relay({
        req,
        res,
        ownHeaders,
        recording,
        wire: route.wire,
        mask: maskWith(provider, own),
        limits,
        clock,
        log,
        attempts,
        keeper,
        interceptionId,
        cameMs,
        readyMs,
      })
      // A route that needs nobody behind it gets no credential either.
      const isProbe = route.kind === null
      const ownHeader = isProbe || own === null ? [] : own.header
      const leftOut = [...actorHeaders.names, ...(sent?.leftOut ?? [])]
      const post = postOver(agentOf(provider), limits.connectMs)
      let held = sent?.body ?? body
      let sends = 0
      const send = (key: ProviderKey | null, handler: Dispatcher.DispatchHandler): void => {
        const request = { method: route.method, pathAndQuery, body: held, at: clock.now() }
        const credential = key === null ? ownHeader : credentialFor(provider, key.secret, request, post)
        if (!(credential instanceof Promise)) return dispatch(credential, handler)
        const failed = (thrown: unknown): void => {
          log.warn({ providerName: provider.name, error: toError(thrown).message }, 'a provider has no credential')
          handler.onResponseError?.(notConnected, new NoCredential())
        }
        credential.then((pairs) => dispatch(pairs, handler), failed)
      }
      const dispatch = (credential: readonly string[], handler: Dispatcher.DispatchHandler): void => {
        const traced =
          tracer.passedOn && trace !== null ? traceHeaders(trace, attemptSpanId(trace.spanId, sends++)) : []
        const added = isProbe ? credential : [...credential, ...actorHeaders.pairs, ...(sent?.added ?? []), ...traced]
        const headers = upstreamHeaders(req.rawHeaders, token, added, leftOut)
        let bytes: Buffer | Readable | null = held
        if (held !== null && held.length >= heldBytesMax) {
          headers.push('content-length', String(held.length))
          // Once one byte of it was read there is a connection, and only another key would make it be sent again.
          bytes = sentOnce(held, () => {
            if (own !== null || provider.keys.length < 2) held = null
          })
        }
        agentOf(provider).dispatch(
          { origin: provider.origin, path: pathAndQuery, method: route.method, headers, body: bytes },
          handler,
        )
      }
      ask({
        relay,
        answerTo: route.translation?.answer(relay, limits) ?? relay,
        providerName: provider.name,
        limits,
        clock,
        observe,
        attempts,
        ownHint: own?.secret.hint() ?? '',
        takeKey: (tried) => (isProbe || own !== null ? null : standing.takeKey(provider, model ?? '', tried)),
        noteStatus: (key, answer) => standing.noteStatus(provider, model ?? '', key, answer),
        send,
        settled: () => (held = null),
      })
      if (model !== null) {
        standing.asked(provider)
        void relay.finished.then((summary) => standing.ended(provider, model, summary))
      }
      return relay
    },
    async close() {
      await Promise.all([anywhere, ...others.values()].map((agent) => agent.destroy()))
    },
  }
}
