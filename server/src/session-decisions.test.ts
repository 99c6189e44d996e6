import { type Clock, type Uuid, uuidv7 } from '@reeve/base'
import { endpoints, type TimelineDecision } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestBoundary, testBoundary, web } from '../../test/support/boundary-lines.ts'
import { linesBetween } from './boundaries/between.ts'
import { insertEvents, keepDays } from './boundaries/ingest-queries.ts'
import { readLines, rowOf } from './boundaries/lines.ts'
import { type TestDatabase, testDatabase } from './db/testing.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway/gateway-testing.ts'
import { bodyOf, record, type Said, startFacts, streamOf, testRecord, type TestRecord } from './gateway/testing.ts'

/** Sessions that ran inside of boundaries, and the record of both in one database. */
let db: TestDatabase
let gateway: TestGateway
let kept: TestRecord
let dana: Person
let erin: Person
let auditor: Person
let reviewer: Person

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9', {}, { record: (...given) => linesBetween({ db }, ...given) })
  kept = await testRecord({ db })
  dana = await person(db, 'dana')
  erin = await person(db, 'erin')
  auditor = await person(db, 'audrey', { roles: ['auditor'] })
  reviewer = await person(db, 'rita', { roles: ['content-reviewer'] })
})
afterAll(async () => {
  await kept[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

const began = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 600_000)
const at = (seconds: number) => new Date(began.getTime() + seconds * 1_000)
const clock: Clock = { now: () => began, monotonicMs: () => 0 }

/** A boundary of a person, whose own clock is ahead of the server's by so many seconds. */
class Inside {
  readonly boundary: TestBoundary = testBoundary(clock)
  readonly #who: Person
  readonly #ahead: number
  constructor(who: Person, ahead = 0) {
    this.#who = who
    this.#ahead = ahead
  }

  get id(): Uuid {
    return this.boundary.id
  }

  async begin(): Promise<this> {
    const { userId, organizationIds } = this.#who.actor
    const facts = {
      client_version: '1',
      command: 'claude',
      hostname: 'laptop',
      tier: 1,
      jail: 'namespaces',
      kernel: '6',
    }
    const times = { started_at: at(-60), registered_at: at(-60), last_seen_at: at(0) }
    const whose = { id: this.id, organization_id: organizationIds[0] ?? '', user_id: userId }
    await db.sql
      .insertInto('boundary_sessions')
      .values({ ...whose, ...facts, ...times, public_key: Buffer.alloc(32) })
      .execute()
    return this
  }

  /** What it decides at a moment; the number of the last of them. */
  async decides(seconds: number, ...facts: readonly object[]): Promise<number> {
    const time = at(seconds + this.#ahead).toISOString()
    const lines = this.boundary.next(...facts.map((fact) => ({ ...fact, time })))
    const { userId, organizationIds } = this.#who.actor
    const of = { id: this.id, user_id: userId, organization_id: organizationIds[0] ?? '', started_at: at(-60) }
    const read = readLines({ id: this.id, acknowledged_seq: 1e6 }, lines)
    const received = at(seconds + 0.5)
    await db.transaction(async (tx) => {
      await keepDays(tx, [received.toISOString().slice(0, 10)])
      await insertEvents(
        tx,
        read.map((line) => rowOf(line, of, received)),
      )
    })
    return this.boundary.head().seq
  }
}

interface Asked {
  readonly session: string
  readonly from: number
  readonly to: number
  readonly messages: readonly unknown[]
  readonly says: Said
  readonly agent?: string | null
  readonly boundary?: null | { readonly sessionId: Uuid; readonly seq: number; readonly verified: boolean }
}

async function ask(
  who: Person,
  { session, from, to, messages, says, agent: agentId = null, boundary = null }: Asked,
): Promise<Uuid> {
  const owner = { userId: who.actor.userId, organizationId: who.actor.organizationIds[0] ?? '' }
  const given = { id: uuidv7(at(from)), clientSessionId: session, startedAt: at(from), agentId, boundary }
  const id = await record(kept.recorder, startFacts(owner, bodyOf(messages), given), streamOf(says), {
    endedAt: at(to),
  })
  await kept.drain()
  return id
}

/** A request out of a boundary: its own line, and the request with the number of it. */
async function askFrom(who: Person, inside: Inside, asked: Asked): Promise<Uuid> {
  const call = web('https://reeve.test/api/v2/aibridge/anthropic/v1/messages', { method: 'POST' })
  const seq = await inside.decides(asked.from, { ...call, process: agent })
  return ask(who, { ...asked, boundary: { sessionId: inside.id, seq, verified: true } })
}

const process = (...tree: readonly string[]) => ({ pid: tree.length * 11, exe: `/usr/bin/${tree.at(-1)}`, argv: tree.slice(-1), tree }) // prettier-ignore
const agent = process('claude')
const npm = process('claude', 'bash', 'npm')
const prompt = { role: 'user', content: 'run the tests' }
const bash = (id: string, command: string) => ({ id, name: 'Bash', input: { command } })
const turn = (...calls: readonly ReturnType<typeof bash>[]) => [
  prompt,
  { role: 'assistant', content: calls.map((call) => ({ type: 'tool_use', ...call })) },
  { role: 'user', content: calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'ok' })) },
]

