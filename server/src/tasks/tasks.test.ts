import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen } from '../identity/testing.ts'
import { nameOfPrompt } from './name-of-prompt.ts'
import { type TaskWorld, taskWorld } from './testing.ts'

/** Tasks as people have them: made, found, changed, and not shown to others. */

let tasks: TaskWorld
beforeAll(async () => {
  tasks = await taskWorld()
})
afterAll(() => tasks?.[Symbol.asyncDispose]())

const post = (body: object, token = tasks.dev, user = 'me') =>
  tasks.call('POST', `tasks/${user}`, token, { template_version_id: tasks.versionId, input: 'Do it', ...body })
const get = (path: string, token = tasks.dev) => tasks.call('GET', path, token)
const problems = (json: { validations?: { field: string; detail: string }[] }) =>
  (json.validations ?? []).map(({ field, detail }) => `${field} ${detail}`).join('; ')

test('only of a version with coder_ai_task a task is made, and who asks for another learns of the resource', async () => {
  const refused = await post({ template_version_id: tasks.plainVersionId })
  expect(refused.status).toBe(400)
  expect(problems(refused.json)).toContain('coder_ai_task')
  expect(problems((await tasks.call('POST', 'tasks/me', tasks.dev, { input: 'x' })).json)).toContain('template_id')
  expect((await post({ input: ' \n' })).status).toBe(400)
  expect((await post({ template_version_id: undefined, template_id: tasks.templateId })).status).toBe(201)
  expect((await post({ template_version_id: undefined, template_id: tasks.plainVersionId })).status).toBe(404)
  const other = await post({ template_id: tasks.templateId, template_version_id: tasks.plainVersionId })
  expect(problems(other.json)).toContain('no version of this template')
})

test('a task, its workspace and its first build are made at once, and each of them is on record', async () => {
  const { identity } = tasks.world
  const task = await tasks.create({ name: 'whole', display_name: 'The whole', labels: { pipeline: '812' } })
  expect(task).toMatchObject({
    name: 'whole',
    status: 'pending',
    current_state: { state: 'working', message: expect.stringContaining('build its workspace') },
    initial_prompt: 'Do it',
    workspace_name: 'whole',
    workspace_status: 'pending',
    workspace_build_number: 1,
    labels: { pipeline: '812' },
    tokens_used: 0,
    limit_reached: '',
    session_ids: [],
  })
  const events = (await identity.audit()).filter(({ resource_target: target }) => target.startsWith('whole'))
  expect(events.map(({ action, resource_type }) => `${resource_type} ${action}`)).toEqual([
    'workspace create',
    'task create',
    'workspace_build start',
  ])
  expect(JSON.stringify(events)).not.toContain('Do it')
  // What cannot be made whole is not made at all.
  expect((await post({ name: 'whole' })).status).toBe(409)
  const half = await post({ name: 'half', rich_parameter_values: [{ name: 'none', value: '1' }] })
  expect(half.status).toBe(400)
  expect((await get('tasks/me/half')).status).toBe(404)
  expect((await get('users/me/workspace/half')).status).toBe(404)
})

test('a task without a name is called by what it is to do, without what may be secret', () => {
  expect(nameOfPrompt('Fix the flaky billing test, please')).toMatch(/^fix-the-flaky-billing-[a-z2-9]{5}$/)
  expect(nameOfPrompt('use sk-ant-12345 with dana@example.com now')).toMatch(/^use-with-now-[a-z2-9]{5}$/)
  expect(nameOfPrompt('直して')).toMatch(/^task-[a-z2-9]{5}$/)
  const names = Array.from({ length: 200 }, () => nameOfPrompt('Internationalization of everything everywhere again'))
  for (const name of names) expect(name).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThanOrEqual(32)
})

test('the same key with the same body is the same task, and with another one it is refused', async () => {
  const body = { idempotency_key: 'ci-1', input: 'Once', name: 'once', labels: { b: '2', a: '1' } }
  const answers = await Promise.all(Array.from({ length: 5 }, () => post(body)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 201])
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
  // In whichever order it is written.
  expect((await post({ ...body, labels: { a: '1', b: '2' } })).status).toBe(200)
  const other = await post({ ...body, input: 'Twice' })
  expect(other.status).toBe(409)
  expect(other.json.message).toContain('idempotency key')
  // Keys are a person's own.
  expect((await post(body, tasks.admin)).json.id).not.toBe(answers[0]?.json.id)
  const unnamed = await Promise.all(Array.from({ length: 5 }, () => post({ idempotency_key: 'ci-2' })))
  expect(new Set(unnamed.map(({ json }) => json.id)).size).toBe(1)
})

