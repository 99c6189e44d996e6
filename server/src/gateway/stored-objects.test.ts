import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordingLog, systemClock, uuidv7 } from '@reeve/base'
import type { StoredUse } from '@reeve/bridge'
import { openDatabase } from '../db/database.ts'
import { type TestDatabase, testDatabase } from '../db/testing.ts'
import { eventStream, json } from '../../../test/support/replies.ts'
import { startUpstream, type Upstream } from '../../../test/support/upstream.ts'
import { person, type Person, testGateway, type TestGateway } from './gateway-testing.ts'
import { createStoredObjects } from './stored-objects.ts'

let db: TestDatabase
let upstream: Upstream
let dana: Person
let mallory: Person
let open: TestGateway
let other: TestGateway
beforeAll(async () => {
  db = await testDatabase()
  upstream = await startUpstream()
  dana = await person(db, 'dana')
  mallory = await person(db, 'mallory')
  open = await testGateway(db, upstream.url)
  other = await testGateway(db, upstream.url)
})
afterAll(async () => {
  await other[Symbol.asyncDispose]()
  await open[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

let made = 0
/** Ids that no other test has. */
beforeEach(() => void made++)
const responseId = () => `resp_${made}`
const itemId = () => `msg_${made}`
const whole = () => ({
  id: responseId(),
  object: 'response',
  status: 'completed',
  output: [{ id: itemId(), type: 'message' }],
})

interface Asked {
  readonly method?: string
  readonly body?: unknown
  readonly gateway?: TestGateway
}
function ask(who: Person, path: string, { method = 'POST', body, gateway = open }: Asked = {}) {
  return fetch(`${gateway.url}/openai${path}`, {
    method,
    headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** Dana has asked for a response, and the provider keeps it. */
async function kept(gateway = open): Promise<void> {
  upstream.answer(() => json(whole()))
  const response = await ask(dana, '/v1/responses', { body: { model: 'gpt-5.5', input: 'a secret plan' }, gateway })
  expect(response.status).toBe(200)
  await response.arrayBuffer()
}

async function refused(response: Response): Promise<void> {
  expect(await response.json()).toMatchObject({
    error: { code: 'not_found', message: expect.stringMatching(/stored object/) },
  })
  expect(response.status).toBe(404)
}

test('what a person keeps at a provider is given to that person alone, by whichever path', async () => {
  await kept()
  const paths: readonly (readonly [string, string])[] = [
    ['GET', ''],
    ['GET', '/input_items'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ]
  for (const [method, rest] of paths) {
    const before = upstream.seen.length
    await Promise.all(
      ['', '/v1', '/v1/v1'].map(async (version) =>
        refused(await ask(mallory, `${version}/responses/${responseId()}${rest}`, { method })),
      ),
    )
    expect(upstream.seen).toHaveLength(before)
    const own = await ask(dana, `/v1/responses/${responseId()}${rest}`, { method })
    expect([method, rest, own.status]).toEqual([method, rest, 200])
    await own.arrayBuffer()
  }
})

test('another person’s response, conversation or item is not carried on, counted or copied, however the body says it', async () => {
  await kept()
  upstream.answer(() => json({ id: `conv_${made}`, object: 'conversation' }))
  await (await ask(dana, '/v1/conversations', { body: { items: [] } })).arrayBuffer()
  upstream.answer(() => json({ id: 'resp_never', output: [] }))
  const before = upstream.seen.length
  const [response, item, conversation] = [responseId(), itemId(), `conv_${made}`]
  const bodies: readonly unknown[] = [
    { previous_response_id: response, input: 'go on' },
    { conversation, input: 'go on' },
    { conversation: { id: conversation }, input: 'go on' },
    { input: [{ type: 'item_reference', id: item }] },
    { input: [{ id: item }] },
    `{"input":"go on","previous\\u005fresponse_id":"resp\\u005f${made}"}`,
  ]
  const paths = ['/v1/responses', '/responses/compact', '/responses/input_tokens']
  const attempts = bodies.flatMap((body) => paths.map(async (path) => refused(await ask(mallory, path, { body }))))
  await Promise.all(attempts)
  const ambiguous = await ask(mallory, '/v1/responses', {
    body: `{"previous_response_id":"resp_mine","previous_response_id":"${response}"}`,
  })
  expect(ambiguous.status).toBe(400)
  const reference = { items: [{ type: 'item_reference', id: item }] }
  await refused(await ask(mallory, '/v1/conversations', { body: reference }))
  const calls = ['GET ', 'GET /items', 'POST /items', 'DELETE ', `DELETE /items/${item}`].map(async (call) => {
    const [method = '', rest = ''] = call.split(' ')
    await refused(await ask(mallory, `/conversations/${conversation}${rest}`, { method }))
  })
  await Promise.all(calls)
  expect(upstream.seen).toHaveLength(before)

  upstream.answer(() => json({ id: `resp_next_${made}`, output: [] }))
  for (const body of bodies) expect((await ask(dana, '/v1/responses', { body })).status).toBe(200)
  expect((await ask(dana, `/conversations/${conversation}/items`, { body: reference })).status).toBe(200)
})

test('an escaped, relative or doubled path finds nothing, and what nobody made is refused as another’s is', async () => {
  await kept()
  const before = upstream.seen.length
  for (const path of [
    `/v1/responses/resp%5f${made}`,
    `/v1/responses//${responseId()}`,
    `/v1/responses/${responseId()}/`,
  ]) {
    expect((await ask(mallory, path, { method: 'GET' })).status).toBe(404)
  }
  const told = async (id: string) => (await ask(mallory, `/v1/responses/${id}`, { method: 'GET' })).json()
  expect(await told(responseId())).toEqual(await told('resp_of_nobody'))
  await refused(await ask(dana, '/v1/responses', { body: { previous_response_id: '\u0000' } }))
  expect(upstream.seen).toHaveLength(before)
})

test('an id of one provider says nothing about another', async () => {
  await kept()
  const objects = createStoredObjects({ db, clock: systemClock, log: recordingLog(), counted: () => {} })
  await using _ = objects
  const use = useOf(dana)
  expect(await objects.verdict(use, [responseId()])).toBe('own')
  expect(await objects.verdict({ ...use, providerName: 'azure' }, [responseId()])).toBe('not_own')
})

test('another replica knows whose it is as soon as the client has the answer, and so it does after a restart', async () => {
  for (let i = 0; i < 5; i++) {
    made++
    await kept()
    const own = await ask(dana, `/v1/responses/${responseId()}`, { method: 'GET', gateway: other })
    expect(own.status).toBe(200)
    await own.arrayBuffer()
    await refused(await ask(mallory, `/v1/responses/${responseId()}`, { method: 'DELETE', gateway: other }))
  }
})

test('an id that a stream has just named can be used on another replica at once', async () => {
  const events = [
    { type: 'response.created', response: { id: responseId(), status: 'in_progress' } },
    { type: 'response.completed', response: whole() },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  const used = Promise.withResolvers<void>()
  upstream.answer(({ head }) =>
    head.toString().startsWith('POST /responses HTTP')
      ? eventStream([events[0]!])
          .slice(0, -1)
          .concat([{ do: 'until', settled: used.promise }], eventStream([events[1]!]).slice(1))
      : json(whole()),
  )
  const streamed = await ask(dana, '/v1/responses', {
    body: { model: 'm', stream: true, background: true, input: 'x' },
  })
  const reader = streamed.body!.getReader()
  await reader.read()
  const own = await ask(dana, `/v1/responses/${responseId()}/cancel`, { gateway: other })
  expect(own.status).toBe(200)
  await own.arrayBuffer()
  used.resolve()
  await reader.cancel()
})

test('a response that is not kept has no owner', async () => {
  upstream.answer(() => json(whole()))
  await (await ask(dana, '/v1/responses', { body: { store: false, input: 'x' } })).arrayBuffer()
  const rows = await db.sql.selectFrom('stored_objects').selectAll().where('object_id', '=', responseId()).execute()
  expect(rows).toEqual([])
})

test('a refusal is on record, in the audit log once, and counted', async () => {
  await kept()
  const asked = await ask(mallory, `/v1/responses/${responseId()}`, { method: 'DELETE' })
  await refused(asked)
  await refused(await ask(mallory, `/v1/responses/${responseId()}`, { method: 'DELETE' }))
  const id = asked.headers.get('x-reeve-interception-id') ?? ''
  for (;;) {
    const row = await db.sql.selectFrom('interceptions').selectAll().where('id', '=', id).executeTakeFirst()
    if (row?.outcome !== 'refused') {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    expect(row).toMatchObject({
      user_id: mallory.actor.userId,
      status_code: 404,
      error_type: 'not_found',
      attempts: null,
      decisions: null,
    })
    break
  }
  const audit = db.sql.selectFrom('audit_events').selectAll().where('resource_id', '=', responseId())
  expect(await audit.execute()).toMatchObject([
    {
      action: 'use_stored_object',
      outcome: 'refused',
      actor_id: mallory.actor.userId,
      diff: { interception_id: { new: id }, reason: { new: 'other_user' } },
    },
  ])
  expect(await open.registry.metrics()).toMatch(
    /reeve_stored_object_refusals_total\{provider="openai",reason="other_user"\} \d/,
  )
})

const useOf = ({ actor }: Person): StoredUse => ({
  actor: { userId: actor.userId, organizationId: actor.organizationIds[0]!, apiKeyId: actor.apiKeyId },
  providerName: 'openai',
  interceptionId: uuidv7(systemClock.now()),
  sourceIp: null,
  userAgent: null,
})

test('without PostgreSQL a person goes on with what was made here; of the rest nothing is told; later it is written', async () => {
  const log = recordingLog()
  const reasons: string[] = []
  let down = true
  const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' }, { log, applicationName: 'test' })
  const either = {
    ...db,
    get sql() {
      return down ? away.sql : db.sql
    },
  }
  const objects = createStoredObjects({
    db: either,
    clock: systemClock,
    log,
    counted: (_, reason) => void reasons.push(reason),
  })
  await objects.note(useOf(dana), [responseId()])
  expect(await objects.verdict(useOf(dana), [responseId()])).toBe('own')
  const answers = [[responseId()], ['resp_of_nobody']].map((ids) => objects.verdict(useOf(mallory), ids))
  expect(await Promise.all(answers)).toEqual(['unanswered', 'unanswered'])
  expect(reasons).toEqual(['unanswered', 'unanswered'])
  down = false
  await objects[Symbol.asyncDispose]()
  await away.close()
  const rows = await db.sql.selectFrom('stored_objects').selectAll().where('object_id', '=', responseId()).execute()
  expect(rows).toMatchObject([{ provider_name: 'openai', user_id: dana.actor.userId }])
})

test('who made an object first has it, whatever a provider answers to another', async () => {
  const objects = createStoredObjects({ db, clock: systemClock, log: recordingLog(), counted: () => {} })
  await using _ = objects
  await kept()
  await objects.note(useOf(mallory), [responseId()])
  expect(await objects.verdict(useOf(mallory), [responseId()])).toBe('not_own')
  expect(await objects.verdict(useOf(dana), [responseId()])).toBe('own')
})

test('a response whose row was never written is found by the record of its request', async () => {
  await kept()
  const recorded = () =>
    db.sql.selectFrom('interceptions').select('id').where('provider_response_id', '=', responseId()).executeTakeFirst()
  while ((await recorded()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
  await db.sql.deleteFrom('stored_objects').where('object_id', '=', responseId()).execute()
  const objects = createStoredObjects({ db, clock: systemClock, log: recordingLog(), counted: () => {} })
  await using _ = objects
  expect(await objects.verdict(useOf(mallory), [responseId()])).toBe('not_own')
  expect(await objects.verdict(useOf(dana), [responseId()])).toBe('own')
})