const sessionOf = async (interception: Uuid): Promise<Uuid> =>
  (
    await db.sql
      .selectFrom('interceptions')
      .select('session_id')
      .where('id', '=', interception)
      .executeTakeFirstOrThrow()
  ).session_id

async function timeline(who: Person, interception: Uuid, query: object = {}) {
  const params = { id: await sessionOf(interception) }
  return endpoints.getSessionTimeline.result.parse(
    await gateway.call('getSessionTimeline', who.actor, { params, query: { reason: 'a review of this', ...query } }),
  )
}
type Timeline = Awaited<ReturnType<typeof timeline>>

/** The timeline as somebody reads it: kinds of events, and decisions where they stand. */
function readable({ events, decisions }: Pick<Timeline, 'events' | 'decisions'>): string[] {
  const behind = (id: string | null) => decisions.filter(({ after }) => after === id).map(inWords)
  return [...behind(null), ...events.flatMap(({ id, kind }) => [kind, ...behind(id)])]
}
const inWords = ({ verdict, count, names }: TimelineDecision) => `${verdict} ${count} ${names.join(' ')}`

/** A prompt, a call of `npm test` between second 5 and 20, and an answer. */
async function story(name: string, ahead: number): Promise<{ first: Uuid; inside: Inside; calls: string[] }> {
  const inside = await new Inside(dana, ahead).begin()
  await inside.decides(-1, { kind: 'session' }, { ...web('https://start.example/'), process: agent })
  const says = { call: bash('t1', 'npm test') }
  const first = await askFrom(dana, inside, { session: name, from: 0, to: 5, messages: [prompt], says })
  await inside.decides(2, { ...web('https://telemetry.example/'), process: agent })
  await inside.decides(
    10,
    { ...web('https://registry.example/a'), process: npm },
    { ...web('https://registry.example/b'), process: npm },
    { ...web('https://github.example/'), process: npm },
    { ...web('https://evil.example/', { verdict: 'denied' }), process: process('claude', 'bash', 'npm', 'sh', 'curl') },
    { ...web('https://registry.example/c'), process: npm },
  )
  const rest = { messages: turn(bash('t1', 'npm test')), says: { text: 'done' } }
  await askFrom(dana, inside, { session: name, from: 20, to: 25, ...rest })
  await inside.decides(30, { ...web('https://late.example/', { verdict: 'denied' }), process: agent })
  const { events } = await timeline(dana, first)
  return { first, inside, calls: events.filter(({ kind }) => kind === 'tool_call').map(({ id }) => id) }
}

