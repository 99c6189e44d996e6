import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { Fault, toError, uuidv7 } from '@reeve/base'
import type { Actor } from '../../access/actor.ts'
import { appendAudit } from '../../audit/journal.ts'
import type { SourceAddress } from '../../http/source-address.ts'
import type { AgentRoom } from '../agent-room.ts'
import type { Dial } from '../dial.ts'
import { connectionOpened } from '../events.ts'
import { fromApp, isForeign, toApp } from './app-headers.ts'
import type { AppHosts, AppName } from './app-hosts.ts'
import { beginningOf, pathInApp } from './app-path.ts'
import { type AppPage, pages, writePage } from './app-pages.ts'
import type { AppSessions } from './app-session.ts'
import { findApp, type FoundApp, mayUse } from './find-app.ts'
import type { UseNotes } from '../use-notes.ts'

/** Apps and ports of workspaces, each on a host of its own. */
export interface AppProxy {
  /** Whether the request is for an app; whatever its path says, it is nobody else's then. */
  matches(req: IncomingMessage): boolean
  handle(req: IncomingMessage, res: ServerResponse): void
  upgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer): void
}

export interface AppProxyOptions {
  readonly room: AgentRoom
  readonly hosts: AppHosts
  readonly sessions: AppSessions
  readonly dial: Dial
  readonly authenticate: (token: string) => Promise<Actor | null>
  readonly sourceAddress: SourceAddress
  readonly used: UseNotes
}

/** Of our own on the host of an app, which the app never sees. */
const signInPath = '/.reeve/sign-in'
/** Where the console takes somebody who is not known to the app. */
const consolePath = '/open-app'

