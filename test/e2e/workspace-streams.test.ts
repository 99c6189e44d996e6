import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createClient, endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { runCli } from '../../cli/src/testing.ts'
import { type Desk, startDesk } from '../support/desk.ts'
import type { RunningServer } from '../support/server.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'

/**
 * Terminals, commands and ports of a workspace through the whole product, with two servers on one database: everything is
 * asked of the one that the agent is connected to, and of the other, which relays it.
 */

const noTerraform = whyNoTerraform('the streams of workspaces')
let desk: Desk
let holder: RunningServer
let other: RunningServer
let agentId: string

const script = `
resource "coder_script" "talk" {
  agent_id     = coder_agent.main.id
  display_name = "Talk"
  run_on_start = true
  script       = "echo it waits; until [ -e ~/go ]; do sleep 0.05; done; echo it goes; echo on"
}`

beforeAll(async () => {
  if (noTerraform !== null) return
  desk = await startDesk({ metadata, apps: script })
  ;({ holder, other, agentId } = desk)
})
afterAll(() => desk?.[Symbol.asyncDispose]())
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
})

const metadata = `metadata {
    key          = "cores"
    display_name = "Cores"
    script       = "echo 4"
    interval     = 1
    timeout      = 5
  }`

const reeve = (server: RunningServer, argv: string[], more: Parameters<typeof runCli>[1] = {}) =>
  runCli(argv, { env: { REEVE_URL: server.url, REEVE_TOKEN: holder.ownerToken }, cwd: desk.folder, ...more })

async function stranger(): Promise<string> {
  const who = { email: 'max@example.com', password: 'correct horse battery' }
  expect((await holder.api('POST', '/api/v2/users', { username: 'max', ...who })).status).toBe(201)
  return (await holder.api('POST', '/api/v2/users/login', who, '')).json.session_token
}

const both = [
  ['the server that holds the agent', () => holder],
  ['another server, which relays', () => other],
] as const

test('what is measured is told as it changes, how an agent is reached, and what runs beside it', async () => {
  const { api, ownerToken, url } = holder
  const path = `/api/v2/workspaceagents/${agentId}`
  const cores = { description: { key: 'cores', display_name: 'Cores', interval: 1, timeout: 5 } }
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}/watch-metadata-ws`, {
    headers: { 'Reeve-Session-Token': ownerToken },
  })
  const told: unknown[] = []
  socket.on('message', (data) => told.push(JSON.parse(String(data))))
  await expect
    .poll(() => told.at(-1))
    .toMatchObject({ type: 'data', data: [{ ...cores, result: { value: '4', error: '' } }] })
  socket.close()
  const events = await fetch(`${url}${path}/watch-metadata`, { headers: { 'Reeve-Session-Token': ownerToken } })
  expect(events.headers.get('content-type')).toContain('text/event-stream')
  const reader = events.body!.getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toContain('"key":"cores"')
  await reader.cancel()
  const refused = new WebSocket(`${url.replace('http', 'ws')}${path}/watch-metadata-ws`, {
    headers: { 'Reeve-Session-Token': await stranger() },
  })
  expect((await once(refused, 'error'))[0].message).toContain('404')

  expect((await api('GET', `${path}/connection`)).json).toMatchObject({
    streams_url: `${url.replace('http', 'ws')}${path}/streams`,
    derp_map: { Regions: {} },
    disable_direct_connections: true,
  })
  const { status, json } = await api('GET', `${path}/containers?label=no-such-label`)
  expect([status, json.containers, json.devcontainers]).toEqual([200, [], []])
})

for (const [name, server] of both) {
  test(`${name}: a command has its input, both outputs and its exit code`, async () => {
    const stdin = Buffer.alloc(1_500_000, 'sixteen bytes..\n')
    const ran = await reeve(server(), ['ssh', 'desk', '--', 'cat; echo oh >&2; exit 4'], { stdin })
    expect([ran.code, ran.stderr, ran.stdout.length]).toEqual([4, 'oh\n', stdin.length])
    expect(ran.stdout === stdin.toString()).toBe(true)
  })

  test(`${name}: a port of the workspace is a port here`, async () => {
    const web = createServer((req, res) => void res.end(`${req.method} ${req.url}`))
    await once(web.listen(0, '127.0.0.1'), 'listening')
    // SAFETY: it listens on a host.
    const { port } = web.address() as AddressInfo
    const request = `GET /from-here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    const ran = await reeve(server(), ['port-forward', 'desk', '--stdio', String(port)], { stdin: request })
    expect(ran.stdout).toMatch(/^HTTP\/1.1 200 OK[^]*GET \/from-here/)
    web.close()
    const refused = await reeve(server(), ['port-forward', 'desk', '--stdio', String(port)], { stdin: request })
    expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringMatching(/nothing listens on port/)])
  })

  test(`${name}: a terminal is found again with what it showed`, async () => {
    const session = randomUUID()
    const first = await terminal(server(), session)
    first.type('stty size; here=kept; echo shown "before"\n')
    await expect.poll(first.shown).toMatch(/30 100[^]*shown before/)
    first.socket.close()
    const again = await terminal(server(), session)
    again.type('echo still "$here"; exit 3\n')
    await expect.poll(again.shown).toMatch(/shown before[^]*still kept/)
    expect(await again.closed).toEqual([1000, 'exited with code 3'])
  })
}