test('a list is what single reads allow, narrowed by its query, page by page', async () => {
  const other = await tasks.world.identity.person('olga')
  const auditor = await tasks.world.identity.person('audrey', 'auditor')
  const mine = await tasks.create({ name: 'list-a', labels: { team: 'billing', ci: '1' } })
  await tasks.create({ name: 'list-b', labels: { team: 'search' } })
  const theirs = await tasks.create({ name: 'list-c', labels: { team: 'billing' } }, other)
  const names = async (q: string, token = tasks.dev) => {
    const { json } = await get(`tasks?q=${encodeURIComponent(q)}`, token)
    expect(json.count).toBe(json.tasks.length)
    return json.tasks.map(({ name }: { name: string }) => name)
  }
  expect(await names('list-')).toEqual(['list-b', 'list-a'])
  expect(await names('list-', other)).toEqual(['list-c'])
  expect(await names('list-', auditor)).toEqual(['list-c', 'list-b', 'list-a'])
  expect(await names('list- owner:me', auditor)).toEqual([])
  expect(await names('list- owner:dev,olga label:team=billing', auditor)).toEqual(['list-c', 'list-a'])
  expect(await names('list- label:ci')).toEqual(['list-a'])
  expect(await names('list- label:team=billing label:ci=1')).toEqual(['list-a'])
  expect(await names('list- label:team=billing,team=search')).toEqual(['list-b', 'list-a'])
  expect(await names('list- template:agent-small status:pending organization:default')).toEqual(['list-b', 'list-a'])
  expect(await names('list- status:active,paused')).toEqual([])
  const page = await get(`tasks?q=list-&limit=1&after_id=${(await tasks.task('list-b')).id}`)
  expect(page.json).toMatchObject({ count: 2, tasks: [{ name: 'list-a' }] })
  for (const bad of ['status:no', 'team:billing', 'owner:', '"open']) {
    expect((await get(`tasks?q=${encodeURIComponent(bad)}`)).status, bad).toBe(400)
  }

  // Who may see it is told nothing of what was said in it; who may not is told that it is not there.
  expect((await get(`tasks/me/${theirs.id}`)).status).toBe(404)
  const seen = (await get(`tasks/dev/${mine.name}`, auditor)).json
  expect(seen).toMatchObject({ id: mine.id, initial_prompt: null, last_message: null })
  expect((await get(`tasks/dev/${mine.id}/logs`, auditor)).status).toBe(403)
  expect((await tasks.call('PATCH', `tasks/dev/${mine.id}`, auditor, { display_name: 'x' })).status).toBe(403)
})

test('who was given the words of others to read leaves his name each time', async () => {
  const reviewer = await tasks.world.identity.person('rita', 'content-reviewer', 'auditor')
  const task = await tasks.create({ name: 'reviewed' })
  expect((await get(`tasks/dev/${task.id}/logs`, reviewer)).json).toEqual({ logs: [], snapshot: true })
  const read = (await tasks.world.identity.audit()).filter(({ action }) => action === 'read_log')
  expect(read).toMatchObject([{ resource_type: 'task', resource_target: 'reviewed' }])
})

test('how a task is called, its labels and its limits are changed, with what changed on record', async () => {
  const task = await tasks.create({ name: 'changed', token_budget: 1_000 })
  const change = (body: object) => tasks.call('PATCH', `tasks/me/${task.id}`, tasks.dev, body)
  const changed = await change({
    display_name: 'Changed',
    labels: { a: '1' },
    token_budget: null,
    time_limit_seconds: 60,
  })
  expect(changed.json).toMatchObject({ display_name: 'Changed', labels: { a: '1' }, token_budget: null })
  expect((await change({ on_limit: 'delete' })).json).toMatchObject({ time_limit_seconds: 60, on_limit: 'delete' })
  expect((await change({ token_budget: 0 })).status).toBe(400)
  expect((await change({ labels: { ' bad': 'x' } })).status).toBe(400)
  const event = (await tasks.world.identity.audit()).find(
    ({ action, resource_type }) => [resource_type, action].join() === 'task,write',
  )
  expect(event?.diff).toMatchObject({ token_budget: { old: 1_000, new: null } })
})

test('a deleted task is gone at once, its name is free when its workspace is, and its key is not', async () => {
  await using _ = await tasks.world.worker(tasks.builder)
  const task = await tasks.create({ name: 'gone', idempotency_key: 'gone' })
  const remove = () => tasks.call('DELETE', `tasks/me/${task.id}`, tasks.dev)
  await tasks.world.built(tasks.dev, task.workspace_build_id)
  const deleted = await remove()
  expect(deleted).toMatchObject({ status: 202, json: { workspace_build: { transition: 'delete' } } })
  expect((await get(`tasks/me/${task.id}`)).status).toBe(404)
  expect((await remove()).status).toBe(404)
  await tasks.world.built(tasks.dev, deleted.json.workspace_build.id)
  const waited = await tasks.call('POST', `tasks/me/${task.id}/wait?until=deleted`, tasks.dev)
  expect(waited.json).toMatchObject({ reached: 'deleted' })
  expect((await post({ name: 'gone' })).status).toBe(201)
  expect((await post({ name: 'gone', idempotency_key: 'gone' })).json.id).toBe(task.id)

  // A workspace that somebody deletes by hand takes its task along.
  const other = await tasks.create({ name: 'by-hand' })
  await tasks.world.built(tasks.dev, other.workspace_build_id)
  const build = await tasks.call('POST', `workspaces/${other.workspace_id}/builds`, tasks.dev, { transition: 'delete' })
  await tasks.world.built(tasks.dev, build.json.id)
  expect((await get(`tasks/me/${other.id}`)).status).toBe(404)
})

test('a prompt is a parameter where the template is from before coder_task', async () => {
  const { sql: db } = tasks.world.identity.db
  const set = (found: object) =>
    db
      .updateTable('template_versions')
      .set({ found: JSON.stringify(found) })
      .where('id', '=', tasks.versionId)
      .execute()
  const empty = { parameters: [], variables: [], presets: [], externalAuth: [], resources: [], tags: {} }
  const prompt = { name: 'AI Prompt', mutable: true, ephemeral: false, required: true }
  await set({ ...empty, parameters: [prompt] })
  const task = await tasks.create({ input: 'In a parameter' })
  const parameters = await get(`workspacebuilds/${task.workspace_build_id}/parameters`)
  expect(parameters.json).toEqual([{ name: 'AI Prompt', value: 'In a parameter' }])
  await set(empty)
})

test('what these endpoints may answer has been seen here', () => {
  expect(answersNotSeen('listTasks', 'createTask', 'getTask', 'updateTask')).toEqual([
    'PATCH /api/v2/tasks/:user/:task 404',
  ])
})
