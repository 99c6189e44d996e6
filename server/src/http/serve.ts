import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, Fault, type Log, Secret, toError, uuidv7 } from '@reeve/base'
import type { Endpoint } from '@reeve/sdk'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { samePower } from '../access/same-power.ts'
import {
  checkSameOrigin,
  sessionCookie,
  sessionCookieName,
  setSecurityHeaders,
  shortCookie,
  shortCookieName,
} from './browser.ts'
import { cookieValues, readCredential } from './credential.ts'
import { asFault, type Refusal, refusal, statusOf } from './faults.ts'
import { pathOf } from './front-door.ts'
import type { Answer, Route, Scope, SessionCookie } from './implement.ts'
import { type HttpMetrics, knownMethod } from './metrics.ts'
import { createRateLimit, networkOf } from './rate-limit.ts'
import { parseInput, readJsonBody, readUpload } from './read-input.ts'
import { requestSource } from './request-source.ts'
import { createRouter, type Match } from './router.ts'
import type { SourceAddress } from './source-address.ts'
import { requestSpan } from '../tracing/span.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { writeAnswer, writeEvents, writeRedirect, writeRefusal } from './write-answer.ts'

/** What `createApi` stands on. Nothing of it knows users, tokens or SQL. */
export interface ApiOptions {
  readonly routes: readonly Route[]
  readonly authenticate: (token: string) => Promise<Actor | null>
  /** Gives a browser whose session its holder has outgrown another one; null where it need not have one. */
  readonly renew: (scope: Scope) => Promise<SessionCookie>
  readonly sourceAddress: SourceAddress
  /** Origins of our own pages, the public one first. */
  readonly origins: (req: IncomingMessage) => readonly string[]
  readonly https: boolean
  readonly metrics: HttpMetrics
  /** Null where nothing is traced. */
  readonly tracing?: Pick<Tracing, 'begin' | 'add'> | null
  readonly clock: Clock
  readonly log: Log
  /** Aborts when the server stops, so that streams end. */
  readonly stopping: AbortSignal
}

const minuteMs = 60_000
const bodyDeadlineMs = 30_000
const heartbeatMs = 15_000
/** How often the credential of an open stream is looked at; the authenticator answers from its memory. */
const checkMs = 1_000

async function readBody(req: IncomingMessage, { body, upload }: Endpoint): Promise<{ body: unknown } | Refusal> {
  if (body === null) return { body: undefined }
  const deadline = AbortSignal.timeout(bodyDeadlineMs)
  return upload === null ? readJsonBody(req, deadline) : readUpload(req, upload, deadline)
}

/**
 * The management API as one function of a Node request. The steps are in the order in which they cost more and tell
 * more: route, rate, credential, permission, origin, body, schemas, handler.
 */
