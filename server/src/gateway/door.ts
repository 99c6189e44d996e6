import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type Log, type Secret, toError, type Uuid } from '@reeve/base'
import {
  type BoundaryCall,
  type Bridge,
  findOwnCredential,
  noActorHeaders,
  type Refusal,
  type Upgrade,
  writeAnswer,
} from '@reeve/bridge'
import type { Actor } from '../access/actor.ts'
import { allows } from '../access/policy.ts'
import { networkOf, type RateLimit } from '../http/rate-limit.ts'
import type { Offered } from '../providers/offered.ts'
import { reservedNames } from '../providers/provider-types.ts'
import type { Tracing } from '../tracing/tracing.ts'
import { type ActorHeaderNames, actorHeaders } from './actor-headers.ts'
import { findCredential } from './credential.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { OpenStreams } from './open-streams.ts'
import { traceRefusal } from './refusal-span.ts'
import type { createRefusedAttempts, RefusedAttempt } from './refused-attempts.ts'
import type { TurnedAway, Turnstile } from './turnstile.ts'

/** The connection of a client that wants to go on over a WebSocket, and what came behind its request. */
export type Opening = Pick<Upgrade, 'socket' | 'head'>

export const mounted = /^\/api\/v2\/(?:aibridge|ai-gateway)\/([^/?]+)(\/[^?]*)?$/
/** Who mended the token need not wait long; only a refusal is ever answered with this. */
const limitedSeconds = 5
const noRetry = ['x-should-retry', 'false']

/** Whether a path belongs to a provider, as opposed to the management API. */
export function isBridgePath(path: string): boolean {
  const first = mounted.exec(path)?.[1]
  return first !== undefined && !reservedNames.has(first)
}

/** What stands between a request and the bridge. */
export interface Door {
  readonly config: {
    readonly enabled: boolean
    readonly allowByok: boolean
    readonly actorHeaders: ActorHeaderNames
  }
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly sourceAddress: (req: IncomingMessage) => string | null
  readonly ownHeaders: readonly string[]
  readonly clock: Clock
  readonly log: Log
  readonly tracing: Tracing | null
  readonly bridge: Bridge
  readonly turnstile: Turnstile
  readonly providers: () => ReadonlyMap<string, Offered>
  readonly streams: OpenStreams
  readonly metrics: GatewayMetrics
  readonly attempts: ReturnType<typeof createRefusedAttempts>
  readonly refusals: RateLimit
  /** Which boundary a request came out of; not there where boundaries are not known. */
  readonly boundaries?: {
    read(req: IncomingMessage, path: string, actor: Actor): Promise<Origin | null>
    isRequired(organizationId: Uuid): boolean
  }
}

interface Origin {
  readonly call: BoundaryCall
  /** In which it is proven to run. */
  readonly workspaceId: Uuid | null
}

interface Admitted {
  readonly actor: Actor
  readonly token: string
  /** Whether the token came in a header of its own. */
  readonly apart: boolean
}

