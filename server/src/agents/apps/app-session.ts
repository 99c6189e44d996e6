import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Secret } from '@reeve/base'
import { z } from 'zod'
import { cookieValues } from '../../http/credential.ts'
import { contextOf } from '../../keyring/keyring.ts'
import type { AgentRoom } from '../agent-room.ts'

/**
 * How a browser that is signed in at the console comes to be known to an app:
 *
 *   app host ──▶ console (with a state that the browser keeps for the app host)
 *   console  ──▶ app host, with a ticket: good for a minute, this host and this state
 *   app host ──▶ itself, with a cookie of this host alone
 *
 * Ticket and cookie hold the person's session, sealed with the keyring: nobody but the server can read it, and when the
 * session ends, or its rights do, so does what the cookie opens. The app itself gets to see neither.
 */
export interface AppSessions {
  ticket(given: { readonly host: string; readonly state: string; readonly token: string }): string
  /** The session, and the value of the cookie for it; null for a ticket that is none, or not for this browser. */
  redeem(req: IncomingMessage, host: string, ticket: string): { readonly token: Secret; readonly value: string } | null
  /** The session that the browser has for this host. */
  read(req: IncomingMessage, host: string): Secret | null
  newState(): string
  readonly cookie: (name: 'app' | 'app_state', value: string) => string
}

const ticketMs = 60_000
const cookieMs = 12 * 3_600_000
const stateMs = 10 * 60_000

const Sealed = z.object({ host: z.string(), state: z.string(), token: z.string(), until: z.number() })

export function appSessions({ keyring, clock }: Pick<AgentRoom, 'keyring' | 'clock'>, https: boolean): AppSessions {
  const contexts = { ticket: contextOf('apps', 'ticket', 'url'), cookie: contextOf('apps', 'session', 'cookie') }
  const nameOf = (name: 'app' | 'app_state'): string => `${https ? '__Host-' : ''}reeve_${name}`

  const seal = (kind: keyof typeof contexts, facts: Omit<z.infer<typeof Sealed>, 'until'>, ms: number): string =>
    keyring.seal(JSON.stringify({ ...facts, until: clock.now().getTime() + ms }), contexts[kind])

  function open(kind: keyof typeof contexts, text: string, host: string): z.infer<typeof Sealed> | null {
    try {
      const facts = Sealed.parse(JSON.parse(keyring.open(text, contexts[kind]).reveal()))
      return facts.host === host && facts.until > clock.now().getTime() ? facts : null
    } catch {
      return null
    }
  }

  /** What a sibling host may have put beside ours makes neither of them count. */
  function only(req: IncomingMessage, name: 'app' | 'app_state'): string | null {
    const [value, ...others] = cookieValues(req.headers.cookie ?? '', nameOf(name))
    return value === undefined || others.length > 0 ? null : value
  }

  return {
    ticket: (given) => seal('ticket', given, ticketMs),
    redeem(req, host, ticket) {
      const facts = open('ticket', ticket, host)
      if (facts === null || facts.state !== only(req, 'app_state')) return null
      return { token: new Secret(facts.token), value: seal('cookie', { ...facts, state: '' }, cookieMs) }
    },
    read(req, host) {
      const value = only(req, 'app')
      const facts = value === null ? null : open('cookie', value, host)
      return facts === null ? null : new Secret(facts.token)
    },
    newState: () => randomBytes(24).toString('base64url'),
    cookie(name, value) {
      const seconds = (name === 'app' ? cookieMs : stateMs) / 1_000
      const secure = https ? '; Secure' : ''
      return `${nameOf(name)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
    },
  }
}