export function appProxy(options: AppProxyOptions): AppProxy {
  const { room, hosts, sessions, dial, authenticate, sourceAddress } = options
  const { db, clock, log, accessUrl } = room
  const { protocol } = new URL(accessUrl)

  /** What to reach, after all has been looked at; null when the request has been answered. */
  async function admit(req: IncomingMessage, res: ServerResponse, name: AppName): Promise<FoundApp | null> {
    const host = (req.headers.host ?? '').toLowerCase()
    const origin = `${protocol}//${host}`
    const refuse = (page: AppPage): null => (writePage(res, page), null)
    const url = new URL(req.url ?? '/', origin)
    if (url.pathname === signInPath) return signIn(req, res, name, url)
    const found = await findApp(room, name)
    if (found !== null && found.share !== 'public' && isForeign(req, origin)) return refuse(pages.foreign)
    const token = sessions.read(req, host)
    const actor = token === null ? null : await authenticate(token.reveal())
    if (found === null || !mayUse(found, actor)) {
      if (actor !== null) return refuse(pages.noSuchApp)
      // Who is nobody yet is not told what there is.
      return req.method === 'GET' && req.headers.upgrade === undefined
        ? sendToConsole(res, url)
        : refuse(pages.signInFirst)
    }
    // A public page that anybody looks at keeps nothing running.
    if (actor !== null) options.used(found.agent.workspace_id)
    const isVisit = req.method === 'GET' && req.headers.upgrade === undefined
    const start = isVisit ? beginningOf(found, req.url ?? '/') : null
    if (start === null) return found
    res.writeHead(302, { Location: start, 'Content-Length': 0, 'Cache-Control': 'no-store' }).end()
    return null
  }

  function sendToConsole(res: ServerResponse, url: URL): null {
    const state = sessions.newState()
    const query = new URLSearchParams({ redirect_uri: url.href, state })
    redirect(
      res,
      `${accessUrl.replace(/\/+$/, '')}${consolePath}?${query.toString()}`,
      sessions.cookie('app_state', state),
    )
    return null
  }

  /** The ticket is one for this host and this browser, and whose it is, may use the app: he is told of in the audit log. */
  async function signIn(req: IncomingMessage, res: ServerResponse, name: AppName, url: URL): Promise<null> {
    const host = (req.headers.host ?? '').toLowerCase()
    const redeemed = sessions.redeem(req, host, url.searchParams.get('ticket') ?? '')
    if (redeemed === null) return (writePage(res, pages.badTicket), null)
    const actor = await authenticate(redeemed.token.reveal())
    const found = await findApp(room, name)
    if (actor === null || found === null || !mayUse(found, actor)) return (writePage(res, pages.noSuchApp), null)
    const now = clock.now()
    const scope = {
      actor,
      requestId: uuidv7(now),
      sourceIp: sourceAddress(req),
      userAgent: req.headers['user-agent'] ?? null,
      source: 'ui' as const,
    }
    await db.transaction((tx) => appendAudit(tx, { ...connectionOpened(found.agent, 'app'), scope, at: now }))
    const to = url.searchParams.get('to') ?? '/'
    redirect(res, /^\/(?![/\\])/.test(to) ? to : '/', sessions.cookie('app', redeemed.value))
    return null
  }

  async function reach(req: IncomingMessage, found: FoundApp, upgrade: boolean): Promise<ClientRequest> {
    const stream = await dial(found.agent.id, found.port)
    const scheme = protocol.slice(0, -1)
    const headers = toApp(req, { sourceIp: sourceAddress(req), scheme, upgrade })
    return request({
      createConnection: () => stream,
      method: req.method,
      path: found.mount === null ? req.url : pathInApp(found.mount, req.url ?? '/'),
      headers,
      setHost: false,
    })
  }

  async function serve(req: IncomingMessage, res: ServerResponse, name: AppName): Promise<void> {
    const found = await admit(req, res, name)
    if (found === null) return
    const onward = await reach(req, found, false)
    onward.on('response', (answer) => {
      res.writeHead(
        answer.statusCode ?? 502,
        fromApp(answer.rawHeaders, { upgrade: false, mounted: found.mount !== null }),
      )
      res.flushHeaders()
      pipeline(answer, res, () => {})
    })
    onward.on('error', () => writePage(res, pages.broken))
    // It goes on in no other protocol than it was asked to.
    onward.on('upgrade', (_, other) => (other.destroy(), writePage(res, pages.broken)))
    res.on('close', () => onward.destroy())
    pipeline(req, onward, () => {})
  }

  async function serveUpgrade(req: IncomingMessage, res: ServerResponse, socket: Socket, head: Buffer, name: AppName) {
    const found = await admit(req, res, name)
    if (found === null) return
    const onward = await reach(req, found, true)
    onward.on('upgrade', (answer, other: Duplex, first) => {
      const lines = pairLines(fromApp(answer.rawHeaders, { upgrade: true, mounted: found.mount !== null }))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`)
      socket.write(first)
      other.write(head)
      pipeline(socket, other, socket, () => {})
    })
    onward.on('response', (answer) => {
      res.writeHead(
        answer.statusCode ?? 502,
        fromApp(answer.rawHeaders, { upgrade: false, mounted: found.mount !== null }),
      )
      pipeline(answer, res, () => {})
    })
    onward.on('error', () => writePage(res, pages.broken))
    socket.on('close', () => onward.destroy())
    onward.end()
  }

  function fail(res: ServerResponse, thrown: unknown): void {
    const code = thrown instanceof Fault ? thrown.code : 'internal'
    if (code === 'internal') log.error({ err: toError(thrown) }, 'a request for an app failed')
    writePage(
      res,
      code === 'conflict' ? pages.notConnected : code === 'unavailable' ? pages.notListening : pages.broken,
    )
  }

  return {
    matches: ({ headers }) => hosts.nameOf(headers.host) !== null,
    handle(req, res) {
      const name = hosts.nameOf(req.headers.host)
      if (name === null) return writePage(res, pages.noSuchApp)
      serve(req, res, name).catch((thrown: unknown) => fail(res, thrown))
    },
    upgrade(req, res, socket, head) {
      const name = hosts.nameOf(req.headers.host)
      if (name === null) return writePage(res, pages.noSuchApp)
      serveUpgrade(req, res, socket, head, name).catch((thrown: unknown) => fail(res, thrown))
    },
  }
}

function redirect(res: ServerResponse, location: string, cookie: string): void {
  res.writeHead(303, {
    Location: location,
    'Set-Cookie': cookie,
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Content-Length': 0,
  })
  res.end()
}

function pairLines(headers: readonly string[]): string {
  let lines = ''
  for (let at = 0; at + 1 < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`
  return lines
}
