import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { runCli } from '../../cli/src/testing.ts'
import { type Desk, startDesk } from '../support/desk.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'

/** Apps and ports of a workspace, each on a host of its own, with people who may use them and people who may not. */

const noTerraform = whyNoTerraform('the apps of workspaces')
let desk: Desk
let app: Server
let port: number
const asked: IncomingMessage[] = []

beforeAll(async () => {
  if (noTerraform !== null) return
  app = createServer(answer)
  const sockets = new WebSocketServer({ server: app })
  sockets.on('connection', (socket, req) => {
    asked.push(req)
    socket.on('message', (data) => socket.send(`heard ${String(data)}`))
  })
  await once(app.listen(0, '127.0.0.1'), 'listening')
  // SAFETY: it listens on a host.
  port = (app.address() as AddressInfo).port
  const declared = ['owner', 'authenticated', 'public'].map(
    (share) => `resource "coder_app" "${share}" {
  agent_id  = coder_agent.main.id
  slug      = "${share}"
  url       = "http://localhost:${port}${share === 'public' ? '/hello?there=1' : ''}"
  subdomain = true
  share     = "${share}"
}`,
  )
  const byPath = `resource "coder_app" "path" {
  agent_id = coder_agent.main.id
  slug     = "path"
  url      = "http://localhost:${port}/?folder=/home"
}
resource "coder_app" "based" {
  agent_id  = coder_agent.main.id
  slug      = "based"
  url       = "http://localhost:${port}/@dana/desk.main/apps/based"
  subdomain = false
}`
  const slowStart = `resource "coder_script" "slow" {
  agent_id           = coder_agent.main.id
  display_name       = "Slow"
  script             = "for _ in $(seq 300); do test -e $HOME/go-on && break; sleep 0.2; done"
  run_on_start       = true
  start_blocks_login = true
}`
  desk = await startDesk({
    apps: [...declared, byPath, slowStart].join('\n'),
    // Where apps are is left to the server: on this machine alone it needs nothing to be set up.
    env: { REEVE_GATEWAY_PROCESSES: '1' },
  })
}, 300_000)
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]()
  app?.closeAllConnections()
  app?.close()
})
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
})

/** A hostile app: it wants cookies of its neighbours, and to take those of everybody away. */
function answer(req: IncomingMessage, res: ServerResponse): void {
  asked.push(req)
  res.setHeader('Set-Cookie', ['own=1; Path=/', 'wide=1; Domain=localhost; Path=/', 'reeve_session=evil; Path=/'])
  res.setHeader('Clear-Site-Data', '"cookies"')
  if (req.url === '/a?b=1') res.appendHeader('Set-Cookie', 'deep=1; Path=/a')
  if (req.url === '/huge-headers') res.setHeader('X-Huge', 'x'.repeat(64 * 1024))
  if (req.url === '/away') res.writeHead(302, { Location: 'https://evil.example/' })
  if (req.url === '/events') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: first\n\n')
    return
  }
  res.end(`${req.method} ${req.url}`)
}

const hostOf = (name: string) => `${name}--main--desk--dana.apps.localhost:${desk.holder.port}`

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** As a browser would send it, without its help. */
async function visit(host: string, path = '/', headers: Record<string, string> = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: desk.holder.port, path, headers: { Host: host, ...headers } }).end()
  const [res] = await once(sent, 'response')
  let body = ''
  for await (const piece of res.setEncoding('utf8')) body += piece
  return { status: res.statusCode, headers: res.headers, body }
}

const cookieOf = ({ headers }: Answer): string =>
  (headers['set-cookie'] ?? []).map((each) => each.split(';')[0]).join('; ')

