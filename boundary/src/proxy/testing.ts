import { once } from 'node:events'
import { request as requestHttp1 } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { silentLog, systemClock } from '@reeve/base'
import { compilePolicy, parsePolicy } from '@reeve/policy'
import type { Fact } from '../audit/event.ts'
import { testSession } from '../audit/testing.ts'
import { type Approvals, noApprovals } from '../commands/approvals.ts'
import { createSessionKey } from '../control/session-key.ts'
import { createDial } from '../dial/dial.ts'
import { connectTo } from '../dial/machine.ts'
import { createNameGate } from '../dns/name-limits.ts'
import { createNames } from '../dns/names.ts'
import { createResolver } from '../dns/resolver.ts'
import { createAuthority } from '../tls/authority.ts'
import type { Standing } from '../policy-in-force.ts'
import type { BoundarySession } from '../session.ts'
import { systemTimers } from '../timers.ts'
import { policyJudge } from './policy-judge.ts'
import { createProxy } from './proxy.ts'
import { createUpstreams } from './upstreams.ts'
import { doorJudge } from '../door/door-judge.ts'
import { createDoor, type WorkspaceAgent } from '../door/door.ts'

/** The policy that cases are stated for, unless they say otherwise. */
export const p0 = `
apiVersion: reeve/v1
name: p0
network:
  rules:
    - { id: api, host: api.test, http: { methods: [GET, POST], paths: ["/v1/**"] } }
    - { id: git, host: git.test }
    - { id: pkg, host: "*.pkg.test", http: { methods: [GET] } }
`

/** A policy's text as what is in force, and another in its place. */
export function textInForce(text: string): Standing & { replace(text: string): void } {
  const listeners: (() => void)[] = []
  const read = (source: string) => {
    const { policy, problems } = parsePolicy(source)
    if (policy === null) throw new Error(problems.map(({ message }) => message).join('; '))
    return compilePolicy([{ label: `${policy.name}@v1`, document: policy }])
  }
  let current = read(text)
  return {
    get current() {
      return current
    },
    expired: false,
    onChange: (listener) => void listeners.push(listener),
    replace(source) {
      current = read(source)
      for (const listener of listeners) listener()
    },
  }
}

export interface WorldOptions {
  readonly policy?: string
  /** Addresses that names have outside; all others have a public one. */
  readonly resolved?: Readonly<Record<string, readonly string[]>>
  readonly exes?: readonly string[]
  readonly deniedNames?: 'page' | 'nxdomain'
  readonly injects?: { host: string; port: number; paths: string[] }[]
  /** Who answers what rules ask about; nobody where it is absent. */
  readonly approvals?: Approvals
  readonly askWaitMs?: number
  /** A session of a control plane, whose policy decides and whose record is written. */
  readonly session?: Pick<BoundarySession, 'policy' | 'recorder' | 'approvals'>
  /** The workspace's agent, where there is one. */
  readonly workspaceAgent?: WorkspaceAgent
  /** Until the record is on the disk. */
  readonly kept?: () => Promise<void>
}

const publicAddress = '93.184.216.34'

