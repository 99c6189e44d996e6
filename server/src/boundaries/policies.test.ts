import { createPublicKey, verify } from 'node:crypto'
import { BundlePayload, type BoundaryNotice } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  newDenial,
  registrationOf,
  type TestBoundary,
  testBoundary,
  web,
} from '../../../test/support/boundary-lines.ts'
import { findSession } from './session-queries.ts'
import { type BoundaryWorld, boundaryWorld } from './testing.ts'

let world: BoundaryWorld
let owner: string
let max: string
let ann: string

beforeAll(async () => {
  world = await boundaryWorld()
  owner = await world.identity.owner()
  max = await world.identity.person('max')
  ann = await world.identity.person('ann')
})
afterAll(() => world[Symbol.asyncDispose]())

const clock = () => world.identity.clock
const base = '/api/v2/boundaries'
const policies = `${base}/policies`

const text = (name: string, rules: string, more = ''): string =>
  `apiVersion: reeve/v1\nname: ${name}\nnetwork:\n  rules:\n${rules}\n${more}`
const allow = (id: string, host: string) => `    - { id: ${id}, host: ${host} }`

async function publish(name: string, document: string): Promise<void> {
  const found = await world.call('GET', `${policies}/${name}`, { token: owner })
  const answer =
    found.status === 404
      ? await world.call('POST', policies, { token: owner, body: { document, message: 'the first one' } })
      : await world.call('POST', `${policies}/${name}/versions`, {
          token: owner,
          body: { document, message: 'another one', based_on: found.json.version },
        })
  expect([answer.status, answer.json.validations]).toEqual([201, undefined])
}

async function begin(token = max): Promise<TestBoundary & { readonly registration: Registration }> {
  const boundary = testBoundary(clock())
  const answer = await world.call('POST', `${base}/sessions`, { token, body: registrationOf(boundary, clock()) })
  return { ...boundary, registration: answer.json }
}
interface Registration {
  readonly bundle: Signed
  readonly keys: readonly { readonly id: string; readonly public_key: string }[]
}
interface Signed {
  readonly payload: string
  readonly key_id: string
  readonly signature: string
}

function opened({ bundle, keys }: Registration): BundlePayload {
  const key = keys.find(({ id }) => id === bundle.key_id)
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: key?.public_key ?? '' } })
  expect(verify(null, Buffer.from(bundle.payload), publicKey, Buffer.from(bundle.signature, 'base64url'))).toBe(true)
  return BundlePayload.parse(JSON.parse(bundle.payload))
}

const pull = ({ id }: TestBoundary, token = max, known = '') =>
  world.call('GET', `${base}/sessions/${id}/policy${known}`, { token })
const deliver = ({ id }: TestBoundary, events: readonly object[], token = max) =>
  world.call('POST', `${base}/sessions/${id}/events`, { token, body: { events } })

/** What the other replica tells a boundary that is connected to it. */
async function connected({ id }: TestBoundary) {
  const session = await findSession(world.identity.db.sql, id)
  const over = new AbortController()
  const stream = world.there.notices(session!, over.signal)[Symbol.asyncIterator]()
  // Whoever has heard this is on the list of those that are told.
  expect((await stream.next()).value).toMatchObject({ type: 'policy' })
  return {
    async until(wanted: (notice: BoundaryNotice) => boolean): Promise<BoundaryNotice> {
      for (;;) {
        const { value, done } = await stream.next()
        if (done === true) throw new Error('the stream ended')
        if (wanted(value)) return value
      }
    },
    async [Symbol.asyncDispose]() {
      over.abort()
      await stream.return?.()
    },
  }
}

test('a policy that does not pass its own tests, or has any fault, is not published, and the old one stays', async () => {
  await publish('base', text('base', allow('gh', 'github.com')))
  const failing = text(
    'base',
    allow('gh', 'github.com'),
    'tests:\n  - { request: "GET https://py.example.com/", expect: allow }\n',
  )
  for (const document of [
    failing,
    '',
    text('other', allow('gh', 'github.com')),
    'apiVersion: reeve/v1\nname: base\nx: 1\n',
  ]) {
    const body = { document, message: 'broken', based_on: 1 }
    expect((await world.call('POST', `${policies}/base/versions`, { token: owner, body })).status).toBe(400)
  }
  expect((await world.call('GET', `${policies}/base`, { token: owner })).json).toMatchObject({ version: 1, rules: 1 })
  const checked = await world.call('POST', `${policies}/check`, { token: max, body: { document: failing } })
  expect(checked.json).toMatchObject({
    publishable: false,
    tests: [{ passed: false, decision: 'deny', rule: 'default' }],
  })
})

