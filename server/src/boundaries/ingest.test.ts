import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashOf, registrationOf, type TestBoundary, testBoundary, web } from '../../../test/support/boundary-lines.ts'
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

const sessions = '/api/v2/boundaries/sessions'
const clock = () => world.identity.clock

async function begin(token = max): Promise<TestBoundary> {
  const boundary = testBoundary(clock())
  const { status } = await world.call('POST', sessions, { token, body: registrationOf(boundary, clock()) })
  expect(status).toBe(201)
  return boundary
}

const deliver = ({ id }: TestBoundary, events: readonly object[], token = max) =>
  world.call('POST', `${sessions}/${id}/events`, { token, body: { events } })
const standing = async ({ id }: TestBoundary, token = max) =>
  (await world.call('GET', `${sessions}/${id}`, { token })).json
const eventsOf = async ({ id }: TestBoundary, token = max) =>
  (await world.call('GET', `/api/v2/boundaries/events?limit=1000&q=session:${id}`, { token })).json.events
const end = ({ id, head }: TestBoundary, over: object = {}, token = max) =>
  world.call('POST', `${sessions}/${id}/end`, {
    token,
    body: { last_seq: head().seq, head: head().hash, exit_code: 0, signal: null, ...over },
  })

test('a boundary registers once; the same again is told where it stands, and another key or person is refused', async () => {
  const boundary = await begin()
  await deliver(boundary, boundary.next({ kind: 'session' }, web('https://example.com/')))
  const again = await world.call('POST', sessions, { token: max, body: registrationOf(boundary, clock()) })
  expect(again).toMatchObject({ status: 201, json: { acknowledged_seq: 1, owner: { username: 'max' } } })
  expect(again.json.injects).toEqual([
    { host: 'reeve.test', port: 443, paths: ['/api/v2/aibridge/**', '/api/v2/ai-gateway/**'] },
  ])
  const forged = { ...registrationOf(boundary, clock()), public_key: testBoundary(clock()).publicKey }
  expect((await world.call('POST', sessions, { token: max, body: forged })).status).toBe(409)
  const other = await world.call('POST', sessions, { token: ann, body: registrationOf(boundary, clock()) })
  expect(other.status).toBe(409)
})

test('lines that come again are kept once, also when two servers take them at the same moment', async () => {
  const boundary = await begin()
  const lines = boundary.next(
    { kind: 'session' },
    ...Array.from({ length: 40 }, (_, n) => web(`https://h${n}.example.com/`)),
  )
  const answers = await Promise.all([
    deliver(boundary, lines),
    deliver(boundary, lines),
    deliver(boundary, lines.slice(10)),
  ])
  expect(answers.map(({ status, json }) => [status, json.acknowledged_seq])).toEqual([
    [200, 40],
    [200, 40],
    [200, 40],
  ])
  expect(await eventsOf(boundary)).toHaveLength(41)
  expect(await standing(boundary)).toMatchObject({ allowed: 40, denied: 0, gaps: 0, tampered: false, status: 'live' })
})

test('a line that is missing is shown as a gap until it comes', async () => {
  const boundary = await begin()
  const lines = boundary.next(
    { kind: 'session' },
    web('https://a.example.com/'),
    web('https://b.example.com/'),
    web('https://c.example.com/'),
  )
  expect((await deliver(boundary, [lines[0]!, lines[3]!])).json).toEqual({ acknowledged_seq: 3 })
  expect(await standing(boundary)).toMatchObject({ gaps: 2, tampered: false })
  await end(boundary)
  expect(await standing(boundary)).toMatchObject({ status: 'truncated' })
  await deliver(boundary, [lines[1]!, lines[2]!])
  expect(await standing(boundary)).toMatchObject({ gaps: 0, status: 'ended', tampered: false })
})

test('a line that came before and is another one now is refused with what came along, and the record is marked', async () => {
  const boundary = await begin()
  const lines = boundary.next({ kind: 'session' }, web('https://a.example.com/'))
  await deliver(boundary, lines)
  const changed = { ...lines[1], rule: 'nothing-happened' }
  const answer = await deliver(boundary, [changed, ...boundary.next(web('https://b.example.com/'))])
  expect(answer.status).toBe(409)
  expect(await eventsOf(boundary)).toHaveLength(2)
  expect(await standing(boundary)).toMatchObject({ tampered: true, acknowledged_seq: 1 })
  const audit = await world.identity.audit()
  expect(audit.at(-1)).toMatchObject({ resource_type: 'boundary', outcome: 'refused' })
  expect(await world.metrics.metrics()).toContain('reeve_boundary_tampered_total{how="changed"} 1')
})

test('a line that does not name the one before it marks the record, in a batch, between two and in a gap', async () => {
  for (const cut of [
    [[0, 1, 2, 3]],
    [
      [0, 1],
      [2, 3],
    ],
    [[0, 1, 3], [2]],
  ]) {
    const boundary = await begin()
    const lines = boundary.next(
      { kind: 'session' },
      web('https://a.example.com/'),
      web('https://b.example.com/'),
      web('https://c.example.com/'),
    )
    lines[2] = { ...lines[2], rule: 'rewritten' }
    for (const part of cut)
      expect(
        (
          await deliver(
            boundary,
            part.map((at) => lines[at]!),
          )
        ).status,
      ).toBe(200)
    expect(await standing(boundary)).toMatchObject({ tampered: true })
  }
})