const told = [
  'allowed 1 start.example',
  'request',
  'prompt',
  'allowed 1 telemetry.example',
  'tool_call',
  'end',
  'allowed 3 registry.example github.example',
  'denied 1 evil.example',
  'allowed 1 registry.example',
  'request',
  'tool_result',
  'text',
  'end',
  'denied 1 late.example',
]

test('decisions stand between the requests and behind the answers that they came after, whatever the boundary’s clock says', async () => {
  for (const ahead of [0, 300, -300]) {
    const { first } = await story(`clock ${ahead}`, ahead)
    const read = await timeline(dana, first)
    expect(readable(read), `${ahead} s ahead`).toEqual(told)
    const times = read.decisions.map(({ offset_ms }) => offset_ms)
    for (const [n, seconds] of [-1, 2, 10, 10, 10, 30].entries()) {
      // What a line takes to come is taken for a difference of the clocks where no request shows the true one.
      expect(Math.abs(times[n]! - seconds * 1_000)).toBeLessThan(600)
    }
  }
})

test('a decision is of the tool call that its process tells of, and else of one of those that were open', async () => {
  const inside = await new Inside(dana).begin()
  await inside.decides(-1, { kind: 'session' })
  const says = { text: 'both', call: bash('a1', 'npm ci && npm test') }
  const asked = { session: 'side by side', from: 0, to: 5, messages: [prompt], says }
  const first = await askFrom(dana, inside, asked)
  // A sub-agent calls something while the first call is open.
  const fetching = { id: 'a2', name: 'WebFetch', input: { url: 'https://docs.example/page' } }
  const other = { messages: [{ role: 'user', content: 'look it up' }], says: { call: fetching }, agent: 'sub' }
  await askFrom(dana, inside, { ...asked, ...other, from: 6, to: 8 })
  await inside.decides(
    10,
    { ...web('https://registry.example/', { verdict: 'denied' }), process: npm },
    { ...web('https://docs.example/page', { verdict: 'denied' }), process: agent },
    { ...web('https://unknown.example/', { verdict: 'denied' }), process: process('claude', 'mcp') },
    { ...web('https://nobody.example/', { verdict: 'denied' }), process: null },
  )
  const rest = { messages: turn(bash('a1', 'npm ci && npm test'), bash('a2', '')), says: { text: 'done' } }
  await askFrom(dana, inside, { ...asked, ...rest, from: 20, to: 21 })
  await inside.decides(30, {
    ...web('https://registry.example/', { verdict: 'denied' }),
    process: process('claude', 'x'),
  })
  // The process that the first call started goes on behind its end.
  await inside.decides(31, { ...web('https://registry.example/', { verdict: 'denied' }), process: npm })
  const { events, decisions } = await timeline(dana, first)
  const [a1, a2] = events.filter(({ kind }) => kind === 'tool_call').map(({ id }) => id)
  expect(decisions.map(({ names, attribution, tool_calls }) => [names[0], attribution, tool_calls])).toEqual([
    ['registry.example', 'sure', [a1]],
    ['docs.example', 'sure', [a2]],
    ['unknown.example', 'one_of', [a1, a2]],
    ['nobody.example', 'one_of', [a1, a2]],
    ['registry.example', 'none', []],
    ['registry.example', 'sure', [a1]],
  ])
})

test('decisions need the right to the session and the right to what boundaries did', async () => {
  const { first, calls } = await story('rights', 0)
  const own = await timeline(dana, first)
  expect(own.decisions.map(({ attribution }) => attribution)).toEqual(['none', 'none', 'sure', 'sure', 'sure', 'none'])
  // An auditor sees both and reads no words: what a call was is then not told by what is found in it.
  const seen = await timeline(auditor, first)
  expect(readable(seen)).toEqual(told)
  expect(seen.decisions.map(({ attribution }) => attribution)).toEqual(['none', 'none', 'one_of', 'one_of', 'one_of', 'none']) // prettier-ignore
  expect(seen.decisions[3]?.tool_calls).toEqual(calls)
  expect((await timeline(reviewer, first)).decisions).toEqual([])
  await expect(timeline(erin, first)).rejects.toMatchObject({ code: 'not_found' })
})