/** A proxy between an inside that is one program and an outside whose servers stand on this machine. */
export function startWorld({
  policy = p0,
  resolved = {},
  exes = ['/usr/bin/curl'],
  injects = [],
  deniedNames = 'page',
  session,
  approvals = session?.approvals ?? noApprovals,
  askWaitMs = 30_000,
  workspaceAgent,
  kept = () => Promise.resolve(),
}: WorldOptions = {}) {
  const clock = systemClock
  const outsideAuthority = createAuthority({ clock })
  const authority = createAuthority({ clock })
  const servers = new Map<number, number>()
  const facts: Fact[] = []
  const asked: string[] = []
  const dialled: string[] = []
  const listeners: Server[] = []
  const key = createSessionKey()
  const standing = textInForce(policy)
  const whatRulesSay = policyJudge(session?.policy ?? standing, clock)
  const judge = workspaceAgent === undefined ? whatRulesSay : doorJudge(whatRulesSay)
  const recorder = session?.recorder ?? {
    record(fact: Fact) {
      facts.push(fact)
      const denied = fact.decision === 'deny' || fact.would === 'deny'
      return { seq: facts.length - 1, denial: denied ? `dny_${String(facts.length).padStart(26, '0')}` : null }
    },
    async flush() {},
    kept,
  }
  const dial = createDial({
    async resolve(host) {
      asked.push(host)
      return resolved[host] ?? [publicAddress]
    },
    async connect(address, port, signal) {
      dialled.push(`${address}:${port}`)
      return await connectTo('127.0.0.1', servers.get(port) ?? 1, signal)
    },
    ownAddresses: () => new Set(['192.0.2.77']),
    corporateProxy: null,
  })
  const names = createNames()
  const gate = createNameGate(() => false)
  const resolver = createResolver({ judge, names, gate, recorder, deniedNames })
  const proxy = createProxy({
    judge,
    recorder,
    dial,
    upstreams: createUpstreams({ dial, roots: [outsideAuthority.certificate] }),
    gate,
    seal: { session: testSession, sign: key.sign },
    injects: () => injects,
    canRequest: true,
    approvals,
    askWaitMs: () => askWaitMs,
    timers: systemTimers,
    clock,
    log: silentLog,
    authority,
    names,
    resolver,
    door: workspaceAgent === undefined ? null : createDoor(workspaceAgent, clock),
  })
  const caller = { pid: 4312, exe: exes[0] ?? null, argv: ['curl'], exes, tree: ['claude', 'curl'] }

  /** A connection from inside to a name, or to an address as it stands. */
  async function open(host: string, port: number): Promise<Socket> {
    const address = /^[\d.]+$|:/.test(host)
      ? host
      : (judge.name(host).passes ? names.addressesOf(host)! : names.denied).four
    const listener = createServer({ allowHalfOpen: true }, (socket) => {
      listener.close()
      proxy.accept(socket, { address, port }, async () => caller)
    })
    listeners.push(listener)
    await once(listener.listen(0, '127.0.0.1'), 'listening')
    const socket = connect({ port: portOf(listener), host: '127.0.0.1' })
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  async function openTls(host: string, port = 443, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const named = /^[\d.]+$|:/.test(host) ? { host } : { servername: host }
    const tls = connectTls({ socket: await open(host, port), ca: authority.certificate, ...named, ...options })
    await once(tls, 'secureConnect')
    return tls
  }

  return {
    authority,
    outsideAuthority,
    policy: standing,
    names,
    resolver,
    proxy,
    facts,
    asked,
    dialled,
    publicKey: key.publicKey,
    open,
    openTls,
    /** A server outside: what names resolve to reaches it at that port. */
    async serve<S extends Server>(port: number, server: S): Promise<S> {
      await once(server.listen(0, '127.0.0.1'), 'listening')
      servers.set(port, portOf(server))
      listeners.push(server)
      return server
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      for (const listener of listeners) {
        if ('closeAllConnections' in listener && typeof listener.closeAllConnections === 'function') {
          listener.closeAllConnections()
        }
        if (listener.listening) await new Promise((resolve) => listener.close(resolve))
      }
    },
  }
}

export type World = ReturnType<typeof startWorld>

const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  return address.port
}

export interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One request over a connection that is there already. */
export async function ask(
  socket: Socket,
  { method = 'GET', path = '/', headers = {}, body }: AskOptions = {},
): Promise<Said> {
  return await new Promise((resolve, reject) => {
    const req = requestHttp1({ createConnection: () => socket, method, path, headers, setHost: false })
    req.on('error', reject)
    req.on('response', (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (piece) => (body += piece))
      res.on('error', reject)
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }))
    })
    req.end(body)
  })
}

export interface AskOptions {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Buffer
}

/** Everything that comes back for raw bytes, until the other side closes. */
export async function say(socket: Socket, bytes: string | Buffer): Promise<string> {
  let text = ''
  socket.on('data', (piece) => (text += piece.toString('latin1')))
  const closed = new Promise((resolve) => socket.once('close', resolve).once('end', resolve))
  socket.write(bytes)
  await closed
  socket.destroy()
  return text
}