async function terminal(server: RunningServer, session: string, headers?: Record<string, string>) {
  const url = `${server.url.replace('http', 'ws')}/api/v2/workspaceagents/${agentId}/pty`
  const socket = new WebSocket(`${url}?reconnect=${session}&height=30&width=100`, {
    headers: headers ?? { 'Reeve-Session-Token': holder.ownerToken },
  })
  let shown = ''
  socket.on('message', (data) => (shown += String(data)))
  const closed = new Promise<[number, string]>((done) =>
    socket.once('close', (code, reason) => done([code, reason.toString()])),
  )
  await once(socket, 'open')
  return {
    socket,
    closed,
    shown: () => shown,
    type: (data: string) => socket.send(JSON.stringify({ data })),
  }
}

test('what a script says is told by both servers as it is said', async () => {
  const following: string[] = []
  const heard = both.map(async ([, server]) => {
    const client = createClient({ url: server().url, token: holder.ownerToken })
    const lines: string[] = []
    for await (const { output } of await client.events(endpoints.followWorkspaceAgentLogs, {
      params: { agent: agentId },
    })) {
      // Whoever follows is there before it goes on.
      if (lines.push(output) === 1) following.push(server().url)
      if (following.length === both.length) writeFileSync(join(desk.folder, 'home/go'), '')
      if (output === 'on') break
    }
    return lines
  })
  const all = ['it waits', 'it goes', 'on']
  expect(await Promise.all(heard)).toEqual([all, all])
})

test('who may not go in does not, and a page of another site is not let in with the cookie', async () => {
  const asked = (headers: Record<string, string>) => terminal(holder, randomUUID(), headers)
  await expect(asked({})).rejects.toThrow('401')
  await expect(asked({ 'Reeve-Session-Token': 'rv_nobody' })).rejects.toThrow('401')
  const cookie = { Cookie: `reeve_session=${holder.ownerToken}` }
  await expect(asked(cookie)).rejects.toThrow('403')
  await expect(asked({ ...cookie, Origin: 'https://evil.example' })).rejects.toThrow('403')
  const ours = await asked({ ...cookie, Origin: holder.url })
  ours.socket.close()
  const eve = { username: 'eve', email: 'eve@example.com', password: 'correct horse battery' }
  expect((await holder.api('POST', '/api/v2/users', eve)).status).toBe(201)
  const signedIn = await holder.api('POST', '/api/v2/users/login', { email: eve.email, password: eve.password }, '')
  const token = signedIn.json.session_token
  await expect(asked({ 'Reeve-Session-Token': token })).rejects.toThrow('404')
  const gateway = await holder.gatewayToken()
  await expect(asked({ 'Reeve-Session-Token': gateway })).rejects.toThrow(/40[34]/)
})

test('a connection ends when its credential does, and both are on record', async () => {
  const made = await holder.api('POST', '/api/v2/users/me/keys/tokens', { token_name: 'short', scope: 'all' })
  const open = await terminal(holder, randomUUID(), { 'Reeve-Session-Token': made.json.key })
  const ended = await reeve(holder, ['tokens', 'revoke', 'short', '--yes'])
  expect(ended.code, ended.stderr).toBe(0)
  expect(await open.closed).toEqual([1008, 'this connection is not allowed any more'])
  const recorded = async () =>
    (await holder.api('GET', '/api/v2/audit?q=resource_type:workspace_agent')).json.audit_logs.map(
      ({ action, resource_target: target }: { action: string; resource_target: string }) => `${action} ${target}`,
    )
  await expect.poll(recorded).toEqual(expect.arrayContaining(['connect dana/desk.main', 'disconnect dana/desk.main']))
})

test('servers believe nobody who has not the keyring', async () => {
  const asked = async (headers: Record<string, string>): Promise<string> => {
    const socket = new WebSocket(`${holder.url.replace('http', 'ws')}/api/v2/replicas/relay`, { headers })
    const [error] = await once(socket, 'error')
    return error.message
  }
  expect(await asked({})).toContain('401')
  expect(await asked({ 'Reeve-Relay-Pass': 'sealed-1.0000000000000000.AAAA' })).toContain('401')
})

test('nothing is opened to a workspace whose agent is gone', async () => {
  await desk.killMachine()
  for (const [, server] of both) {
    await expect
      .poll(async () => (await reeve(server(), ['ssh', 'desk', '--', 'true'])).stderr)
      .toContain('the agent of this workspace is not connected')
  }
})
