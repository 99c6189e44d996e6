import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { TaskLogEvent } from '@reeve/sdk'
import { answersNotSeen } from '../identity/testing.ts'
import { appSlug, type TaskWorld, taskStart, taskWorld } from './testing.ts'

/** A task at work: talked to, listened to, paused and resumed. */

let tasks: TaskWorld
let worker: AsyncDisposable
beforeAll(async () => {
  tasks = await taskWorld()
})
afterAll(() => tasks?.[Symbol.asyncDispose]())
beforeEach(async () => {
  worker = await tasks.world.worker(tasks.builder)
  Object.assign(tasks.api, { status: 'stable', messages: [], answer: null })
  tasks.api.sent.length = 0
  tasks.cut = false
})
afterEach(() => worker[Symbol.asyncDispose]())

const ask = (method: string, id: string, path: string, body?: object, token = tasks.dev) =>
  tasks.call(method, `tasks/me/${id}${path}`, token, body)
const send = (id: string, input = 'And that') => ask('POST', id, '/send', { input })
const turn = async (id: string, verb: 'pause' | 'resume') => {
  const { status, json } = await ask('POST', id, `/${verb}`)
  expect(status, JSON.stringify(json)).toBe(202)
  await tasks.world.built(tasks.dev, json.workspace_build.id)
  return json.workspace_build
}
const wait = async (id: string, query: string) => (await ask('POST', id, `/wait?${query}`)).json.reached

test('an agent that waits is told something, and counts as at work from then on', async () => {
  const { id } = await tasks.active()
  await tasks.agentIs(id, { state: 'idle' })
  expect(await wait(id, 'until=idle&timeout=0')).toBe('idle')
  expect((await send(id, '  And that\n')).status).toBe(204)
  expect(tasks.api.sent).toEqual(['And that'])
  expect(await wait(id, 'until=idle&timeout=0')).toBe(null)
  expect(await tasks.task(id)).toMatchObject({ current_state: { state: 'working' } })
  const { diff } = (await tasks.world.identity.audit()).findLast(({ action }) => action === 'send')!
  expect(diff).toEqual({ chars: { old: null, new: 11, secret: false } })
})

test('what cannot be said is refused in words: busy, unreachable, and each state in its own way', async () => {
  const { id, workspace_build_id: build } = await tasks.active()
  tasks.api.status = 'running'
  expect(await send(id)).toMatchObject({ status: 502, json: { message: expect.stringContaining('at work') } })
  tasks.api.status = 'stable'
  tasks.api.answer = (res) => res.writeHead(422).end('{"detail":"no"}')
  expect((await send(id)).status).toBe(502)
  tasks.api.answer = null
  tasks.cut = true
  expect((await send(id)).status).toBe(502)
  tasks.cut = false
  await tasks.agentIs(id, { health: 'initializing' })
  expect((await send(id)).status).toBe(409)
  await tasks.agentIs(id, { health: 'unhealthy' })
  expect(await send(id)).toMatchObject({ status: 400, json: { message: expect.stringContaining(appSlug) } })
  await tasks.agentIs(id, { lifecycle: 'shutting_down', health: 'healthy' })
  expect((await send(id)).status).toBe(400)
  expect((await ask('GET', id, '/logs')).status).toBe(409)
  await tasks.agentIs(id, { lifecycle: 'ready' })
  await turn(id, 'pause')
  const paused = await send(id)
  expect(paused).toMatchObject({ status: 409, json: { detail: expect.stringContaining('Agent Workspace Build') } })
  expect(tasks.api.sent).toEqual([])
  const failures = await tasks.metrics.getSingleMetric('reeve_task_send_failures_total')!.get()
  const of = (reason: string) => failures.values.find(({ labels }) => labels['reason'] === reason)?.value
  expect([of('busy'), of('refused'), of('unreachable'), of('not_active')]).toEqual([1, 1, 1, 4])
  expect(build).not.toBe((await tasks.task(id)).workspace_build_id)
})