/** Lets a request in, or answers why not. */
export async function enter(door: Door, req: IncomingMessage, res: ServerResponse, opening?: Opening): Promise<void> {
  const cameAt = door.clock.now()
  const target = req.url ?? ''
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  const [, providerName = '', rest = '/'] = mounted.exec(path) ?? []
  const sourceIp = door.sourceAddress(req)
  const exchange = { req, res, providerName, path: rest + query, sourceIp, ownHeaders: door.ownHeaders }
  const refuse = (refusal: Refusal, more: readonly string[] = []) => {
    const answer = door.bridge.wireOf(exchange).refusal(refusal, null)
    traceRefusal(door, req, { cameAt, status: answer.status, reason: refusal.reason })
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
  const refuseSuspect = (refusal: Refusal) => refuse(refusal, refusal.reason === 'limited' ? noRetry : [])
  if ('reason' in admitted) return refuseSuspect(admitted)
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
  const origin = (await door.boundaries?.read(req, path, actor)) ?? null
  const boundary = origin?.call ?? null
  if (isElsewhere(actor, origin)) {
    const attempt = { token, sourceIp, boundarySessionId: boundary?.sessionId ?? null }
    return refuseSuspect(await turnAwaySuspect(door, req, attempt, otherWorkspace))
  }
  if (boundary?.verified !== true && door.boundaries?.isRequired(organizationId) === true) return turnAway(unbounded)
  const turnstile = () => door.turnstile.enter({ userId: actor.userId, organizationId, providerName })
  const upgrade = opening && { ...opening, enter: () => counted(door, turnstile()) }
  // What is asked over a WebSocket goes through the turnstile each time; that it is open is not asking.
  const entered = upgrade === undefined ? turnstile() : { leave() {} }
  if ('why' in entered) return turnAway(entered)
  if (own !== null) door.metrics.ownCredential(providerName)
  door.streams.add(token, actor, organizationId, res)
  const ids = { userId: actor.userId, organizationId, apiKeyId: actor.apiKeyId }
  const told = actorHeaders(door.config.actorHeaders, actor)
  const asked = { ...exchange, boundary, actor: ids, token, own, actorHeaders: told }
  return door.bridge.handle(upgrade === undefined ? asked : { ...asked, upgrade }).finally(entered.leave)
}

/** What the turnstile says, as the bridge is told of it; who is turned away is counted. */
function counted(door: Door, entered: ReturnType<Turnstile['enter']>): ReturnType<Upgrade['enter']> {
  if (!('why' in entered)) return entered
  door.metrics.refused(entered.why)
  return entered.refusal
}

const unbounded: TurnedAway = {
  why: 'boundary',
  refusal: {
    reason: 'forbidden',
    message:
      'Your organization lets models be asked only from behind a boundary that is running. Start your agent with ' +
      '`reeve boundary -- <command>`.',
  },
}

/** Whether a token of one workspace came out of another one. Where that is not known of both, it did not. */
const isElsewhere = ({ workspaceId = null }: Actor, origin: Origin | null): boolean =>
  workspaceId !== null && origin !== null && origin.workspaceId !== null && origin.workspaceId !== workspaceId

const otherWorkspace: TurnedAway = {
  why: 'other_workspace',
  refusal: {
    reason: 'forbidden',
    message:
      'This token belongs to another workspace than the one that the request came out of. Use the token that the ' +
      'agent’s own workspace has in REEVE_GATEWAY_TOKEN, or one of your own.',
  },
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
 * What may be an attack is counted, and noted. A network from which too much was refused is told so, and no more is noted
 * of it for a while; a good token passes from there as from anywhere.
 */
async function turnAwaySuspect(
  door: Door,
  req: IncomingMessage,
  attempt: Pick<RefusedAttempt, 'token' | 'sourceIp' | 'boundarySessionId'>,
  { why, refusal }: TurnedAway,
): Promise<Refusal> {
  if (door.refusals.hit(networkOf(attempt.sourceIp)) !== null) {
    door.metrics.refused('limited')
    const message = `${refusal.message} Too many requests from this address were refused.`
    return { reason: 'limited', message, retryAfterSeconds: limitedSeconds }
  }
  door.metrics.refused(why)
  await door.attempts.note({ ...attempt, reason: why, userAgent: req.headers['user-agent'] ?? null })
  return refusal
}

/** Who asks, or why not. */
async function admit(
  door: Door,
  req: IncomingMessage,
  query: string,
  sourceIp: string | null,
): Promise<Admitted | Refusal> {
  const credential = findCredential(req.rawHeaders, query)
  const token = credential.kind === 'token' ? credential.token : null
  const turnAway = (why: string, refusal: Refusal): Promise<Refusal> =>
    turnAwaySuspect(door, req, { token, sourceIp }, { why, refusal })
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
