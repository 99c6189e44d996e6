import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, Fault, uuidv7 } from '@reeve/base'
import { appHosts } from './agents/apps/app-hosts.ts'
import { isLocalOnly } from './config-rules.ts'
import type { Config } from './config.ts'
import { isBridgePath } from './gateway/door.ts'
import type { Gateway } from './gateway/gateway.ts'
import { isHttps } from './app-foundation.ts'
import { setSecurityHeaders } from './http/browser.ts'
import { refusal } from './http/faults.ts'
import { checkRequest, pathOf } from './http/front-door.ts'
import type { ListenerOptions } from './http/listener.ts'
import { writeRefusal } from './http/write-answer.ts'

export type Handler = (req: IncomingMessage, res: ServerResponse) => void

/** Goes on with a request over a WebSocket, or answers it; false when it is none that is served. */
export type UpgradeRest = NonNullable<ListenerOptions['upgrade']>

/** Where every request comes in: it is checked once, and then goes to the gateway or to whoever serves the rest. */
export interface Entrance {
  readonly handle: Handler
  readonly upgrade: NonNullable<ListenerOptions['upgrade']>
  /** Until then everybody is told to wait. */
  open(to: { readonly gateway: Gateway | null; readonly rest: Handler; readonly upgradeRest?: UpgradeRest }): void
}

export function createEntrance({ config, clock }: { readonly config: Config; readonly clock: Clock }): Entrance {
  const { localOnly } = placeOf(config)
  const https = isHttps(config)
  const { wildcard } = config.apps
  const hosts = wildcard === null ? null : appHosts(wildcard, config.accessUrl ?? 'http://localhost')
  /** For an app of a workspace, whatever its path says. */
  const isForApp = ({ headers }: IncomingMessage): boolean => hosts !== null && hosts.nameOf(headers.host) !== null
  let to: Parameters<Entrance['open']>[0] | null = null

  function refuse(res: ServerResponse, { status, fault, headers = {} }: ReturnType<typeof refusal>): void {
    setSecurityHeaders(res, 'data', https)
    writeRefusal(res, { status, fault, headers }, uuidv7(clock.now()))
  }

  return {
    handle(req, res) {
      if (to === null) return refuse(res, starting())
      const { gateway, rest } = to
      const refused = checkRequest(req, { localOnly })
      if (refused === null && isForApp(req)) rest(req, res)
      else if (gateway !== null && gateway.matches(pathOf(req))) {
        if (refused === null) gateway.handle(req, res)
        else gateway.refuse(req, res, refused.fault)
      } else if (refused !== null) refuse(res, refused)
      else if (gateway === null && isBridgePath(pathOf(req))) refuse(res, relaysNothing())
      else rest(req, res)
    },
    upgrade(req, res, socket, head) {
      const gateway = to?.gateway ?? null
      const refused = checkRequest(req, { localOnly })
      if (gateway === null || isForApp(req) || !gateway.matches(pathOf(req))) {
        if (to?.upgradeRest === undefined || refused !== null) return false
        return to.upgradeRest(req, res, socket, head)
      }
      if (!config.bridge.webSockets) return false
      if (refused === null) gateway.handle(req, res, { socket, head })
      else gateway.refuse(req, res, refused.fault)
      return true
    },
    open(next) {
      to = next
    },
  }
}

/** Whether only this machine can reach the server, and the host under which it can: where it listens, if that is one. */
export function placeOf(config: Config): { readonly localOnly: boolean; readonly host: string } {
  const listensEverywhere = /^[0.:]+$/.test(config.http.host)
  const host = listensEverywhere ? 'localhost' : config.http.host
  return {
    localOnly: isLocalOnly(config.http.host, config.accessUrl),
    host: host.includes(':') ? `[${host}]` : host,
  }
}

const starting = () =>
  refusal(503, new Fault('unavailable', 'the server is starting', { fix: 'try again in a moment' }), {
    'Retry-After': '1',
  })

const relaysNothing = () =>
  refusal(
    404,
    new Fault('not_found', 'this server relays no requests to models', {
      fix: 'ask a server with the role gateway (REEVE_ROLES)',
    }),
  )

/** What a server without the role control answers beside its gateway: that it is there, and where the rest is. */
export function gatewayOnly(options: {
  readonly config: Config
  readonly clock: Clock
  readonly isReady: () => boolean
}): Handler {
  const { config, clock, isReady } = options
  const https = isHttps(config)
  return (req, res) => {
    setSecurityHeaders(res, 'data', https)
    if (/^\/(?:healthz|readyz|api\/v2\/healthz)$/.test(pathOf(req)) && isReady()) {
      res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': '2' }).end('OK')
      return
    }
    const refused = isReady()
      ? refusal(
          404,
          new Fault('not_found', 'this server relays requests to models and serves nothing else', {
            fix: 'the console and the management API are at a server with the role control (REEVE_ROLES)',
          }),
        )
      : refusal(503, new Fault('unavailable', 'the server is not ready'), {})
    writeRefusal(res, refused, uuidv7(clock.now()))
  }
}
