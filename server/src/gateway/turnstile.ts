import type { Clock } from '@reeve/base'
import type { Refusal } from '@reeve/bridge'
import { createTokenBuckets } from '../http/token-buckets.ts'
import { shareLimits } from './shared-limits.ts'
import type { Siblings } from './siblings.ts'

/** How much of its own this server takes on. 0 sets no bound. */
export interface GatewayLimits {
  /** Requests that are open at once: all of them, and those to one provider. */
  readonly open: number
  readonly openPerProvider: number
  /** Requests a second. */
  readonly perUser: number
  readonly perOrganization: number
  /** How late the process may be with what is due. */
  readonly eventLoopDelayMs: number
}

/** Why somebody is turned away: in a word for the metrics, and as he is told. */
export interface TurnedAway {
  readonly why: string
  readonly refusal: Refusal
}

/**
 * What every request passes before its body is read. Each server bounds what it does itself. The processes of one server
 * tell each other ten times a second what they let in: together they keep to the bounds, but for the bursts that fit into
 * a tenth of a second, for which everybody waits the longer afterwards.
 */
export interface Turnstile extends Disposable {
  /** Whether the server has too much to do to look at one more request, whosever it is. */
  overloaded(open: number): TurnedAway | null
  /**
   * Lets a request of this person to this provider in, until `leave` is called, or says why not. Asked when it is known
   * who it is: whoever invents tokens is bounded elsewhere, and does not use up what others may.
   */
  enter(request: TurnstileRequest): TurnedAway | { readonly leave: () => void }
}

export interface TurnstileRequest {
  readonly userId: string
  readonly organizationId: string
  readonly providerName: string
}

export function createTurnstile(options: {
  readonly limits: GatewayLimits
  readonly clock: Clock
  readonly eventLoopDelayMs: () => number
  readonly siblings?: Siblings
}): Turnstile {
  const { limits, clock, eventLoopDelayMs, siblings } = options
  const users = createTokenBuckets({ clock, perSecond: limits.perUser })
  const organizations = createTokenBuckets({ clock, perSecond: limits.perOrganization })
  const open = new Map<string, number>()
  const isBounded = limits.open + limits.openPerProvider + limits.perUser + limits.perOrganization > 0
  const shared = siblings === undefined || !isBounded ? null : shareLimits(siblings, { users, organizations, open })

  return {
    overloaded(all) {
      if (limits.open > 0 && all + (shared?.others(null) ?? 0) >= limits.open)
        return busy('too_many', 'Too many requests are open at the moment.')
      if (limits.eventLoopDelayMs === 0 || eventLoopDelayMs() <= limits.eventLoopDelayMs) return null
      return busy('overloaded', 'This server has too much to do at the moment.')
    },
    enter({ userId, organizationId, providerName }) {
      const before = open.get(providerName) ?? 0
      const everywhere = before + (shared?.others(providerName) ?? 0)
      if (limits.openPerProvider > 0 && everywhere >= limits.openPerProvider) {
        return busy('provider_too_many', `Too many requests to the provider ${providerName} are open at the moment.`)
      }
      // His own bound first: what it stops is no request of the organization.
      const userMs = users.take(userId)
      if (userMs !== null) return tooFast('user_rate', 'You make more than', limits.perUser, userMs)
      const organizationMs = organizations.take(organizationId)
      if (organizationMs !== null) {
        return tooFast('organization_rate', 'Your organization makes more than', limits.perOrganization, organizationMs)
      }
      open.set(providerName, before + 1)
      shared?.entered(userId, organizationId)
      return { leave: () => leave(providerName) }
    },
    [Symbol.dispose]: () => shared?.[Symbol.dispose](),
  }

  function leave(providerName: string): void {
    const left = (open.get(providerName) ?? 0) - 1
    if (left > 0) open.set(providerName, left)
    else open.delete(providerName)
    shared?.left()
  }
}

const busy = (why: string, message: string): TurnedAway => ({
  why,
  refusal: { reason: 'unavailable', message, retryAfterSeconds: 1 },
})

const tooFast = (why: string, who: string, perSecond: number, inMs: number): TurnedAway => ({
  why,
  refusal: {
    reason: 'throttled',
    message: `${who} ${perSecond} ${perSecond === 1 ? 'request' : 'requests'} a second, which is the bound here.`,
    retryAfterSeconds: Math.max(1, Math.ceil(inMs / 1_000)),
  },
})