test('who publishes over what somebody published meanwhile is told, and members publish nothing', async () => {
  await publish('race', text('race', allow('a', 'a.example.com')))
  const body = (host: string) => ({ document: text('race', allow('a', host)), message: 'at once', based_on: 1 })
  const answers = await Promise.all(
    ['b.example.com', 'c.example.com'].map((host) =>
      world.call('POST', `${policies}/race/versions`, { token: owner, body: body(host) }),
    ),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409])
  expect(
    (await world.call('POST', `${policies}/race/versions`, { token: max, body: body('d.example.com') })).status,
  ).toBe(403)
  expect(
    (await world.call('POST', policies, { token: max, body: body('d.example.com') })).status,
  ).toBeGreaterThanOrEqual(400)
  const { versions } = (await world.call('GET', `${policies}/race/versions`, { token: max })).json
  expect(versions.map(({ version }: { version: number }) => version)).toEqual([2, 1])
  const revert = { document: versions[1].document, message: 'back again', based_on: 2, reverts: 1 }
  expect((await world.call('POST', `${policies}/race/versions`, { token: owner, body: revert })).json).toMatchObject({
    version: 3,
    reverts: 1,
  })
  expect((await world.call('DELETE', `${policies}/race`, { token: owner })).status).toBe(204)
})

test('a running boundary on another server is told of a rule that was taken away, and pulls a newer signed policy', async () => {
  await publish('live', text('live', `${allow('gh', 'github.com')}\n${allow('npm', 'npm.example.com')}`))
  const boundary = await begin()
  const before = opened(boundary.registration)
  expect(before.layers.map(({ scope, name }) => `${scope} ${name}`)).toContain('deployment live')
  await using stream = await connected(boundary)
  await publish('live', text('live', allow('gh', 'github.com')))
  const notice = await stream.until((one) => one.type === 'policy' && one.version > before.version)
  const { json } = await pull(boundary)
  const after = opened({ bundle: json.bundle, keys: boundary.registration.keys })
  expect(notice).toEqual({ type: 'policy', version: after.version })
  expect(after.layers.find(({ name }) => name === 'live')).toMatchObject({ version: 2 })
  expect(after.layers.find(({ name }) => name === 'live')?.document).not.toContain('npm.example')
  expect((await pull(boundary, max, `?known=${after.version}`)).json).toEqual({ version: after.version, bundle: null })
})

test('the key that signs is known for a week before it does', async () => {
  const boundary = await begin()
  const [old] = boundary.registration.keys
  clock().advance(181 * 86_400_000)
  max = await world.identity.signIn('max')
  const known = (await begin()).registration
  expect(known.keys).toHaveLength(2)
  expect(known.bundle.key_id).toBe(old?.id)
  expect(opened(known).keys).toEqual(known.keys)
  clock().advance(8 * 86_400_000)
  ;[owner, max, ann] = await Promise.all([
    world.identity.owner(),
    world.identity.signIn('max'),
    world.identity.signIn('ann'),
  ])
  const changed = (await begin()).registration
  expect(changed.bundle.key_id).not.toBe(old?.id)
  expect(opened({ bundle: changed.bundle, keys: known.keys }).version).toBeGreaterThan(0)
})

async function denied(boundary: TestBoundary, url: string, more: object = {}, token = max): Promise<string> {
  const denial = newDenial()
  await deliver(boundary, boundary.next(web(url, { verdict: 'denied', denial, method: 'POST', ...more })), token)
  return denial
}
const askFor = (denial: string, over: object = {}, token = max) =>
  world.call('POST', `${base}/access-requests`, {
    token,
    body: { denial, scope: 'user', duration_seconds: 3_600, reason: 'the build needs it', ...over },
  })

