import { hostname } from 'node:os'
import { Secret, silentLog, systemClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { netFact, scratchDirectory } from '../../boundary/src/audit/testing.ts'
import { nothing } from '../../boundary/src/audit/recorder.ts'
import { ask, startWorld } from '../../boundary/src/proxy/testing.ts'
import { webServer } from '../../boundary/src/proxy/testing-servers.ts'
import { type BoundarySession, openSession } from '../../boundary/src/session.ts'
import { systemTimers } from '../../boundary/src/timers.ts'
import { type RunningServer, startServer } from '../support/server.ts'

/** The boundary's own client against the real control plane. */

/** Two starts of a server, on a machine that may be busy. */
const timeout = 300_000

const ended = { exitCode: 0, signalName: null, waitMs: 20_000 } as const

function open(server: RunningServer, state: string, token = server.ownerToken): Promise<BoundarySession> {
  return openSession({
    state,
    control: { url: server.url, token: new Secret(token) },
    local: null,
    about: {
      command: 'claude',
      hostname: hostname(),
      clientVersion: '0.1.0',
      tier: 1,
      jail: 'namespaces',
      kernel: '6.18.0',
      policy: null,
    },
    env: {},
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log: silentLog,
    userId: process.getuid?.() ?? null,
    onStop: () => {},
  })
}

const rulesFor = (host: string) =>
  `apiVersion: reeve/v1\nname: everybody\nnetwork: { rules: [{ id: one, host: ${host} }] }\n`

test(
  'a session is whole at the control plane, and a policy that is published decides in it at once',
  { timeout },
  async () => {
    using scratch = scratchDirectory()
    await using server = await startServer()
    const session = await open(server, scratch.path)
    expect(session.online).toBe(true)
    expect(session.policy.current.layers).toEqual([])
    const { denial } = session.recorder.record(netFact('deny', { host: 'pastebin.com' }))

    const first = { document: rulesFor('api.test'), message: 'begin' }
    const made = await server.api('POST', '/api/v2/boundaries/policies', first)
    expect(made.status, JSON.stringify(made.json)).toBe(201)
    const hosts = () =>
      session.policy.current.layers.flatMap(({ document }) => document.network.rules.flatMap(({ host }) => host))
    await expect.poll(hosts).toEqual(['api.test'])
    // P01: what is taken out of the policy is denied in what runs already.
    const next = { document: rulesFor('other.test'), message: 'another host', based_on: 1 }
    expect((await server.api('POST', '/api/v2/boundaries/policies/everybody/versions', next)).status).toBe(201)
    await expect.poll(hosts).toEqual(['other.test'])
    expect(session.policy.name).toEqual({ name: 'everybody', version: 2 })

    expect(await session.end(ended)).toEqual({ unsent: 0, unwritten: 0 })
    const { json } = await server.api('GET', `/api/v2/boundaries/sessions/${session.id}`)
    expect(json).toMatchObject({ status: 'ended', exit_code: 0, gaps: 0, tampered: false })
    const found = await server.api('GET', `/api/v2/boundaries/denials/${denial}`)
    expect(found.json).toMatchObject({ denial, event: { net: { host: 'pastebin.com' } } })
  },
)

const askingPolicy = `
apiVersion: reeve/v1
name: everybody
network:
  rules:
    - { id: ask-web, effect: ask, host: ask.test }
    - { id: ask-db, effect: ask, tcp: true, host: db.test, ports: [5432] }
`

test(
  'what rules ask about waits for a person at the control plane: requests, connections, programs and deletions',
  { timeout },
  async () => {
    using scratch = scratchDirectory()
    await using server = await startServer()
    const [organization] = (await server.api('GET', '/api/v2/organizations')).json
    const eli = { username: 'eli', email: 'eli@example.com', password: 'correct horse battery', organization_ids: [organization.id] } // prettier-ignore
    expect((await server.api('POST', '/api/v2/users', eli)).status).toBe(201)
    const { session_token } = (
      await server.api('POST', '/api/v2/users/login', { email: eli.email, password: eli.password })
    ).json
    const document = { document: askingPolicy, message: 'ask' }
    expect((await server.api('POST', '/api/v2/boundaries/policies', document)).status).toBe(201)
    const session = await open(server, scratch.path, session_token)
    await using world = startWorld({ session })
    const requests = await webServer(world)
    const access = '/api/v2/boundaries/access-requests'
    const pending = async (what: string) => {
      const found = async () =>
        (await server.api('GET', `${access}?q=status:pending`)).json.access_requests.find(
          (one: { what: string }) => one.what === what,
        )
      await expect.poll(found).toMatchObject({ status: 'pending', requester: { username: 'eli' } })
      return await found()
    }
    const approve = async (id: string) =>
      expect((await server.api('POST', `${access}/${id}/approve`, {})).status).toBe(200)
    const get = async (path: string) => ask(await world.openTls('ask.test'), { path, headers: { host: 'ask.test' } })

    const waiting = get('/v1/x?token=canary')
    const request = await pending('GET https://ask.test/v1/x')
    expect(request).toMatchObject({ scope: 'session', rule: { host: 'ask.test', methods: ['GET'], paths: ['/v1/x'] } })
    expect(JSON.stringify(request)).not.toContain('canary')
    expect(requests).toEqual([])
    await approve(request.id)
    expect((await waiting).status).toBe(200)
    // The grant is a rule of the policy by now, and decides about the same alone.
    await expect.poll(() => session.policy.current.grants.length).toBe(1)
    expect((await get('/v1/x')).status).toBe(200)
    const explained = await server.api('GET', `/api/v2/boundaries/denials/${request.denial}`)
    expect(explained.json).toMatchObject({ now: 'allow', requests: [{ id: request.id, status: 'approved' }] })

    const other = get('/v1/y')
    const declined = await pending('GET https://ask.test/v1/y')
    expect((await server.api('POST', `${access}/${declined.id}/decline`, { reason: 'use the mirror' })).status).toBe(
      200,
    )
    expect(await other).toMatchObject({ status: 403, headers: { 'x-reeve-class': 'policy' } })

    const socket = await world.open('db.test', 5432)
    await pending('connect db.test:5432')
    socket.destroy()

    const { signal } = new AbortController()
    const exec = { path: '/usr/bin/kubectl', argv: ['kubectl', 'delete', 'x'], cwd: '/work' }
    const line = { ...nothing, decision: 'deny', would: 'ask', rule: 'kube', reason: 'rule' } as const
    const run = session.recorder.record({ ...line, kind: 'access', exec })
    const command = session.approvals.ask({ kind: 'command', denial: run.denial, text: 'kubectl delete x' }, signal)
    await approve((await pending('run /usr/bin/kubectl delete x')).id)
    expect(await command).toBe('approved')
    const file = { op: 'delete', path: '/srv/shop', count: 200 }
    const gone = session.recorder.record({ ...line, kind: 'file', rule: 'bulk-delete', reason: 'bulk-delete', file })
    const deletion = session.approvals.ask({ kind: 'deletion', denial: gone.denial, text: '200 deletions' }, signal)
    await approve((await pending('/srv/shop')).id)
    expect(await deletion).toBe('approved')

    await world[Symbol.asyncDispose]()
    expect(await session.end(ended)).toEqual({ unsent: 0, unwritten: 0 })
    // Nobody has to decide about what was asked for a session that is over.
    expect((await server.api('GET', `${access}?q=status:pending`)).json.access_requests).toEqual([])
  },
)

test('a control plane that is killed while a session runs has all of it afterwards', { timeout }, async () => {
  using scratch = scratchDirectory()
  await using server = await startServer()
  const session = await open(server, scratch.path)
  for (let i = 0; i < 20; i++) session.recorder.record(netFact('allow', { path: `/${i}` }))
  await server.kill()
  const { denial } = session.recorder.record(netFact('deny'))
  await session.recorder.flush()
  await server.start()
  session.recorder.record(netFact('allow'))
  await expect.poll(() => server.api('GET', `/api/v2/boundaries/denials/${denial}`).then(({ status }) => status)).toBe(200) // prettier-ignore
  expect(await session.end(ended)).toEqual({ unsent: 0, unwritten: 0 })
  const { json } = await server.api('GET', `/api/v2/boundaries/sessions/${session.id}`)
  expect(json).toMatchObject({ status: 'ended', allowed: 21, denied: 1, gaps: 0, tampered: false })
})
