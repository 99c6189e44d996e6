import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ask, type AskOptions, type Said, say, startWorld, type World, type WorldOptions } from '../proxy/testing.ts'
import { doorHost } from './door-judge.ts'

interface Heard {
  readonly question: string
  readonly body: string
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Answering = (heard: Heard, res: ServerResponse) => void

const token = {
  access_token: 'ghs_one',
  username: 'x-access-token',
  password: 'ghs_one',
  provider_id: 'github',
  url: '',
}
const answers: Answering = ({ question }, res) =>
  question.startsWith('GET /external-auth?')
    ? void res.end(JSON.stringify({ ...token, type: 'github', refresh: 'never' }))
    : void res.writeHead(204).end()

const policy = `
apiVersion: reeve/v1
name: p0
network:
  rules:
    - { id: git, host: git.test }
    - { id: other, host: git.test, ports: [8443] }
    - { id: by-git, host: own.test, when: { exe: [/usr/bin/git] } }
`

/** A sandbox in a workspace whose agent is this one. */
async function workspace(more: Partial<WorldOptions> = {}, answering = answers, app = '') {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-door-'))
  const heard: Heard[] = []
  const listener = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let body = ''
    for await (const piece of req) body += String(piece)
    const one = { question: `${req.method} ${req.url}`, body }
    heard.push(one)
    answering(one, res)
  }
  const agent: Server = createServer((req, res) => void listener(req, res))
  const socket = join(folder, 'agent.sock')
  await once(agent.listen(socket), 'listening')
  const world = startWorld({ policy, ...more, workspaceAgent: { socket, app, commands: [] } })
  closing.push(async () => {
    await world[Symbol.asyncDispose]()
    agent.closeAllConnections()
    await new Promise((resolve) => agent.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })
  return { world, heard }
}

async function atDoor(world: World, path: string, options: AskOptions = {}): Promise<Said> {
  const headers = { host: doorHost, accept: 'application/json', ...options.headers }
  const socket = await world.open(doorHost, 80)
  const said = await ask(socket, { ...options, path, headers })
  socket.destroy()
  return said
}

const post = (body: unknown): AskOptions => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const lines = ({ facts }: World) =>
  facts
    .filter(({ kind }) => kind === 'net')
    .map(({ decision, rule, net, facts: more }) => [decision, rule, net?.url, more])

test('credentials of a host that the policy allows are handed out, and on the record before they are', async () => {
  const kept = { lines: 0 }
  const { world, heard } = await workspace({ kept: async () => void (kept.lines = world.facts.length) })
  const { status, body, headers } = await atDoor(world, '/git-credentials/git.test')
  expect([status, JSON.parse(body)]).toEqual([
    200,
    { access_token: 'ghs_one', username: 'x-access-token', password: 'ghs_one', url: '' },
  ])
  expect(headers['cache-control']).toBe('no-store')
  expect(heard).toEqual([{ question: 'GET /external-auth?match=https%3A%2F%2Fgit.test', body: '' }])
  const url = `http://${doorHost}/git-credentials/git.test`
  expect(lines(world)).toEqual([['allow', 'workspace', url, { credential: 'handed-out', provider: 'github' }]])
  expect(world.facts.at(-1)?.process).toMatchObject({ pid: 4312, exe: '/usr/bin/curl', tree: ['claude', 'curl'] })
  expect(kept.lines).toBe(world.facts.length)
  expect(JSON.stringify(world.facts)).not.toContain('ghs_one')
  expect(world.dialled).toEqual([])
})

test('whoever waits until an account is linked is told where to link it', async () => {
  const unlinked: Answering = (_, res) =>
    void res.end(JSON.stringify({ access_token: '', url: 'https://reeve.test/link' }))
  const { world, heard } = await workspace({}, unlinked)
  const { body } = await atDoor(world, '/git-credentials/git.test:8443?listen=true')
  expect(JSON.parse(body)).toEqual({ access_token: '', username: '', password: '', url: 'https://reeve.test/link' })
  expect(heard[0]?.question).toBe('GET /external-auth?match=https%3A%2F%2Fgit.test%3A8443&listen=true')
  expect(lines(world)[0]?.[3]).toEqual({ credential: 'not-linked', provider: '' })
})

test.each([
  ['a host that no rule is about', '/git-credentials/evil.test'],
  ['another port of one that a rule allows', '/git-credentials/git.test:9443'],
  ['one that other programs may reach', '/git-credentials/own.test'],
])('no credential for %s: the agent is not asked, and the denial is about that host', async (_, path) => {
  const { world, heard } = await workspace()
  const { status, body } = await atDoor(world, path)
  const { host } = new URL(`https://${path.split('/').at(-1)}`)
  expect([status, JSON.parse(body).host, heard]).toEqual([403, host.replace(/:\d+$/, ''), []])
  expect(lines(world)).toEqual([['deny', 'default', `https://${host}/`, { credential: 'denied' }]])
})

test('a host that stops being allowed while an account is being linked gets no credential', async () => {
  const { world } = await workspace({}, (heard, res) => {
    world.policy.replace(policy.replaceAll('git.test', 'gone.test'))
    answers(heard, res)
  })
  const { status, body } = await atDoor(world, '/git-credentials/git.test?listen=true')
  expect([status, body.includes('ghs_one')]).toEqual([403, false])
})

test('a policy shuts the door to credentials as it denies any other address, and reports still go out', async () => {
  const rule = `    - { id: none, effect: deny, host: ${doorHost}, http: { paths: ["/git-credentials/**"] }, reason: use-the-mirror }\n`
  const { world, heard } = await workspace({ policy: policy + rule })
  const { status, body } = await atDoor(world, '/git-credentials/git.test')
  expect([status, JSON.parse(body).hint, heard]).toEqual([403, 'use-the-mirror', []])
  expect((await atDoor(world, '/app-status', post({ state: 'working', message: 'on it' }))).status).toBe(204)
})

test.each(['approved', 'declined'] as const)(
  'where a policy has a person asked, a credential that is %s is that',
  async (outcome) => {
    const rule = `    - { id: ask, effect: ask, host: ${doorHost}, ports: [80], http: { paths: ["/git-credentials/**"] } }\n`
    const matters: string[] = []
    const approvals = {
      ask({ text }: { readonly text: string }) {
        matters.push(text)
        return Promise.resolve(outcome)
      },
    }
    const { world, heard } = await workspace({ policy: policy + rule, approvals })
    const { status } = await atDoor(world, '/git-credentials/git.test')
    expect(matters).toEqual([`GET http://${doorHost}/git-credentials/git.test`])
    expect([status, heard.length]).toEqual(outcome === 'approved' ? [200, 1] : [403, 0])
  },
)

test('a report says how the task goes, and nothing for another app', async () => {
  const { world, heard } = await workspace()
  const said = { state: 'working', message: 'on it', uri: 'https://git.test/1', app_slug: 'terminal', more: 1 }
  expect((await atDoor(world, '/app-status', post(said))).status).toBe(204)
  const named = await workspace({}, answers, 'claude')
  expect((await atDoor(named.world, '/app-status', post(said))).status).toBe(204)
  const { app_slug: _, more: __, ...kept } = said
  expect([heard, named.heard].flat().map(({ body }) => JSON.parse(body))).toEqual([
    kept,
    { app_slug: 'claude', ...kept },
  ])
})

test('what the agent refuses is told in its words, and what is no answer of its is not passed on', async () => {
  const { world } = await workspace({}, ({ question }, res) =>
    question.startsWith('POST')
      ? void res.writeHead(400).end(JSON.stringify({ code: 'invalid', message: 'no such state', secret: 'x' }))
      : void res.end('x'.repeat(100_000)),
  )
  const refused = await atDoor(world, '/app-status', post({ state: 'dancing' }))
  expect([refused.status, JSON.parse(refused.body)]).toEqual([
    400,
    { code: 'invalid', message: 'no such state', detail: '' },
  ])
  expect((await atDoor(world, '/git-credentials/git.test')).status).toBe(503)
})

const everything = '    - { id: all, host: "*", ports: [80, 443] }\n'
test.each([
  ['GET', '/'],
  ['GET', '/boundary'],
  ['GET', '/ssh-key'],
  ['GET', '/units'],
  ['GET', '/external-auth?match=https://git.test'],
  ['POST', '/log-snapshot'],
  ['GET', '/app-status'],
  ['PUT', '/app-status'],
  ['POST', '/git-credentials/git.test'],
  ['GET', '/git-credentials/'],
  ['GET', '/git-credentials/git.test/../../boundary'],
  ['GET', '/git-credentials/git.test%2f..%2f..%2fboundary'],
  ['GET', '/git-credentials/git.test%40evil.test'],
  ['GET', '/git-credentials/git.test%20x'],
  ['GET', '/git-credentials/https://git.test'],
])('%s %s is not there, also where a policy allows everything', async (method, path) => {
  for (const mode of ['enforce', 'observe']) {
    const { world, heard } = await workspace({ policy: `mode: ${mode}${policy}${everything}` })
    const { status } = await atDoor(world, path, { method })
    expect([400, 403]).toContain(status)
    expect([heard, world.dialled, world.asked]).toEqual([[], [], []])
  }
})

test('no other protocol, port or tunnel leads through the door, and none leads out by its name', async () => {
  const { world, heard } = await workspace({ policy: policy + everything })
  const upgrade =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  const raw = async (bytes: string, port = 80) => say(await world.open(doorHost, port), bytes)
  const close = `Host: ${doorHost}\r\nConnection: close\r\n\r\n`
  expect(await raw(`GET /git-credentials/git.test HTTP/1.1\r\nHost: ${doorHost}\r\n${upgrade}\r\n`)).toMatch(
    /^HTTP\/1.1 403/,
  )
  expect(await raw(`GET http://git.test/ HTTP/1.1\r\nHost: git.test\r\nConnection: close\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 421/,
  )
  expect(await raw(`GET /git-credentials/git.test HTTP/1.1\r\n${close}`, 81)).toMatch(/^HTTP\/1.1 403/)
  expect(await raw(`CONNECT git.test:443 HTTP/1.1\r\nHost: git.test:443\r\n\r\n`)).not.toMatch(/^HTTP\/1.1 200/)
  expect([heard, world.dialled]).toEqual([[], []])
})

test('a report that is too long, or none, is refused before the agent hears of it', async () => {
  const { world, heard } = await workspace()
  expect((await atDoor(world, '/app-status', post({ message: 'x'.repeat(9_000) }))).status).toBe(413)
  const chunked = { ...post(`{"message":"${'x'.repeat(20_000)}"}`), headers: { 'transfer-encoding': 'chunked' } }
  expect((await atDoor(world, '/app-status', chunked)).status).toBe(413)
  expect((await atDoor(world, '/app-status', post('[not json'))).status).toBe(400)
  expect(heard).toEqual([])
})

test('the questions that wait at once are bounded, and end with whoever asked', async () => {
  const waiting: ServerResponse[] = []
  const { world, heard } = await workspace({}, (_, res) => void waiting.push(res))
  const path = '/git-credentials/git.test?listen=true'
  const asking = Array.from({ length: 8 }, async () => {
    const socket = await world.open(doorHost, 80)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${doorHost}\r\n\r\n`)
    return socket
  })
  const sockets = await Promise.all(asking)
  await expect.poll(() => waiting.length).toBe(8)
  expect((await atDoor(world, path)).status).toBe(429)
  for (const socket of sockets) socket.destroy()
  await expect.poll(() => waiting.every(({ destroyed }) => destroyed)).toBe(true)
  const again = atDoor(world, path)
  await expect.poll(() => heard.length).toBe(9)
  waiting.at(-1)?.end(JSON.stringify(token))
  expect((await again).status).toBe(200)
})

test('without an agent there is no door: the name is one like every other', async () => {
  const world = startWorld()
  closing.push(() => world[Symbol.asyncDispose]())
  const { status, body } = await atDoor(world, '/git-credentials/git.test')
  expect([status, body.includes('no-matching-rule')]).toEqual([403, true])
})