test('an approved request is a rule of the running boundary, and of nobody else, until its time is over', async () => {
  await publish('live', text('live', allow('gh', 'github.com')))
  const boundary = await begin()
  const others = await begin(ann)
  const denial = await denied(boundary, 'https://telemetry.example.com/v1/t')
  const explained = (await world.call('GET', `${base}/denials/${denial}`, { token: max })).json
  expect(explained).toMatchObject({ now: 'deny', can_request: true, identical: { count: 1, people: 1 } })
  expect(explained.checked[0]).toMatchObject({ differs: 'host' })
  const { json: request } = await askFor(denial)
  expect(request).toMatchObject({
    status: 'pending',
    what: 'POST https://telemetry.example.com/v1/t',
    rule: { host: 'telemetry.example.com', port: 443, tcp: false, methods: ['POST'], paths: ['/v1/t'] },
    risks: ['new-domain', 'write-method'],
  })
  expect((await askFor(denial)).status).toBe(409)
  await using stream = await connected(boundary)
  const approved = await world.call('POST', `${base}/access-requests/${request.id}/approve`, { token: owner, body: {} })
  expect(approved.json).toMatchObject({ status: 'approved', decided_by: { username: 'dana' } })
  expect(await stream.until(({ type }) => type === 'access')).toMatchObject({ status: 'approved', denial })
  const grants = async (one: TestBoundary, token: string) => {
    const payload = BundlePayload.parse(JSON.parse((await pull(one, token)).json.bundle.payload))
    return payload.layers.filter(({ scope }) => scope === 'grant')
  }
  const [grant] = await grants(boundary, max)
  expect(JSON.parse(grant?.document ?? '')).toMatchObject({
    network: { default: 'inherit', rules: [{ host: 'telemetry.example.com', http: { methods: ['POST'] } }] },
  })
  expect(await grants(others, ann)).toEqual([])
  const asked = { request: 'POST https://telemetry.example.com/v1/t' }
  const simulate = (token: string) => world.call('POST', `${policies}/simulate`, { token, body: asked })
  expect((await simulate(max)).json).toMatchObject({ decision: 'allow', policy: expect.stringMatching(/^access-/) })
  expect((await simulate(ann)).json).toMatchObject({ decision: 'deny', rule: 'default' })
  clock().advance(3_601_000)
  expect(await grants(boundary, max)).toEqual([])
  expect((await world.call('GET', `${base}/access-requests/${request.id}`, { token: max })).json.status).toBe('expired')
})

test('nobody decides about his own request or grants more than was asked; a refusal has a reason that others read', async () => {
  const boundary = await begin(owner)
  const own = await denied(boundary, 'https://own.example.com/x', {}, owner)
  const { json: mine } = await askFor(own, {}, owner)
  const decide = (id: string, how: string, body: object, token = owner) =>
    world.call('POST', `${base}/access-requests/${id}/${how}`, { token, body })
  expect((await decide(mine.id, 'approve', {})).status).toBe(403)
  expect((await world.call('POST', `${base}/access-requests/${mine.id}/withdraw`, { token: owner })).json.status).toBe(
    'withdrawn',
  )

  const maxs = await begin()
  const denial = await denied(maxs, 'https://paste.example.com/new')
  const { json: request } = await askFor(denial, { scope: 'session' })
  for (const body of [
    { scope: 'organization' },
    { duration_seconds: 7_200 },
    { rule: { ...request.rule, host: '*.example.com' } },
    { rule: { ...request.rule, methods: [] } },
    { rule: { ...request.rule, paths: ['/**'] } },
  ]) {
    expect([body, (await decide(request.id, 'approve', body)).status]).toEqual([body, 400])
  }
  expect((await decide(request.id, 'approve', {}, ann)).status).toBe(403)
  expect((await decide(request.id, 'decline', { reason: 'use the artifact store' })).json.status).toBe('declined')
  expect((await decide(request.id, 'approve', {})).status).toBe(409)
  const again = await denied(maxs, 'https://paste.example.com/new')
  expect((await world.call('GET', `${base}/denials/${again}`, { token: max })).json).toMatchObject({
    declined: 'use the artifact store',
    identical: { count: 2, people: 1 },
  })
  const told = await world.identity.db.sql.selectFrom('outbox_messages').select('event').execute()
  expect(told.map(({ event }) => event)).toEqual(expect.arrayContaining(['access-requested', 'access-decided']))
})

test('what is denied whatever a rule says cannot be asked for, nor what others were denied', async () => {
  const boundary = await begin()
  const metadata = await denied(boundary, 'https://169.254.169.254/latest', { reason: 'address-class' })
  expect((await askFor(metadata)).status).toBe(409)
  const other = await denied(boundary, 'https://x.example.com/')
  expect((await askFor(other, {}, ann)).status).toBe(404)
  expect((await askFor(other, {}, owner)).status).toBe(409)
  expect((await world.call('GET', `${base}/denials/${other}`, { token: ann })).status).toBe(404)
})