test('what was said is read from the agent, and while it is paused from what was kept', async () => {
  const { id, workspace_id: workspaceId } = await tasks.active()
  tasks.api.say('user', 'Do it')
  tasks.api.say('agent', 'It is done')
  const live = (await ask('GET', id, '/logs')).json
  expect(live).toEqual({
    logs: [
      { id: 0, content: 'Do it', type: 'input', time: '2026-01-01T00:00:00.000Z' },
      { id: 1, content: 'It is done', type: 'output', time: '2026-01-01T00:00:00.000Z' },
    ],
  })
  expect((await ask('GET', id, '/logs?after=0')).json.logs).toHaveLength(1)
  tasks.api.answer = (res) => res.destroy()
  expect((await ask('GET', id, '/logs')).status).toBe(502)
  tasks.api.answer = null
  await turn(id, 'pause')
  tasks.cut = true
  expect(await tasks.task(id)).toMatchObject({
    status: 'paused',
    paused_reason: 'task_manual_pause',
    last_message: 'It is done',
  })
  expect((await ask('GET', id, '/logs')).json).toEqual({
    ...live,
    snapshot: true,
    snapshot_at: expect.any(String),
  })
  await turn(id, 'resume')
  const resumed = await tasks.task(id)
  expect(resumed).toMatchObject({ status: 'initializing', workspace_id: workspaceId, workspace_build_number: 3 })
  // What the agent of the start before said of itself is nothing of this one's.
  expect(resumed.current_state.message).toContain('agent of its workspace')
  expect((await ask('GET', id, '/logs')).json).toMatchObject({ snapshot: true, logs: live.logs })
})

test('a task is paused once, resumed once, and given another prompt only in between', async () => {
  const { id, name } = await tasks.active()
  expect((await ask('POST', id, '/resume')).status).toBe(409)
  expect((await ask('PATCH', id, '/input', { input: 'Else' })).status).toBe(409)
  expect(await wait(id, 'until=active,paused&timeout=0')).toBe('active')
  await turn(id, 'pause')
  expect((await ask('POST', id, '/pause')).status).toBe(409)
  expect(await wait(id, '')).toBe('paused')
  expect((await ask('PATCH', id, '/input', { input: ' ' })).status).toBe(400)
  expect((await ask('PATCH', id, '/input', { input: 'Else' })).status).toBe(204)
  const runs: string[] = []
  await worker[Symbol.asyncDispose]()
  worker = await tasks.world.worker({
    ...tasks.builder,
    apply: async ({ context }) => {
      runs.push(`${context.transition} ${context.task?.id === id} ${context.task?.prompt}`)
      return taskStart(tasks.api.url)
    },
  })
  await turn(id, 'resume')
  expect(runs).toEqual(['start true Else'])
  const verbs = (await tasks.world.identity.audit())
    .filter(({ resource_type: type, resource_target: target }) => type === 'task' && target === name)
    .map(({ action }) => action)
  expect(verbs).toEqual(['create', 'pause', 'input', 'resume'])
})

test('an agent brings in what was said, of its own task and within bounds', async () => {
  const token = randomUUID()
  await worker[Symbol.asyncDispose]()
  const { id, workspace_id: workspaceId, workspace_build_id: build } = await tasks.create()
  const other = await tasks.create()
  worker = await tasks.world.worker({
    ...tasks.builder,
    apply: async ({ context }) => taskStart(tasks.api.url, context.workspace.id === workspaceId ? token : randomUUID()),
  })
  await tasks.world.built(tasks.dev, build)
  const bring = (task: string, messages: unknown, as: string = token) =>
    tasks.call('POST', `workspaceagents/me/tasks/${task}/log-snapshot?format=agentapi`, as, { messages })
  const message = { id: 7, role: 'agent', content: 'The end\u001b', time: '2026-01-01T00:00:00Z' }
  expect((await bring(id, [message])).status).toBe(204)
  expect((await ask('GET', id, '/logs')).json.logs).toMatchObject([{ id: 7, content: 'The end\u001b', type: 'output' }])
  expect((await bring(other.id, [message])).status).toBe(404)
  expect((await bring(id, [message], randomUUID())).status).toBe(401)
  expect((await bring(id, [message], tasks.dev)).status).toBe(401)
  expect((await bring(id, [{ ...message, role: 'root' }])).status).toBe(400)
  expect((await bring(id, [{ ...message, content: 'x'.repeat(64 * 1024) }])).status).toBe(413)
  await tasks.agentIs(id, { lifecycle: 'ready' })
  await turn(id, 'pause')
  expect((await bring(id, [message])).status).toBe(401)
})