export function createApi(options: ApiOptions): (req: IncomingMessage, res: ServerResponse) => void {
  const { clock, log, metrics, tracing, https } = options
  const router = createRouter(options.routes)
  // An endpoint that declares `limited` is one where guessing pays.
  const guesses = createRateLimit({ clock, limit: 60, windowMs: minuteMs })
  const badTokens = createRateLimit({ clock, limit: 60, windowMs: minuteMs })
  const cookieName = sessionCookieName(https)

  return (req, res) => {
    const startMs = clock.monotonicMs()
    const startedAt = clock.now()
    const requestId = uuidv7(startedAt)
    const gone = new AbortController()
    const found = router.find(req.method ?? '', pathOf(req))
    const template = found !== null && 'route' in found ? found.route.endpoint.path : 'none'
    // Who only looks whether the server lives is not worth a trace.
    const trace = template === '/healthz' || template === '/readyz' ? null : (tracing?.begin(req.headers) ?? null)
    setSecurityHeaders(res, 'data', https)
    res.setHeader('X-Request-Id', requestId)
    res.once('close', () => {
      gone.abort()
      const durationMs = clock.monotonicMs() - startMs
      metrics.observe(req.method ?? '', template, res.statusCode, durationMs)
      if (trace === null) return
      const about = { method: knownMethod(req.method), route: template, status: res.statusCode, durationMs }
      const attributes = { 'reeve.request.id': requestId }
      tracing?.add(trace, requestSpan(trace, { ...about, startMs: startedAt.getTime(), attributes }))
    })
    const traced = trace === null ? {} : { traceId: trace.traceId }
    const lines = log.child({ requestId, ...traced, method: req.method, route: template })
    serve(req, res, found, requestId, gone.signal, lines).catch((thrown: unknown) =>
      fail(res, thrown, requestId, lines),
    )
  }

  async function serve(
    req: IncomingMessage,
    res: ServerResponse,
    found: ReturnType<typeof router.find>,
    requestId: string,
    gone: AbortSignal,
    lines: Log,
  ): Promise<void> {
    const refuse = (given: Refusal) => writeRefusal(res, given, requestId)
    if (found === null) return refuse(refusal(404, new Fault('not_found', 'there is nothing at this path')))
    if (!('route' in found)) {
      const fault = new Fault('not_found', `this path does not answer to ${req.method}`)
      return refuse(refusal(405, fault, { Allow: found.allowed.join(', ') }))
    }
    const { endpoint } = found.route
    const sourceIp = options.sourceAddress(req)
    if (endpoint.faults.includes('limited')) {
      const seconds = guesses.hit(`${endpoint.name} ${networkOf(sourceIp)}`)
      if (seconds !== null) return refuse(tooMany('too many attempts', seconds))
    }
    const credential = readCredential(req, cookieName)
    if (credential !== null && 'status' in credential) return refuse(credential)
    const actor = credential === null ? null : await options.authenticate(credential.token)
    const denied = deny(found.route, actor, credential !== null, sourceIp)
    if (denied !== null) return refuse(denied)
    const fromCookie = credential?.fromCookie === true
    const origins = options.origins(req)
    const foreign = checkSameOrigin(req, fromCookie, origins)
    if (foreign !== null) return refuse(foreign)

    if (endpoint.body !== null && req.headers.expect?.toLowerCase() === '100-continue') res.writeContinue()
    const read = await readBody(req, endpoint)
    if ('status' in read) return refuse(read)
    const input = parseInput(endpoint, { params: found.params, query: queryOf(req), body: read.body })
    const signal = AbortSignal.any([gone, options.stopping])
    const userAgent = req.headers['user-agent'] ?? null
    const scope: Scope = {
      actor,
      fromCookie,
      source: requestSource(req, { actor, fromCookie, origins }),
      credential: credential === null ? null : new Secret(credential.token),
      requestId,
      sourceIp,
      userAgent,
      signal,
      log: lines,
    }
    const cookie = (name: string): string | null => {
      const [only, ...others] = cookieValues(req.headers.cookie ?? '', shortCookieName(name, https))
      return only === undefined || others.length > 0 ? null : only
    }
    const wantsPage = req.headers.accept?.includes('text/html') === true
    const answer = await found.route.answer(input, scope, { cookie, wantsPage })
    if (scope.fromCookie === true && actor?.isOutgrown === true && !changesSession(answer)) {
      // What was asked for is done: should this fail, the next answer brings the session.
      const renewed = await options.renew(scope).catch((thrown: unknown) => {
        lines.warn({ err: toError(thrown) }, 'a session was not renewed yet')
        return null
      })
      if (renewed !== null) res.setHeader('Set-Cookie', sessionCookie(renewed, https))
    }
    await send(res, found, answer, { signal, token: credential?.token ?? null, begun: actor })
  }

  async function send(
    res: ServerResponse,
    { route: { endpoint } }: Match,
    answer: Answer,
    { signal, token, begun }: { signal: AbortSignal; token: string | null; begun: Actor | null },
  ): Promise<void> {
    if (answer.kind === 'events') {
      const isStillAllowed = async () => {
        const actor = token === null ? null : await options.authenticate(token)
        if (endpoint.permission === 'public') return true
        return actor !== null && allows(actor, endpoint.permission) && begun !== null && samePower(begun, actor)
      }
      return writeEvents(res, endpoint, answer.events, { signal, isStillAllowed, checkMs, heartbeatMs })
    }
    if (answer.kind === 'redirect') {
      const { location, cookies = [], session: kept } = answer.redirect
      const lines = cookies.map((cookie) => shortCookie(cookie, https))
      return writeRedirect(res, endpoint, location, kept === undefined ? lines : [...lines, sessionCookie(kept, https)])
    }
    const session = answer.kind === 'json' ? answer.session : undefined
    const headers = session === undefined ? {} : { 'Set-Cookie': sessionCookie(session, https) }
    return writeAnswer(res, endpoint, answer, headers)
  }

  function deny({ endpoint }: Route, actor: Actor | null, hadToken: boolean, sourceIp: string | null): Refusal | null {
    if (endpoint.permission === 'public') return null
    if (actor === null) {
      const seconds = hadToken ? badTokens.hit(networkOf(sourceIp)) : null
      if (seconds !== null) return tooMany('too many wrong tokens', seconds)
      const message = hadToken ? 'this token is unknown, expired or revoked' : 'sign in first'
      return refusal(401, new Fault('unauthenticated', message))
    }
    if (allows(actor, endpoint.permission)) return null
    const fix = `needs the permission ${endpoint.permission}, from a role and from the scope of the token`
    return refusal(403, new Fault('forbidden', 'this credential may not do that', { fix }))
  }

  function fail(res: ServerResponse, thrown: unknown, requestId: string, lines: Log): void {
    const fault = asFault(thrown)
    if (res.destroyed) return
    const facts = { code: fault.code, detail: fault.detail, err: toError(fault.cause ?? fault) }
    if (fault.code === 'internal') lines.error(facts, 'a request failed')
    else if (statusOf(fault.code) >= 500) lines.warn(facts, 'a request failed')
    if (res.headersSent) res.destroy()
    else writeRefusal(res, refusal(statusOf(fault.code), fault), requestId)
  }
}

/** What is about to say which session the browser has is not to be said twice. */
const changesSession = (answer: Answer): boolean =>
  answer.kind === 'redirect' || (answer.kind === 'json' && answer.session !== undefined)

function tooMany(message: string, seconds: number): Refusal {
  const fault = new Fault('limited', message, { fix: `try again in ${seconds} s` })
  return refusal(429, fault, { 'Retry-After': String(seconds) })
}

function queryOf(req: IncomingMessage): URLSearchParams {
  const target = req.url ?? ''
  const question = target.indexOf('?')
  return new URLSearchParams(question === -1 ? '' : target.slice(question + 1))
}
