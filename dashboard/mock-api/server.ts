import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault, systemClock, toError } from '@reeve/base'
import { type Endpoint, endpoints, type User } from '@reeve/sdk'
import { accessHandlers } from './access-handlers.ts'
import { accessRequestHandlers } from './access-request-handlers.ts'
import { accountHandlers } from './account-handlers.ts'
import { auditHandlers, exportAudit } from './audit-handlers.ts'
import { boundaryHandlers } from './boundary-handlers.ts'
import { policyHandlers } from './policy-handlers.ts'
import { providerHandlers } from './provider-handlers.ts'
import { licenseHandlers } from './license-handlers.ts'
import { retentionHandlers } from './retention-handlers.ts'
import { deploymentHandlers } from './deployment-handlers.ts'
import { handlers, visible } from './handlers.ts'
import { seedWorld, type World } from './seed.ts'
import { idpHandlers } from './idp-handlers.ts'
import { inboxHandlers } from './inbox-handlers.ts'
import { organizationHandlers } from './organization-handlers.ts'
import { signInHandlers } from './sign-in-handlers.ts'
import { followTaskLogs, taskHandlers } from './task-handlers.ts'
import { templateHandlers } from './template-handlers.ts'
import { followAgentLog } from './workspace-agent.ts'
import { timelineHandlers } from './timeline-handlers.ts'
import { rulesHandlers } from './rules-handlers.ts'
import { serveConsole } from './static.ts'
import { usageHandlers } from './usage-handlers.ts'
import { followBuildLog, workspaceHandlers } from './workspace-handlers.ts'

/**
 * A deployment without a database: the management API over seeded data, for developing the console and for tests of
 * states that are hard to produce. It is routed and checked by the endpoints themselves, questions and answers both,
 * so that it cannot drift from the contract.
 */
export interface MockDeployment extends AsyncDisposable {
  readonly url: string
  readonly world: World
  /** Tells every open watch that a session changed. */
  changed(sessionId: string): void
  /** Answers requests whose path contains this with a fault until it is set back to null. */
  failing: string | null
  /** Every path that was asked for. */
  readonly asked: string[]
}

interface Deployment {
  readonly world: World
  readonly watchers: Set<{ readonly sessionId: string | null; readonly res: ServerResponse }>
  readonly cookies: Map<string, string>
}

const statuses: Readonly<Record<Fault['code'], number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  limited: 429,
  unavailable: 503,
  upstream: 502,
  timeout: 504,
  internal: 500,
}

