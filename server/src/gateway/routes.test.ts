import { endpoints, type Interception, type Session, type TimelineEvent } from '@reeve/sdk'
import { hash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { noBrowser, person, type Person, scopeOf, testGateway, type TestGateway } from './gateway-testing.ts'
import { bodyOf, record, startFacts, streamOf, testRecord, type TestRecord } from './testing.ts'

let db: TestDatabase
let gateway: TestGateway
let kept: TestRecord
let dana: Person
let erin: Person
let auditor: Person
let owner: Person
let reviewer: Person
const ids: string[] = []

beforeAll(async () => {
  db = await testDatabase()
  gateway = await testGateway(db, 'http://127.0.0.1:9')
  kept = await testRecord({ db })
  dana = await person(db, 'dana')
  erin = await person(db, 'erin')
  auditor = await person(db, 'audrey', { roles: ['auditor'] })
  owner = await person(db, 'olga', { roles: ['owner'] })
  reviewer = await person(db, 'rita', { roles: ['content-reviewer'] })
  for (let i = 0; i < 5; i++) await say(dana, `dana-${i}`, `words of dana ${i}`)
  await say(erin, 'erin-0', 'words of erin 100%')
  await kept.drain()
})
afterAll(async () => {
  await kept[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

async function say(who: Person, session: string, prompt: string): Promise<void> {
  const owner_ = { userId: who.actor.userId, organizationId: who.actor.organizationIds[0]! }
  const start = startFacts(owner_, bodyOf([{ role: 'user', content: prompt }]), { clientSessionId: session })
  ids.push(await record(kept.recorder, start, streamOf({ thinking: 'hm', text: `answer to ${prompt}` })))
}

type Sessions = { sessions: Session[]; count: number; count_is_exact: boolean }
// SAFETY: the contract's own schema reads each answer before a test looks at it.
const sessions = async (who: Person, query: object = {}) =>
  endpoints.listSessions.result.parse(await gateway.call('listSessions', who.actor, { query })) as Sessions
const requests = async (who: Person, query: object = {}) =>
  endpoints.listInterceptions.result.parse(await gateway.call('listInterceptions', who.actor, { query })) as {
    count: number
    results: Interception[]
  }
const timeline = async (who: Person, id: string, query: object = {}) =>
  endpoints.getSessionTimeline.result.parse(
    await gateway.call('getSessionTimeline', who.actor, { params: { id }, query }),
  ) as {
    events: TimelineEvent[]
    next: string | null
  }

test('members see their own, owners, auditors and reviewers everybody’s, and what others have looks missing', async () => {
  expect((await sessions(dana)).count).toBe(5)
  expect((await sessions(erin)).count).toBe(1)
  for (const who of [auditor, owner, reviewer]) expect((await sessions(who)).count).toBe(6)
  expect((await requests(erin)).results.map((row) => row.initiator.username)).toEqual(['erin'])

  const [theirs] = (await sessions(erin)).sessions
  const interception = ids.at(-1)!
  const calls: [string, object][] = [
    ['getSession', { id: theirs!.id }],
    ['getSessionTimeline', { id: theirs!.id }],
    ['watchSession', { id: theirs!.id }],
    ['getInterception', { id: interception }],
    ['getInterceptionBody', { id: interception, side: 'request' }],
  ]
  for (const [name, params] of calls) {
    await expect(gateway.call(name, dana.actor, { params })).rejects.toMatchObject({ code: 'not_found' })
    await expect(gateway.call(name, reviewer.actor, { params })).resolves.toBeDefined()
  }
  await expect(sessions(dana, { after_session_id: theirs!.id })).rejects.toMatchObject({ code: 'invalid' })
})

test('pages follow each other without a gap or a repetition', async () => {
  const seen: string[] = []
  for (let after: string | undefined; ;) {
    const page = await sessions(owner, { limit: 4, ...(after !== undefined && { after_session_id: after }) })
    seen.push(...page.sessions.map((row) => row.id))
    if (page.sessions.length < 4) break
    after = page.sessions.at(-1)!.id
  }
  expect(new Set(seen).size).toBe(6)
  expect(seen.length).toBe(6)
  const first = await requests(owner, { limit: 2 })
  const second = await requests(owner, { limit: 10, after_id: first.results[1]!.id })
  expect([...first.results, ...second.results].map((row) => row.id)).toEqual(ids.toReversed())
  await expect(requests(owner, { offset: 1, after_id: ids[0] })).rejects.toMatchObject({ code: 'invalid' })
})

test('each key of the query narrows, and words are looked for as they are', async () => {
  const count = async (q: string) => [(await sessions(reviewer, { q })).count, (await requests(reviewer, { q })).count]
  expect(await count('initiator:erin')).toEqual([1, 1])
  expect(await count('initiator:me')).toEqual([0, 0])
  expect(await count(`initiator:${dana.actor.userId}`)).toEqual([5, 5])
  expect(await count('client:"claude code"')).toEqual([6, 6])
  expect(await count('client:codex')).toEqual([0, 0])
  expect(await count('model:m-1')).toEqual([6, 6])
  expect(await count('provider:anthropic provider_name:anthropic')).toEqual([6, 6])
  expect(await count('provider_name:other')).toEqual([0, 0])
  expect(await count('session_id:dana-1,dana-2')).toEqual([2, 2])
  expect(await count('outcome:ok status:done')).toEqual([6, 6])
  expect(await count('status:live')).toEqual([0, 0])
  expect(await count('started_after:2020-01-01 started_before:2100-01-01')).toEqual([6, 6])
  expect(await count('started_before:2020-01-01')).toEqual([0, 0])
  expect(await count('"words of" DANA')).toEqual([5, 5])
  expect(await count('100%')).toEqual([1, 1])
  expect(await count('1_0')).toEqual([0, 0])
})

test('a timeline tells everything in order, page by page', async () => {
  const [session] = (await sessions(dana, { q: 'session_id:dana-3' })).sessions
  const whole = await timeline(dana, session!.id)
  expect(whole.events.map((event) => [event.kind, event.lane, event.text])).toEqual([
    ['request', 'system', null],
    ['prompt', 'human', 'words of dana 3'],
    ['thinking', 'thinking', 'hm'],
    ['text', 'model', 'answer to words of dana 3'],
    ['end', 'system', null],
  ])
  expect(whole.events.at(-1)).toMatchObject({
    outcome: 'ok',
    stop_reason: 'end_turn',
    token_usage: { input_tokens: 10, source: 'provider' },
  })
  const first = await timeline(dana, session!.id, { limit: 2 })
  const rest = await timeline(dana, session!.id, { after: first.next })
  expect([...first.events, ...rest.events]).toEqual(whole.events)
  expect(rest.next).toBeNull()
  await expect(timeline(dana, session!.id, { after: 'nothing' })).rejects.toMatchObject({ code: 'invalid' })
  const detail = endpoints.getSession.result.parse(
    await gateway.call('getSession', dana.actor, { params: { id: session!.id } }),
  )
  expect(detail).toMatchObject({
    thread_count: 1,
    threads: [{ prompt: 'words of dana 3', prompt_origin: 'human', requests: 1 }],
  })
})

test('the bytes of a request and its answer come back as they were', async () => {
  const bytes = await gateway.call('getInterceptionBody', dana.actor, { params: { id: ids[2], side: 'request' } })
  const detail = endpoints.getInterception.result.parse(
    await gateway.call('getInterception', dana.actor, { params: { id: ids[2] } }),
  )
  // SAFETY: a route that answers with bytes gives a Uint8Array.
  expect(hash('sha256', bytes as Uint8Array)).toBe(detail.interception.request_sha256)
})

test('a live view hears of what its reader may see, and of nothing else', async () => {
  const stop = new AbortController()
  const route = gateway.routes.find((candidate) => candidate.endpoint.name === 'watchSessions')!
  const answer = await route.answer(
    { params: {}, query: {}, body: undefined },
    scopeOf(erin.actor, stop.signal),
    noBrowser,
  )
  if (answer.kind !== 'events') throw new Error('no events')
  const heard = answer.events[Symbol.asyncIterator]()
  const next = heard.next()
  await say(dana, 'dana-live', 'not for erin')
  await say(erin, 'erin-live', 'for erin')
  await kept.drain()
  const [session] = (await sessions(erin, { q: 'session_id:erin-live' })).sessions
  expect((await next).value).toMatchObject({ session_id: session!.id, status: 'done' })
  const end = heard.next()
  stop.abort()
  expect((await end).done).toBe(true)
})

test('models and clients are listed by prefix, from what one may see', async () => {
  expect(await gateway.call('listModels', dana.actor, { query: { q: 'm' } })).toEqual(['m-1'])
  expect(await gateway.call('listClients', dana.actor, { query: { q: 'claude' } })).toEqual(['Claude Code'])
  const nobody = await person(db, 'nobody')
  expect(await gateway.call('listClients', nobody.actor)).toEqual([])
})

test('the status of the bridge is what its contract says', async () => {
  const status = endpoints.getBridgeStatus.result.parse(await gateway.call('getBridgeStatus', dana.actor))
  expect(status).toMatchObject({
    enabled: true,
    capture: 'full',
    journal: { healthy: true, pending_bytes: 0, drain_lag_seconds: 0 },
  })
})

test('a request for models or a count of tokens outside of a conversation is a request, and no session', async () => {
  const frank = await person(db, 'frank')
  const of = { userId: frank.actor.userId, organizationId: frank.actor.organizationIds[0]! }
  const ask = (route: 'messages' | 'models' | 'count_tokens', clientSessionId: string | null) => {
    const body = route === 'models' ? Buffer.alloc(0) : bodyOf([{ role: 'user', content: 'how long is this' }])
    return record(kept.recorder, startFacts(of, body, { route, clientSessionId }), streamOf({ text: 'ok' }))
  }
  await ask('models', null)
  await ask('count_tokens', null)
  const early = await ask('count_tokens', 'frank-1')
  await kept.drain()
  expect(await sessions(frank)).toMatchObject({ count: 0, sessions: [] })
  expect((await requests(frank)).results.map((row) => row.route)).toEqual(['count_tokens', 'count_tokens', 'models'])

  await ask('messages', 'frank-1')
  await kept.drain()
  const listed = await sessions(frank)
  expect(listed).toMatchObject({ count: 1, sessions: [{ client_session_id: 'frank-1', threads: 1 }] })
  const { interception } = endpoints.getInterception.result.parse(
    await gateway.call('getInterception', frank.actor, { params: { id: early } }),
  )
  expect(interception.session_id).toBe(listed.sessions[0]!.id)
  const detail = endpoints.getSession.result.parse(
    await gateway.call('getSession', frank.actor, { params: { id: listed.sessions[0]!.id } }),
  )
  expect(detail).toMatchObject({ thread_count: 1, threads: [{ requests: 1 }] })
})