test('a draft is asked what it would have decided otherwise', async () => {
  const boundary = await begin()
  await publish('live', text('live', allow('gh', 'github.com')))
  const seen = [web('https://github.com/acme', { rule: 'gh' }), web('https://github.com/acme', { rule: 'gh' })]
  await deliver(boundary, boundary.next(...seen, web('https://py.example.com/simple', { verdict: 'denied' })))
  const document = text('draft', allow('py', 'py.example.com'))
  const { json } = await world.call('POST', `${policies}/replay`, { token: max, body: { document, days: 1 } })
  expect(json.complete).toBe(true)
  expect(json.changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        was: 'allow',
        becomes: 'deny',
        what: 'GET https://github.com/acme',
        count: 2,
        people: 1,
      }),
      expect.objectContaining({ was: 'deny', becomes: 'allow', what: 'GET https://py.example.com/simple', rule: 'py' }),
    ]),
  )
})

test('events are found by what they are, destinations and rules are summed up, and members see their own', async () => {
  const boundary = await begin(ann)
  const events = [
    web('https://api.wanted.dev/v1', { rule: 'gh' }),
    web('https://api.wanted.dev/v2', { verdict: 'denied' }),
    web('https://api.wanted.dev/v3', { verdict: 'observed' }),
  ]
  await deliver(boundary, boundary.next(...events), ann)
  const find = async (q: string, token: string) =>
    (await world.call('GET', `${base}/events?q=${encodeURIComponent(q)}`, { token })).json.events.map(
      ({ net }: { net: { url: string } }) => net.url.slice(-2),
    )
  expect(await find('host:*.wanted.dev', ann)).toEqual(['v3', 'v2', 'v1'])
  expect(await find('host:api.wanted.dev verdict:denied,observed', owner)).toEqual(['v3', 'v2'])
  expect(await find('wanted process:curl user:ann proto:h2 rule:gh', owner)).toEqual(['v1'])
  expect(await find('host:api.wanted.dev', max)).toEqual([])
  const bad = await world.call('GET', `${base}/events?q=color:red`, { token: ann })
  expect(bad.status).toBe(400)
  const hosts = await world.call('GET', `${base}/destinations?q=host:api.wanted.dev`, { token: owner })
  expect(hosts.json).toMatchObject({
    count: 1,
    destinations: [
      { host: 'api.wanted.dev', allowed: 1, denied: 1, observed: 1, people: 1, bytes_up: 30, is_new: true },
    ],
  })
  const counts = await world.call('GET', `${base}/events/counts?q=host:api.wanted.dev`, { token: owner })
  expect(counts.json.buckets.length).toBeLessThanOrEqual(100)
  expect(counts.json.buckets.at(-1)).toMatchObject({ allowed: 1, denied: 1, observed: 1 })
  await publish('unused', text('unused', allow('never', 'never.example.com')))
  const { rules } = (await world.call('GET', `${base}/rules`, { token: owner })).json
  expect(rules).toContainEqual(expect.objectContaining({ policy: 'unused', rule: 'never', hits: 0, last_hit: null }))
})

test('whoever may end a boundary does, and it is told', async () => {
  const boundary = await begin()
  await using stream = await connected(boundary)
  const stop = (token: string) => world.call('POST', `${base}/sessions/${boundary.id}/stop`, { token })
  expect((await stop(ann)).status).toBe(404)
  expect((await stop(owner)).status).toBe(202)
  expect(await stream.until(({ type }) => type === 'end')).toEqual({ type: 'end' })
})

test('clients of Coder read a boundary and its decisions by number under the names that they know', async () => {
  const boundary = await begin()
  const events = [
    web('https://a.wanted.dev/x', { rule: 'gh' }),
    { kind: 'exec' },
    web('https://b.wanted.dev/', { verdict: 'denied' }),
  ]
  await deliver(boundary, boundary.next(...events))
  const path = `/api/v2/agent-firewall/sessions/${boundary.id}`
  expect((await world.call('GET', path, { token: max })).json).toMatchObject({ confined_process_name: 'claude' })
  const { results } = (await world.call('GET', `${path}/logs`, { token: max })).json
  expect(results).toMatchObject([
    { sequence_number: 0, method: 'GET', detail: 'https://a.wanted.dev/x', matched_rule: 'gh', proto: 'http' },
    { sequence_number: 2, detail: 'https://b.wanted.dev/', matched_rule: null },
  ])
  const page = await world.call('GET', `${path}/logs?seq_after=0&seq_before=9&limit=1`, { token: max })
  expect(page.json.results).toMatchObject([{ sequence_number: 2 }])
  expect((await world.call('GET', path, { token: ann })).status).toBe(404)
})