test('another last line than was named at the end marks the record, and a second end is none', async () => {
  const boundary = await begin()
  const lines = boundary.next({ kind: 'session' }, { kind: 'end' })
  await deliver(boundary, lines)
  expect((await end(boundary)).status).toBe(204)
  expect((await end(boundary)).status).toBe(204)
  expect((await end(boundary, { head: '0'.repeat(64) })).status).toBe(409)
  expect(await standing(boundary)).toMatchObject({ status: 'ended', exit_code: 0, tampered: false })
  const forged = await begin()
  await deliver(forged, forged.next({ kind: 'session' }))
  await end(forged, { head: hashOf({}) })
  expect(await standing(forged)).toMatchObject({ tampered: true })
})

test('nobody speaks for another’s boundary, not even who may end it', async () => {
  const boundary = await begin()
  const lines = boundary.next({ kind: 'session' })
  for (const token of [ann, owner]) {
    expect((await deliver(boundary, lines, token)).status).toBe(404)
    expect((await end(boundary, {}, token)).status).toBe(404)
    expect((await world.call('GET', `${sessions}/${boundary.id}/policy`, { token })).status).toBe(404)
  }
  expect((await standing(boundary, ann)).code).toBe('not_found')
  expect((await standing(boundary, owner)).owner.username).toBe('max')
})

test('what is no line is refused whole, by its place: another session, order, numbers, kinds, and characters that nobody stores', async () => {
  const boundary = await begin()
  const other = testBoundary(clock())
  const [first] = boundary.next({ kind: 'session' })
  const bad = [
    [other.next({ kind: 'session' })[0]!],
    [{ ...first, seq: -1 }],
    [{ ...first, seq: 2 ** 40 }],
    [{ ...first, kind: 'invented' }],
    [{ ...first, rule: 'x\u0000y' }],
    [{ ...first, rule: '\ud800' }],
    [{ ...first, time: 'tomorrow' }],
    [{ ...first, denial: 'dny_short' }],
    [first!, first!],
  ]
  for (const events of bad) expect([events, (await deliver(boundary, events)).status]).toEqual([events, 400])
  expect((await deliver(boundary, [])).status).toBe(400)
  expect(
    (
      await deliver(
        boundary,
        Array.from({ length: 501 }, () => first!),
      )
    ).status,
  ).toBe(400)
  expect((await deliver(boundary, [{ ...first, facts: { big: 'x'.repeat(1_100_000) } }])).status).toBe(413)
  expect(await standing(boundary)).toMatchObject({ acknowledged_seq: -1 })
})

test('a line of the future counts for when it came, and one from before its session for its beginning', async () => {
  const boundary = await begin()
  const [first, past, future] = boundary.next(
    { kind: 'session' },
    web('https://a.example.com/'),
    web('https://b.example.com/'),
  )
  const chain = [first!, { ...past!, time: '1999-01-01T00:00:00.000Z' }]
  const last = { ...future!, time: '2999-01-01T00:00:00.000Z', prev: hashOf(chain[1]!) }
  clock().advance(5_000)
  expect((await deliver(boundary, [...chain, last])).status).toBe(200)
  const times = (await eventsOf(boundary)).map(({ time }: { time: string }) => new Date(time).getTime())
  const now = clock().now().getTime()
  expect(times.every((ms: number) => ms <= now && ms >= now - 10_000)).toBe(true)
  expect(await standing(boundary)).toMatchObject({ tampered: false })
})

test('a boundary that is not seen for ten minutes is lost, and live again when it is', async () => {
  const boundary = await begin()
  clock().advance(11 * 60_000)
  expect(await standing(boundary, owner)).toMatchObject({ status: 'lost' })
  const listed = await world.call('GET', `${sessions}?q=status:lost%20user:max&limit=1000`, { token: owner })
  expect(listed.json.sessions.map(({ id }: { id: string }) => id)).toContain(boundary.id)
  expect((await world.call('GET', `${sessions}/${boundary.id}/policy?known=1`, { token: max })).status).toBe(200)
  expect(await standing(boundary, owner)).toMatchObject({ status: 'live' })
})

test('each decision is a line of the log under the names that collectors know, and counted', async () => {
  const boundary = await begin()
  const before = world.lines.length
  const denied = web('https://telemetry.example.com/v1/t', { method: 'POST', verdict: 'denied' })
  await deliver(
    boundary,
    boundary.next({ kind: 'session' }, denied, web('https://api.example.com/x', { rule: 'gh-read' })),
  )
  const lines = world.lines.slice(before).filter(({ message }) => message === 'boundary_request')
  expect(lines.map(({ facts }) => facts)).toMatchObject([
    {
      decision: 'deny',
      workspace_id: '',
      workspace_name: '',
      owner: 'max',
      template_id: '',
      template_version_id: '',
      http_method: 'POST',
      http_url: 'https://telemetry.example.com/v1/t',
      matched_rule: '',
      process: '/usr/bin/curl',
      process_tree: 'claude > bash > curl',
      tier: 1,
      policy: 'base@v1',
      boundary_session: boundary.id,
      boundary_seq: 1,
    },
    { decision: 'allow', matched_rule: 'gh-read', boundary_seq: 2 },
  ])
  expect(await world.metrics.metrics()).toMatch(/reeve_boundary_events_total\{kind="net",verdict="denied"\} [1-9]/)
})