export async function startMock(options: { port?: number; world?: World } = {}): Promise<MockDeployment> {
  const at: Deployment = {
    world: options.world ?? seedWorld(systemClock.now()),
    watchers: new Set(),
    cookies: new Map(),
  }
  const asked: string[] = []
  const server: Server = createServer((req, res) => {
    const { pathname, search } = new URL(req.url ?? '/', 'http://mock')
    asked.push(pathname + search)
    const broken = mock.failing !== null && pathname.includes(mock.failing)
    void (broken ? refuse(res, new Fault('unavailable', 'the database does not answer')) : answer(at, req, res)).catch(
      (thrown: unknown) => refuse(res, toError(thrown)),
    )
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  // SAFETY: a TCP server that listens has an address record.
  const { port } = server.address() as AddressInfo
  const mock: MockDeployment = {
    url: `http://127.0.0.1:${port}`,
    world: at.world,
    asked,
    failing: null,
    changed(sessionId) {
      const found = at.world.sessions.find(({ session }) => session.id === sessionId)
      if (found === undefined) return
      const { last_active_at, status } = found.session
      for (const watcher of at.watchers) {
        if (watcher.sessionId !== null && watcher.sessionId !== sessionId) continue
        watcher.res.write(`data: ${JSON.stringify({ session_id: sessionId, last_active_at, status })}\n\n`)
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return mock
}

async function answer(at: Deployment, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://mock')
  if (url.pathname === '/healthz') return void res.end('OK')
  if (!url.pathname.startsWith('/api/')) return serveConsole(req, res, url.pathname)
  const { endpoint, params } = route(req.method ?? 'GET', url.pathname)
  const user = signedIn(at, req)
  if (endpoint.permission !== 'public' && user === null) throw new Fault('unauthenticated', 'sign in first')
  if (/^(?:user:(?:create|update)|audit_log)/.test(endpoint.permission) && user?.roles[0]?.name === 'member') {
    throw new Fault('forbidden', 'you may not do this', { fix: 'ask an owner of this deployment' })
  }
  const query = endpoint.query.parse(Object.fromEntries(url.searchParams))
  const body = endpoint.body === null ? undefined : parse(endpoint, await readBody(req))
  // SAFETY: handlers of endpoints that need somebody run only when somebody is signed in, as checked above.
  const who = user as User
  const asked = { world: at.world, user: who }
  if (endpoint.name === 'followWorkspaceBuildLogs') return followBuildLog(res, asked, params.build ?? '')
  if (endpoint.name === 'followWorkspaceAgentLogs') return followAgentLog(res)
  if (endpoint.name === 'followTaskLogs') {
    return followTaskLogs(res, asked, params.task ?? '', Number(url.searchParams.get('after') ?? -1))
  }
  if (endpoint.answers === 'events') return watch(at, res, params.id ?? null)
  if (endpoint.name === 'getInterceptionBody') {
    res.setHeader('Content-Disposition', `attachment; filename="${params.id}-${params.side}.json"`)
    return void res.end(JSON.stringify({ of: params.id, side: params.side, sessions: visible(asked).length }))
  }
  if (endpoint.name === 'exportAuditEvents')
    return exportAudit(res, asked, endpoints.exportAuditEvents.query.parse(query))
  if (endpoint.name === 'exportSessions') {
    res.setHeader('Content-Disposition', 'attachment; filename="reeve-sessions.jsonl"')
    return void res.end(
      visible(asked)
        .map(({ session }) => `${JSON.stringify({ kind: 'session', session })}\n`)
        .join(''),
    )
  }
  if (endpoint.name === 'login') return login(at, res, endpoints.login.body!.parse(body))
  if (endpoint.name === 'logout') {
    at.cookies.delete(cookieOf(req))
    return json(res, 200, endpoints.logout.result.parse({ message: 'signed out' }))
  }
  // SAFETY: the names of endpoints are the keys of `handlers`, and each handler fits the endpoint of its name.
  const handler = {
    ...handlers,
    ...accessHandlers,
    ...accountHandlers,
    ...auditHandlers,
    ...deploymentHandlers,
    ...retentionHandlers,
    ...licenseHandlers,
    ...signInHandlers,
    ...idpHandlers,
    ...inboxHandlers,
    ...organizationHandlers,
    ...usageHandlers,
    ...providerHandlers,
    ...rulesHandlers,
    ...boundaryHandlers,
    ...policyHandlers,
    ...accessRequestHandlers,
    ...timelineHandlers,
    ...taskHandlers,
    ...templateHandlers,
    ...workspaceHandlers,
  }[endpoint.name as keyof typeof handlers] as ((input: unknown, asked: unknown) => unknown) | undefined
  if (handler === undefined) throw new Fault('not_found', `the mock does not answer ${endpoint.name}`)
  const result = endpoint.result.parse(handler({ params: endpoint.params.parse(params), query, body }, asked))
  if (endpoint.status === 204) return void res.writeHead(204).end()
  json(res, endpoint.status, result)
}

function route(method: string, pathname: string): { endpoint: Endpoint; params: Record<string, string> } {
  // A path without parameters is meant before one that has them: /users/roles is no user.
  const parameters = ({ path }: { path: string }) => path.split('/:').length
  for (const endpoint of Object.values(endpoints).sort((a, b) => parameters(a) - parameters(b))) {
    if (endpoint.method !== method) continue
    const pattern = endpoint.path.replace(/:([a-z_]+)/g, '(?<$1>[^/]+)')
    const match = new RegExp(`^${pattern}$`).exec(pathname)
    // SAFETY: schemas parse whatever comes; the type parameters say what comes out.
    if (match !== null) return { endpoint: endpoint as unknown as Endpoint, params: decode(match.groups ?? {}) }
  }
  throw new Fault('not_found', 'no such endpoint')
}

const decode = (groups: Record<string, string>) =>
  Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))

/** A refused body, said as the server says it: every problem by the name of its field. */
function parse(endpoint: Endpoint, value: unknown): unknown {
  try {
    return endpoint.body?.parse(value)
  } catch (thrown) {
    // SAFETY: contract schemas are zod's, whose errors list their issues.
    const { issues = [] } = thrown as { issues?: { path: (string | number)[]; message: string }[] }
    const problems = issues.map(({ path, message }) => ({ field: path.join('.'), detail: message }))
    throw new Fault('invalid', 'some fields cannot be accepted', { problems })
  }
}

function login(at: Deployment, res: ServerResponse, { email, password }: { email: string; password: string }): void {
  const user = at.world.users.find((one) => one.email === email)
  if (user === undefined || at.world.passwords.get(email) !== password) {
    throw new Fault('unauthenticated', 'e-mail or password is wrong')
  }
  const token = `rv_${crypto.randomUUID()}`
  at.cookies.set(token, user.id)
  res.setHeader('Set-Cookie', `reeve_session=${token}; Path=/; HttpOnly; SameSite=Lax`)
  json(res, 201, endpoints.login.result.parse({ session_token: token }))
}

const cookieOf = (req: IncomingMessage): string => /reeve_session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1] ?? ''

function signedIn({ world, cookies }: Deployment, req: IncomingMessage): User | null {
  const id = cookies.get(cookieOf(req))
  return world.users.find((user) => user.id === id && user.status === 'active') ?? null
}

function watch({ watchers }: Deployment, res: ServerResponse, sessionId: string | null): void {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).write(': open\n\n')
  const watcher = { sessionId, res }
  watchers.add(watcher)
  res.on('close', () => watchers.delete(watcher))
}

async function readBody(req: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const piece of req) text += String(piece)
  return text === '' ? undefined : JSON.parse(text)
}

function json(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(value))
}

async function refuse(res: ServerResponse, error: Error): Promise<void> {
  if (res.headersSent) return void res.end()
  const fault = error instanceof Fault ? error : new Fault('internal', `${error.name}: ${error.message}`)
  json(res, statuses[fault.code], {
    message: fault.message,
    code: fault.code,
    request_id: '0197f3a2-mock',
    ...(fault.fix === undefined ? {} : { detail: fault.fix }),
    ...(fault.problems.length === 0 ? {} : { validations: fault.problems }),
  })
}