/** Through the console and back, with what the browser keeps; the cookie for the app's host. */
async function signIn(host: string, session: string): Promise<{ cookie: string; last: Answer; ticketUrl: URL }> {
  const first = await visit(host, '/hello')
  expect(first.status).toBe(303)
  const console = new URL(first.headers.location!)
  expect([console.origin, console.pathname]).toEqual([desk.holder.url, '/open-app'])
  const sent = await visit(new URL(desk.holder.url).host, `/api/v2/applications/auth-redirect${console.search}`, {
    Cookie: `reeve_session=${session}`,
  })
  expect(sent.status, sent.body).toBe(303)
  const ticketUrl = new URL(sent.headers.location!)
  expect(ticketUrl.host).toBe(host)
  const last = await visit(host, ticketUrl.pathname + ticketUrl.search, { Cookie: cookieOf(first) })
  return { cookie: cookieOf(last), last, ticketUrl }
}

async function member(name: string): Promise<string> {
  const email = `${name}@example.com`
  const password = 'correct horse battery'
  expect((await desk.holder.api('POST', '/api/v2/users', { username: name, email, password })).status).toBe(201)
  return (await desk.holder.api('POST', '/api/v2/users/login', { email, password }, '')).json.session_token
}

test('its owner is signed in by the console, and the app sees none of it', async () => {
  const host = hostOf('owner')
  const { cookie, last } = await signIn(host, desk.holder.ownerToken)
  expect([last.status, last.headers.location]).toEqual([303, '/hello'])
  expect(last.headers['set-cookie']?.[0]).toMatch(
    /^reeve_app=sealed-1\.[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Lax$/,
  )
  const got = await visit(host, '/hello?x=1', {
    Cookie: `${cookie}; reeve_session=stray; theirs=2`,
    'Reeve-Session-Token': 'rv_stray',
    Authorization: 'Bearer rv_stray',
    Connection: 'x-listed',
    'X-Listed': '1',
  })
  expect([got.status, got.body]).toEqual([200, 'GET /hello?x=1'])
  const { headers } = asked.at(-1)!
  expect(headers.cookie).toBe('theirs=2')
  expect(headers).toMatchObject({ host, 'x-forwarded-host': host, 'x-forwarded-for': '127.0.0.1' })
  for (const name of ['authorization', 'reeve-session-token', 'x-listed']) expect(headers[name]).toBe(undefined)
  expect(got.headers['set-cookie']).toEqual(['own=1; Path=/', 'wide=1; Path=/'])
  expect(got.headers['clear-site-data']).toBe(undefined)
})

test('a shell waits for the start scripts that its template wants it to wait for', async () => {
  const { url, ownerToken, api } = desk.holder
  const ssh = (...argv: string[]) => runCli(['ssh', ...argv], { env: { REEVE_URL: url, REEVE_TOKEN: ownerToken } })
  expect((await ssh('--wait', 'no', 'desk', '--', 'echo in; touch go-on')).stdout).toBe('in\n')
  expect((await ssh('desk', '--', 'echo in')).stdout).toBe('in\n')
  const { json } = await api('GET', `/api/v2/workspaceagents/${desk.agentId}`)
  expect([json.startup_script_behavior, json.lifecycle_state]).toEqual(['blocking', 'ready'])
})

test('a port has a host too, and is its owner’s alone', async () => {
  const host = hostOf(String(port))
  const { cookie } = await signIn(host, desk.holder.ownerToken)
  expect((await visit(host, '/at-port', { Cookie: cookie })).body).toBe('GET /at-port')
  const { json } = await desk.holder.api('GET', `/api/v2/workspaceagents/${desk.agentId}/listening-ports`)
  expect(json.ports.find((each: { port: number }) => each.port === port)?.url).toBe(`http://${host}`)
  const agent = await desk.holder.api('GET', `/api/v2/workspaceagents/${desk.agentId}`)
  expect(agent.json.apps).toMatchObject([
    { slug: 'authenticated', url: `http://${hostOf('authenticated')}`, no_url: null },
    { slug: 'based', url: `http://${hostOf('based')}/@dana/desk.main/apps/based/`, no_url: null },
    { slug: 'owner', url: `http://${hostOf('owner')}`, no_url: null },
    { slug: 'path', url: `http://${hostOf('path')}/@dana/desk.main/apps/path/`, no_url: null },
    { slug: 'public', url: `http://${hostOf('public')}`, no_url: null },
  ])
})

test('a cookie is good for its own host, and a ticket for its browser, once it is the right one', async () => {
  const { cookie, ticketUrl } = await signIn(hostOf('owner'), desk.holder.ownerToken)
  expect((await visit(hostOf('authenticated'), '/hello', { Cookie: cookie })).status).toBe(303)
  const path = ticketUrl.pathname + ticketUrl.search
  expect((await visit(hostOf('owner'), path)).status).toBe(400)
  expect((await visit(hostOf('owner'), path, { Cookie: 'reeve_app_state=another' })).status).toBe(400)
  expect((await visit(hostOf('authenticated'), path)).status).toBe(400)
})

test('others use what is shared with them, and are told nothing of the rest', async () => {
  const eve = await member('eve')
  expect((await signIn(hostOf('owner'), eve)).last.status).toBe(404)
  expect((await signIn(hostOf(String(port)), eve)).last.status).toBe(404)
  expect((await signIn(hostOf('nothing'), eve)).last.status).toBe(404)
  const { cookie } = await signIn(hostOf('authenticated'), eve)
  expect((await visit(hostOf('authenticated'), '/for-eve', { Cookie: cookie })).body).toBe('GET /for-eve')
  const open = await visit(hostOf('public'), '/')
  expect([open.status, open.headers.location]).toEqual([302, '/hello?there=1'])
  expect((await visit(hostOf('public'), '/hello?there=1')).status).toBe(200)
  expect((await signIn(hostOf('path'), eve)).last.status).toBe(404)
})

test('an app by path has a host of its own, below the path that its template expects', async () => {
  const console = new URL(desk.holder.url).host
  const prefix = '/@dana/desk.main/apps/path'
  const host = hostOf('path')
  const browser = { Cookie: `reeve_session=${desk.holder.ownerToken}` }
  const sent = await visit(console, `${prefix}/a?b=1`)
  expect([sent.status, sent.headers.location]).toEqual([302, `http://${host}${prefix}/a?b=1`])
  // What is left out is filled in for somebody who may see it.
  expect((await visit(console, '/@me/desk/apps/path/', browser)).headers.location).toBe(`http://${host}${prefix}/`)
  expect((await visit(console, '/@me/desk/apps/path/')).status).toBe(401)
  expect((await visit(console, '/@dana/none/apps/path/', browser)).status).toBe(404)
  const { cookie } = await signIn(host, desk.holder.ownerToken)
  const signedIn = { Cookie: cookie }
  const start = `${prefix}/?folder=/home`
  for (const path of ['/', prefix, `${prefix}/`]) {
    const begun = await visit(host, path, signedIn)
    expect([begun.status, begun.headers.location]).toEqual([302, start])
  }
  expect((await visit(host, start, signedIn)).body).toBe('GET /?folder=/home')
  const got = await visit(host, `${prefix}/a?b=1`, signedIn)
  expect(got.body).toBe('GET /a?b=1')
  expect(got.headers['set-cookie']).toEqual(['own=1; Path=/', 'wide=1; Path=/', 'deep=1; Path=/'])
  // What the app itself writes without the prefix leads to it all the same.
  expect((await visit(host, '/login', signedIn)).body).toBe('GET /login')
  const based = await signIn(hostOf('based'), desk.holder.ownerToken)
  const below = '/@dana/desk.main/apps/based/lab?x=1'
  expect((await visit(hostOf('based'), below, { Cookie: based.cookie })).body).toBe(`GET ${below}`)
  const socket = new WebSocket(`ws://127.0.0.1:${desk.holder.port}${prefix}/socket`, {
    headers: { Host: host, Cookie: cookie, Origin: `http://${host}` },
  })
  await once(socket, 'open')
  expect(asked.at(-1)?.url).toBe('/socket')
  socket.close()
})

test('nothing of an app is served at the address of the console', async () => {
  const console = new URL(desk.holder.url).host
  const count = asked.length
  const browser = { Cookie: `reeve_session=${desk.holder.ownerToken}` }
  for (const path of [
    '/@dana/desk.main/apps/path%2f..%2fowner/',
    '/@dana/desk.main/apps/..%2f..%2f..%2fapi/v2/users/me',
    '/@dana/desk.main/apps/../apps/path/',
    '/@dana/desk.main/apps/path//evil.example/',
    '/@dana/desk.main/apps/path\\evil.example/',
  ]) {
    expect((await visit(console, path, browser)).status, path).toBe(400)
  }
  for (const path of ['/@dana/desk.main/apps/path@evil.example/', '/@dana@evil.example/desk.main/apps/path/']) {
    expect(await visit(console, path, browser), path).toMatchObject({ status: 404 })
  }
  const socket = new WebSocket(`ws://127.0.0.1:${desk.holder.port}/@dana/desk.main/apps/path/socket`, {
    headers: { Host: console, ...browser, Origin: desk.holder.url },
  })
  expect((await once(socket, 'error'))[0].message).toContain('426')
  expect(asked.length).toBe(count)
})

test('an app that says too much is answered for, and takes nobody with it', async () => {
  const { cookie } = await signIn(hostOf('path'), desk.holder.ownerToken)
  const huge = await visit(hostOf('path'), '/huge-headers', { Cookie: cookie })
  expect(huge.status).toBe(502)
  const away = await visit(hostOf('path'), '/away', { Cookie: cookie })
  // Where an app sends its visitors is its own affair; the way there carries nothing of ours.
  expect([away.status, away.headers.location]).toEqual([302, 'https://evil.example/'])
  expect((await visit(hostOf('path'), '/after', { Cookie: cookie })).body).toBe('GET /after')
})

test('a port is shared by its owner as far as its template lets him, and no longer', async () => {
  const { api } = desk.holder
  const kim = await member('kim')
  const { json: agent } = await api('GET', `/api/v2/workspaceagents/${desk.agentId}`)
  const { json: workspace } = await api('GET', `/api/v2/workspaces/${agent.workspace_id}`)
  const path = `/api/v2/workspaces/${workspace.id}/port-share`
  const cap = (level: string) =>
    api('PATCH', `/api/v2/templates/${workspace.template_id}`, { max_port_share_level: level })
  const share = (level: string, token?: string, more: object = {}) =>
    api('POST', path, { agent_name: 'main', port, share_level: level, ...more }, token)
  const host = hostOf(String(port))

  const refused = await share('organization')
  expect([refused.status, refused.json.validations?.[0]?.field]).toEqual([400, 'share_level'])
  expect((await cap('organization')).json.max_port_share_level).toBe('organization')
  expect((await share('public')).status).toBe(400)
  expect((await share('organization', kim)).status).toBe(404)
  expect((await share('organization', undefined, { agent_name: 'none' })).status).toBe(400)
  expect((await share('organization', undefined, { port: 0 })).status).toBe(400)
  expect((await share('organization', undefined, { protocol: 'https' })).status).toBe(400)
  expect((await signIn(host, kim)).last.status).toBe(404)

  expect((await share('organization')).json).toMatchObject({ port, share_level: 'organization', protocol: 'http' })
  const { cookie } = await signIn(host, kim)
  expect((await visit(host, '/for-kim', { Cookie: cookie })).body).toBe('GET /for-kim')
  expect((await visit(host, '/for-all')).status).toBe(303)
  expect((await cap('public')).status).toBe(200)
  expect((await share('public')).status).toBe(200)
  expect((await visit(host, '/for-all')).body).toBe('GET /for-all')

  // The template's word counts with each request.
  await cap('organization')
  expect((await visit(host, '/for-all')).status).toBe(303)
  expect((await api('GET', path)).json).toMatchObject({
    shares: [{ agent_name: 'main', port, share_level: 'organization' }],
    max_share_level: 'organization',
  })
  expect((await visit(host, '/for-kim', { Cookie: cookie })).status).toBe(200)
  expect((await api('DELETE', path, { agent_name: 'main', port })).status).toBe(204)
  expect((await visit(host, '/for-kim', { Cookie: cookie })).status).toBe(404)
  expect((await api('DELETE', path, { agent_name: 'main', port })).status).toBe(404)
  const { json: audit } = await api('GET', '/api/v2/audit?q=resource_type:workspace')
  expect(JSON.stringify(audit)).toContain('"port_share"')
})

test('what a session opened ends with it', async () => {
  const sam = await member('sam')
  const { cookie } = await signIn(hostOf('authenticated'), sam)
  expect((await visit(hostOf('authenticated'), '/', { Cookie: cookie })).status).toBe(200)
  expect((await desk.holder.api('POST', '/api/v2/users/logout', undefined, sam)).status).toBeLessThan(300)
  expect((await visit(hostOf('authenticated'), '/', { Cookie: cookie })).status).toBe(303)
})

test('a page of another app, or of anybody, does nothing here', async () => {
  const host = hostOf('owner')
  const { cookie } = await signIn(host, desk.holder.ownerToken)
  const from = async (headers: Record<string, string>) =>
    (await visit(host, '/x', { Cookie: cookie, ...headers })).status
  const sibling = `http://${hostOf('public')}`
  expect(await from({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors', Origin: sibling })).toBe(403)
  expect(await from({ 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' })).toBe(
    403,
  )
  expect(await from({ Origin: 'https://evil.example' })).toBe(403)
  expect(
    await from({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }),
  ).toBe(200)
  expect(await from({ 'Sec-Fetch-Site': 'same-origin' })).toBe(200)
  const url = `ws://127.0.0.1:${desk.holder.port}/socket`
  const hostile = new WebSocket(url, { headers: { Host: host, Cookie: cookie, Origin: sibling } })
  expect((await once(hostile, 'error'))[0].message).toContain('403')
})

test('the console takes nobody to an address that is no app, and no program', async () => {
  const open = (uri: string, headers: Record<string, string>) =>
    visit(
      new URL(desk.holder.url).host,
      `/api/v2/applications/auth-redirect?${new URLSearchParams({ redirect_uri: uri, state: 's' }).toString()}`,
      headers,
    )
  const browser = { Cookie: `reeve_session=${desk.holder.ownerToken}` }
  expect((await open('https://evil.example/', browser)).status).toBe(400)
  expect((await open(`http://${hostOf('owner')}.evil.example/`, browser)).status).toBe(400)
  expect((await open(`http://${hostOf('owner')}/`, {})).status).toBe(401)
  expect((await open(`http://${hostOf('owner')}/`, { 'Reeve-Session-Token': desk.holder.ownerToken })).status).toBe(403)
})

test('WebSockets and streams of events pass', async () => {
  const host = hostOf('owner')
  const { cookie } = await signIn(host, desk.holder.ownerToken)
  const socket = new WebSocket(`ws://127.0.0.1:${desk.holder.port}/socket`, {
    headers: { Host: host, Cookie: cookie, Origin: `http://${host}` },
  })
  await once(socket, 'open')
  socket.send('hello')
  expect(String((await once(socket, 'message'))[0])).toBe('heard hello')
  expect(asked.at(-1)?.headers.cookie).toBe(undefined)
  socket.close()
  const sent = request({
    host: '127.0.0.1',
    port: desk.holder.port,
    path: '/events',
    headers: { Host: host, Cookie: cookie },
  })
  const [res] = await once(sent.end(), 'response')
  expect(String((await once(res, 'data'))[0])).toBe('data: first\n\n')
  sent.destroy()
})

test('a path of the gateway, on the host of an app, is the app’s', async () => {
  expect((await visit(hostOf('public'), '/api/v2/ai-gateway/anthropic/v1/messages')).body).toMatch(/^GET \/api\/v2/)
  expect((await visit(hostOf('public'), '/api/v2/users/me')).body).toBe('GET /api/v2/users/me')
})

test('an app that is not there yet, and a workspace that is gone, are told in a page', async () => {
  app.closeAllConnections()
  await new Promise((done) => app.close(done))
  const missing = await visit(hostOf('public'), '/x')
  expect([missing.status, missing.headers['refresh']]).toEqual([502, '5'])
  expect(missing.body).toContain('The app is not there yet')
  await desk.killMachine()
  await expect.poll(async () => (await visit(hostOf('public'), '/x')).body).toContain('The workspace is not connected')
})