test('a request that only names a boundary, or another person’s, has no part in its record', async () => {
  const inside = await new Inside(erin).begin()
  await inside.decides(1, { kind: 'session' }, web('https://secret.example/'))
  const says = { text: 'hello' }
  const asked = { session: 'forged', from: 0, to: 5, messages: [prompt], says }
  const first = await ask(dana, { ...asked, boundary: { sessionId: inside.id, seq: 0, verified: false } })
  expect((await timeline(auditor, first)).decisions).toEqual([])
  await ask(dana, { ...asked, from: 6, boundary: { sessionId: inside.id, seq: 0, verified: true } })
  expect((await timeline(dana, first)).decisions).toEqual([])
})

test('two sessions in one boundary each have what came after their own requests', async () => {
  const inside = await new Inside(dana).begin()
  const one = { from: 0, to: 1, messages: [prompt], says: { text: 'hello' } }
  await inside.decides(-1, { kind: 'session' }, web('https://begin.example/'))
  const a = await askFrom(dana, inside, { ...one, session: 'left' })
  await inside.decides(2, web('https://left.example/'))
  const b = await askFrom(dana, inside, { ...one, from: 10, to: 11, session: 'right' })
  await inside.decides(12, web('https://right.example/'))
  expect((await timeline(dana, a)).decisions.map(inWords)).toEqual([
    'allowed 1 begin.example',
    'allowed 1 left.example',
  ])
  expect((await timeline(dana, b)).decisions.map(inWords)).toEqual(['allowed 1 right.example'])
  const carried = await gateway.call('listSessions', dana.actor, { query: { q: `boundary:${inside.id}` } })
  expect(endpoints.listSessions.result.parse(carried).sessions.map(({ client_session_id: id }) => id)).toEqual(['right', 'left']) // prettier-ignore
})

test('page by page each decision comes once, with the page of the request that it follows', async () => {
  const { first } = await story('pages', 0)
  const whole = await timeline(dana, first)
  const pages: Timeline[] = []
  let after: string | null = null
  do {
    const page: Timeline = await timeline(dana, first, { limit: 3, ...(after === null ? {} : { after }) })
    pages.push(page)
    after = page.next
  } while (after !== null)
  expect(pages.flatMap(({ decisions }) => decisions)).toEqual(whole.decisions)
  expect(readable({ events: pages.flatMap(({ events }) => events), decisions: whole.decisions })).toEqual(told)
})

test('thousands of allowed decisions are counted and crowd out no denied one', async () => {
  const inside = await new Inside(dana).begin()
  await inside.decides(-1, { kind: 'session' })
  const says = { call: bash('m1', 'npm ci') }
  const first = await askFrom(dana, inside, { session: 'many', from: 0, to: 1, messages: [prompt], says })
  const many = Array.from({ length: 500 }, (_, n) => web(`https://h${n % 7}.example/${n}`))
  for (let n = 0; n < 5; n++) await inside.decides(10 + n, ...many)
  await inside.decides(16, web('https://evil.example/', { verdict: 'denied' }))
  const rows = (await timeline(dana, first)).decisions
  expect(rows.map(({ verdict, count }) => [verdict, count])).toEqual([['allowed', 999], ['denied', 1], ['allowed', 1_501]]) // prettier-ignore
  expect(rows.at(-1)).toMatchObject({ first_seq: 1_001, last_seq: 2_501, names: [], event: null })
  const denials = Array.from({ length: 400 }, (_, n) => web(`https://d${n}.example/`, { verdict: 'denied' }))
  await inside.decides(20, ...denials)
  const denied = (await timeline(dana, first)).decisions.filter(({ verdict }) => verdict === 'denied')
  expect(denied.reduce((sum, { count }) => sum + count, 0)).toBe(401)
})
