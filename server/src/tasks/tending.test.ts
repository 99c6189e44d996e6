import { randomUUID } from 'node:crypto'
import { systemClock, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { mintWorkspaceToken } from '../identity/tokens/workspace-tokens.ts'
import { testNotifier, webhookSecret, webhookSink } from '../notifications/testing.ts'
import { failure } from '../provisioning/diagnostic.ts'
import { dumpDatabase, leaks } from '../testing/canaries.ts'
import { nothingMade, type TaskWorld, taskWorld } from './testing.ts'

/** What happens to tasks by itself: their owners are told, and their limits hold. */

let tasks: TaskWorld
let worker: AsyncDisposable
beforeAll(async () => {
  tasks = await taskWorld()
})
afterAll(() => tasks?.[Symbol.asyncDispose]())
beforeEach(async () => {
  worker = await tasks.world.worker(tasks.builder)
  Object.assign(tasks.api, { status: 'stable', messages: [], answer: null })
})
afterEach(() => worker[Symbol.asyncDispose]())

interface Told {
  readonly event: string
  readonly facts: Record<string, string>
}
const told = async (id: string): Promise<Told[]> => {
  const { rows } =
    await sql<Told>`select event, facts from outbox_messages where facts ->> 'id' = ${id} order by id`.execute(
      tasks.world.identity.db.sql,
    )
  return rows
}
const events = async (id: string) => (await told(id)).map(({ event }) => event)
const turn = async (id: string, verb: string) => {
  const { json } = await tasks.call('POST', `tasks/me/${id}/${verb}`, tasks.dev)
  await tasks.world.built(tasks.dev, json.workspace_build.id)
}
/** As several servers look, at the same moment. */
const tend = () => Promise.all([tasks.tend(), tasks.tend(), tasks.tend()])

/** Requests of the workspace's own token, of so many tokens in all. */
async function spend(workspaceId: string, tokens: number): Promise<void> {
  const { db } = tasks.world.identity
  const { rows } = await sql<{ owner_id: string; organization_id: string }>`
    select owner_id, organization_id from workspaces where id = ${workspaceId}`.execute(db.sql)
  const { owner_id: userId, organization_id: organizationId } = rows[0]!
  const now = systemClock.now()
  const scope = { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null }
  const key = await db.transaction((tx) => mintWorkspaceToken(tx, { userId, workspaceId, lifetimeMs: 1e9, now, scope }))
  const quarter = Math.floor(tokens / 4)
  await sql`insert into interceptions (id, replica_id, replica_seq, organization_id, user_id, api_key_id, session_id, thread_id,
    provider, provider_name, route, model, streaming, client, started_at, capture, request_bytes,
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens)
    values (${uuidv7(now)}, ${uuidv7(now)}, 1, ${organizationId}, ${userId}, ${key.id}, ${sessionId}, ${uuidv7(now)},
    'anthropic', 'anthropic', 'messages', 'm', true, 'Claude Code', ${now}, 'metadata', 1,
    ${tokens - 3 * quarter}, ${quarter}, ${quarter}, ${quarter})`.execute(db.sql)
}
const sessionId = uuidv7(systemClock.now())

test('each thing that a task comes to is told once, by whichever server sees it first', async () => {
  const { id } = await tasks.active({ input: 'A secret plan' })
  await tend()
  await tasks.agentIs(id, { state: 'working' })
  await tend()
  tasks.api.say('user', 'A secret plan')
  tasks.api.say('agent', 'What do you think?')
  await tasks.agentIs(id, { state: 'idle' })
  await tend()
  // What was said is kept from then on, whatever becomes of the workspace.
  expect(await tasks.task(id)).toMatchObject({ last_message: 'What do you think?', snapshot_at: expect.any(String) })
  await turn(id, 'pause')
  await tend()
  await turn(id, 'resume')
  await tend()
  await tasks.agentIs(id, { lifecycle: 'ready', health: 'healthy', state: 'complete' })
  await tend()
  await tasks.agentIs(id, { health: 'unhealthy' })
  await tend()
  const { json } = await tasks.call('DELETE', `tasks/me/${id}`, tasks.dev)
  await tasks.world.built(tasks.dev, json.workspace_build.id)
  await tend()
  await tend()
  expect(await events(id)).toEqual([
    'task-created',
    'task-working',
    'task-idle',
    'task-paused',
    'task-resumed',
    'task-completed',
    'task-failed',
    'task-deleted',
  ])
  const { sql: db } = tasks.world.identity.db
  const columns = ['prompt', 'snapshot', 'last_message'] as const
  const left = await db.selectFrom('tasks').select(columns).where('id', '=', id).executeTakeFirst()
  expect(left).toEqual({ prompt: '', snapshot: null, last_message: null })
  const all = await told(id)
  expect(all.find(({ event }) => event === 'task-paused')?.facts).toMatchObject({ reason: 'task_manual_pause' })
  expect(JSON.stringify(all)).not.toMatch(/secret plan|do you think/)
  const counted = await tasks.metrics.getSingleMetric('reeve_task_transitions_total')!.get()
  expect(counted.values.find(({ labels }) => labels['to'] === 'paused')?.value).toBe(1)
  expect(await tasks.metrics.metrics()).toMatch(/^reeve_task_active_seconds_count 1$/m)
})

test('a task whose build fails has failed, and says why; the webhook is told of it, signed', async () => {
  await worker[Symbol.asyncDispose]()
  worker = await tasks.world.worker({
    apply: async () => ({ ...nothingMade, failure: failure('no room on the host') }),
    destroy: async () => nothingMade,
  })
  const { id, workspace_build_id: build } = await tasks.create({ name: 'fails', input: 'A secret plan' })
  await tasks.world.built(tasks.dev, build)
  await tend()
  expect(await told(id)).toMatchObject([
    { event: 'task-created' },
    { event: 'task-failed', facts: { task: 'fails', reason: 'no room on the host' } },
  ])
  const { db, clock } = tasks.world.identity
  await using sink = await webhookSink()
  await using sender = testNotifier(db, clock, { webhook: { endpoint: sink.url, secrets: [webhookSecret] } })
  await sender.round()
  const calls = sink.calls.filter(({ body }) => body.includes(id))
  const names = calls.map(({ body }) => JSON.parse(body).payload.notification_template_id)
  expect(names.toSorted()).toEqual(['task-created', 'task-failed'])
  for (const { headers, body } of calls) {
    expect(headers['webhook-signature']).toMatch(/^v1,/)
    expect(body).not.toContain('secret plan')
    expect(body).toContain(`/tasks/${id}`)
  }
})

test('a task that has used up its tokens is paused once, and goes on when it may have more', async () => {
  const { id, workspace_id: workspaceId } = await tasks.active({ token_budget: 1_000 })
  await spend(workspaceId, 999)
  await tend()
  expect(await tasks.task(id)).toMatchObject({ tokens_used: 999, limit_reached: '', status: 'active' })
  expect((await tasks.task(id)).session_ids).toEqual([sessionId])
  await spend(workspaceId, 1)
  await tend()
  const stopped = await tasks.task(id)
  expect(stopped).toMatchObject({ tokens_used: 1_000, limit_reached: 'tokens', workspace_build_number: 2 })
  await tasks.world.built(tasks.dev, stopped.workspace_build_id)
  await tend()
  expect(await tasks.task(id)).toMatchObject({ status: 'paused', paused_reason: 'limit_tokens' })
  const facts = { limit: 'tokens', used: '1000', bound: '1000' }
  expect((await told(id)).filter(({ event }) => event === 'task-limit-reached')).toMatchObject([{ facts }])
  expect((await told(id)).at(-1)).toMatchObject({ event: 'task-paused', facts: { reason: 'limit_tokens' } })
  const audit = (await tasks.world.identity.audit()).filter(({ action }) => action === 'limit')
  expect(audit).toMatchObject([{ resource_type: 'task', actor_id: null }])

  const refused = await tasks.call('POST', `tasks/me/${id}/resume`, tasks.dev)
  expect(refused).toMatchObject({ status: 409, json: { message: expect.stringContaining('tokens') } })
  const raised = await tasks.call('PATCH', `tasks/me/${id}`, tasks.dev, { token_budget: 2_000 })
  expect(raised.json).toMatchObject({ limit_reached: '', status: 'paused' })
  await turn(id, 'resume')
  await tend()
  expect(await tasks.task(id)).toMatchObject({ status: 'initializing', builds_counted: 2 })
})

test('a task whose time is up ends as it was made to, also when somebody starts its workspace by hand', async () => {
  const { clock } = tasks.world.identity
  const pausing = await tasks.active({ time_limit_seconds: 3_600 })
  const deleting = await tasks.active({ time_limit_seconds: 3_600, on_limit: 'delete' })
  await tend()
  expect(await tasks.task(pausing.id)).toMatchObject({ limit_reached: '' })
  // Workers go by the clock of the machine, which is a little ahead of the one that tests move.
  clock.advance(7_200_000)
  await tend()
  const stopped = await tasks.task(pausing.id)
  expect(stopped).toMatchObject({ limit_reached: 'time' })
  await tasks.world.built(tasks.dev, stopped.workspace_build_id)
  expect((await tasks.call('GET', `tasks/me/${deleting.id}`, tasks.dev)).status).toBe(404)
  const waited = await tasks.call('POST', `tasks/me/${deleting.id}/wait?until=deleted&timeout=60`, tasks.dev)
  expect(waited.json).toMatchObject({ reached: 'deleted' })
  await tend()
  expect(await events(deleting.id)).toEqual(['task-created', 'task-working', 'task-limit-reached', 'task-deleted'])

  const path = `workspaces/${pausing.workspace_id}/builds`
  const started = await tasks.call('POST', path, tasks.dev, { transition: 'start' })
  await tasks.world.built(tasks.dev, started.json.id)
  await tend()
  expect(await tasks.task(pausing.id)).toMatchObject({ workspace_build_number: 4 })
})

test('what is said is where tasks are kept, and nowhere beside', async () => {
  const [prompt, message, answer] = ['prompt', 'message', 'answer'].map((what) => `${what}-${randomUUID()}`)
  const { id } = await tasks.active({ input: prompt })
  await tasks.agentIs(id, { state: 'idle' })
  await tasks.call('POST', `tasks/me/${id}/send`, tasks.dev, { input: message })
  tasks.api.say('user', message!)
  tasks.api.say('agent', answer!)
  await turn(id, 'pause')
  await tasks.call('PATCH', `tasks/me/${id}/input`, tasks.dev, { input: `${prompt} again` })
  await turn(id, 'resume')
  await tend()
  const said = new Map([
    ['prompt', prompt!],
    ['message', message!],
    ['answer', answer!],
  ])
  const places = new Map([
    ...(await dumpDatabase(tasks.world.identity.db)),
    ['metrics', await tasks.metrics.metrics()],
    ['audit', JSON.stringify(await tasks.world.identity.audit())],
  ])
  expect(leaks(said, places)).toEqual(['prompt in tasks', 'message in tasks', 'answer in tasks'])
})

test('tasks are counted by what they are', async () => {
  await tasks.create({ name: 'counted' })
  const { values } = await tasks.metrics.getSingleMetric('reeve_tasks')!.get()
  const of = (status: string) => values.find(({ labels }) => labels['status'] === status)?.value
  const { json } = await tasks.call('GET', 'tasks?limit=1000', tasks.dev)
  for (const status of ['pending', 'initializing', 'active', 'paused', 'error', 'unknown']) {
    expect(of(status), status).toBe(json.tasks.filter((one: { status: string }) => one.status === status).length)
  }
})