test('a fork has the template, the labels and the conversation, and nothing of it goes back', async () => {
  const { id, name } = await tasks.active({ labels: { team: 'a' }, token_budget: 5_000 })
  tasks.api.say('user', 'Do it')
  tasks.api.say('agent', 'Half of it')
  const fork = await ask('POST', id, '/fork', { input: 'The other half' })
  expect(fork).toMatchObject({
    status: 201,
    json: { forked_from: id, labels: { team: 'a' }, token_budget: 5_000, template_version_id: tasks.versionId },
  })
  expect(fork.json.initial_prompt).toMatch(new RegExp(`^The other half\\n[^]*${name}[^]*Agent: Half of it`))
  expect(fork.json.workspace_id).not.toBe((await tasks.task(id)).workspace_id)
  const plain = await ask('POST', id, '/fork', {})
  expect(plain.json.initial_prompt.startsWith('Do it\n')).toBe(true)
  const stranger = await tasks.world.identity.person('sam')
  expect((await ask('POST', id, '/fork', {}, stranger)).status).toBe(404)
  expect((await ask('POST', id, '/fork', { name })).status).toBe(409)
  expect((await ask('POST', id, '/fork', { name: 'No Name' })).status).toBe(400)
})

test('a log is followed while its agent speaks, over a pause, and on', async () => {
  const { id } = await tasks.active()
  tasks.api.say('user', 'Do it')
  const { url } = tasks.world.identity
  const stop = new AbortController()
  const response = await fetch(`${url}/api/v2/tasks/me/${id}/logs/stream`, {
    headers: { 'Reeve-Session-Token': tasks.dev },
    signal: stop.signal,
  })
  expect(response.status).toBe(200)
  const events = eventsOf(response.body!)
  const next = async (wanted: (event: TaskLogEvent) => boolean) => {
    for (;;) {
      const { value } = await events.next()
      if (value === undefined) throw new Error('the stream ended')
      if (wanted(value)) return value
    }
  }
  const says = (content: string) => (event: TaskLogEvent) => event.kind === 'entry' && event.entry.content === content
  expect(await next(({ kind }) => kind === 'status')).toMatchObject({ status: 'active' })
  await next(says('Do it'))
  tasks.api.say('agent', 'I')
  await next(says('I'))
  tasks.api.grow('I did it')
  expect(await next(says('I did it'))).toMatchObject({ entry: { id: 1, type: 'output' } })
  await turn(id, 'pause')
  await next((event) => event.kind === 'status' && event.status === 'paused')
  await turn(id, 'resume')
  await tasks.agentIs(id, { lifecycle: 'ready', health: 'healthy' })
  tasks.api.say('user', 'More')
  await next(says('More'))
  const { workspace_build: build } = (await ask('DELETE', id, '')).json
  await tasks.world.built(tasks.dev, build.id)
  for (let done = false; !done;) done = (await events.next()).done === true
  stop.abort()
})

async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<TaskLogEvent, undefined> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of body) {
    const parts = (text + decoder.decode(piece, { stream: true })).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) if (part.startsWith('data: ')) yield JSON.parse(part.slice(6))
  }
  return undefined
}

test('who waits is answered when it happens, and at the end of the time', async () => {
  const { id } = await tasks.active()
  await tasks.agentIs(id, { state: 'working' })
  expect(await wait(id, 'timeout=0')).toBe(null)
  expect((await ask('POST', id, '/wait?until=idle,never&timeout=0')).status).toBe(400)
  expect((await ask('POST', id, '/wait?timeout=61')).status).toBe(400)
  const waiting = wait(id, 'until=done,failed&timeout=60')
  await tasks.agentIs(id, { state: 'complete' })
  expect(await waiting).toBe('done')
  await tasks.agentIs(id, { state: 'failure' })
  expect(await wait(id, 'timeout=0')).toBe('failed')
})

test('what is not there cannot be talked to, listened to or stopped', async () => {
  const none = randomUUID()
  const asked: [string, string, object?][] = [
    ['POST', '/send', { input: 'x' }],
    ['GET', '/logs'],
    ['GET', '/logs/stream'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['PATCH', '/input', { input: 'x' }],
    ['POST', '/wait'],
    ['DELETE', ''],
  ]
  for (const [method, path, body] of asked) expect((await ask(method, none, path, body)).status, path).toBe(404)
})

test('what these endpoints may answer has been seen here', () => {
  expect(
    answersNotSeen(
      'sendToTask',
      'listTaskLogs',
      'pauseTask',
      'resumeTask',
      'setTaskInput',
      'putTaskLogSnapshot',
      'forkTask',
    ),
  ).toEqual([])
})
