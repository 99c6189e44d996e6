import { BundlePayload } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  newDenial,
  registrationOf,
  type TestBoundary,
  testBoundary,
  web,
} from '../../../test/support/boundary-lines.ts'
import { createBoundaryRecords } from './boundary-records.ts'
import { type BoundaryWorld, boundaryWorld } from './testing.ts'
import { testWorkspace, type TestWorkspace } from './testing-workspaces.ts'

/** Boundaries in workspaces: what their credential may, and what is known by it. */

let world: BoundaryWorld
let owner: string
let max: string
let billing: TestWorkspace
let other: TestWorkspace

beforeAll(async () => {
  world = await boundaryWorld()
  owner = await world.identity.owner()
  max = await world.identity.person('max')
  billing = await testWorkspace(world.identity, { owner: 'max', name: 'billing', template: 'claude-docker' })
  other = await testWorkspace(world.identity, { owner: 'max', name: 'other', template: 'plain' })
})
afterAll(() => world[Symbol.asyncDispose]())

const clock = () => world.identity.clock
const base = '/api/v2/boundaries'

async function begin(token: string): Promise<TestBoundary & { readonly layers: readonly string[] }> {
  const boundary = testBoundary(clock())
  const answer = await world.call('POST', `${base}/sessions`, { token, body: registrationOf(boundary, clock()) })
  expect(answer.status, JSON.stringify(answer.json)).toBe(201)
  return { ...boundary, layers: layersIn(answer.json.bundle) }
}

const layersIn = ({ payload }: { payload: string }): string[] =>
  BundlePayload.parse(JSON.parse(payload)).layers.map(({ scope, name }) => `${scope} ${name}`)
const deliver = ({ id }: TestBoundary, token: string, events: readonly object[]) =>
  world.call('POST', `${base}/sessions/${id}/events`, { token, body: { events } })
const publish = (name: string, more: object = {}, token = owner) =>
  world.call('POST', `${base}/policies`, {
    token,
    body: { document: `apiVersion: reeve/v1\nname: ${name}\n`, message: 'the first one', ...more },
  })

test('the credential of a workspace runs boundaries and does nothing else', async () => {
  const boundary = await begin(billing.token)
  for (const [method, path] of [
    ['GET', '/api/v2/users/me'],
    ['GET', `${base}/sessions`],
    ['GET', `${base}/events`],
    ['GET', `${base}/policies`],
    ['GET', `${base}/access-requests`],
    ['POST', `${base}/sessions/${boundary.id}/stop`],
    ['POST', '/api/v2/users/logout'],
    ['GET', '/api/v2/organizations'],
  ] as const) {
    expect([path, (await world.call(method, path, { token: billing.token })).status]).toEqual([path, 403])
  }
  expect(await world.identity.authenticator.authenticate(billing.token)).toMatchObject({ scopes: ['boundary'] })
  // And what calls models runs none.
  const body = registrationOf(testBoundary(clock()), clock())
  const refused = await world.call('POST', `${base}/sessions`, { token: billing.gatewayToken, body })
  expect(refused.status).toBe(403)
})

test('it speaks for the boundaries of its own workspace alone', async () => {
  const boundary = await begin(billing.token)
  const outside = await begin(max)
  for (const one of [boundary, outside]) {
    expect((await deliver(one, other.token, one.next(web('https://a.example.com/')))).status).toBe(404)
    expect((await world.call('GET', `${base}/sessions/${one.id}/policy`, { token: other.token })).status).toBe(404)
  }
})

test('where a boundary runs is known from its credential, and stands on it and on all that it decides', async () => {
  const said = { workspace_id: other.id, task_id: other.id }
  const body = { ...registrationOf(testBoundary(clock()), clock()), ...said }
  expect((await world.call('POST', `${base}/sessions`, { token: billing.token, body })).status).toBe(400)

  const boundary = await begin(billing.token)
  const place = {
    id: billing.id,
    name: 'billing',
    template_id: billing.templateId,
    template_name: 'claude-docker',
    template_version_id: billing.versionId,
    build_id: billing.buildId,
    agent_id: billing.agentId,
    agent_name: 'main',
    task_id: null,
    task_name: null,
  }
  await deliver(boundary, billing.token, boundary.next(web('https://a.example.com/', { verdict: 'denied' })))
  const shown = await world.call('GET', `${base}/sessions/${boundary.id}`, { token: max })
  expect(shown.json).toMatchObject({ owner: { username: 'max' }, workspace: place })
  const find = async (what: 'events' | 'sessions', q: string) =>
    (await world.call('GET', `${base}/${what}?q=${encodeURIComponent(q)}`, { token: max })).json[what]
  expect((await find('events', `session:${boundary.id}`))[0]).toMatchObject({ workspace: place })
  for (const q of [
    'workspace:billing',
    `workspace:${billing.id}`,
    'template:claude-*',
    `template:${billing.templateId}`,
  ]) {
    expect([q, (await find('events', q)).length]).toEqual([q, 1])
    expect((await find('sessions', q)).map(({ id }: { id: string }) => id)).toContain(boundary.id)
  }
  expect(await find('events', 'workspace:other')).toEqual([])
  expect(await find('sessions', 'task:anything')).toEqual([])

  const line = world.lines.findLast(({ facts }) => Object(facts).boundary_session === boundary.id)
  const fields = {
    workspace_id: billing.id,
    workspace_name: 'billing',
    owner: 'max',
    template_id: billing.templateId,
    template_version_id: billing.versionId,
  }
  expect(line?.facts).toMatchObject(fields)
  const records = createBoundaryRecords(world.identity.db)
  const next = await records.next(new Map(), { format: 'json', words: false, limit: 100 })
  const told = []
  for await (const message of next!.messages) told.push(message.body)
  expect(told).toContainEqual(expect.objectContaining({ ...fields, boundary_session: boundary.id, decision: 'deny' }))
})

test('a policy of a template holds in its workspaces, behind those of its organization, and nowhere else', async () => {
  expect((await publish('everybody')).status).toBe(201)
  expect((await publish('acme', { organization: 'default' })).status).toBe(201)
  const made = await publish('of-template', { template: 'claude-docker' })
  expect(made.json).toMatchObject({
    scope: 'template',
    template_id: billing.templateId,
    template_name: 'claude-docker',
  })
  expect((await publish('of-none', { template: 'nowhere' })).status).toBe(404)
  expect((await publish('of-max', { template: billing.templateId }, max)).status).toBe(403)
  expect((await begin(billing.token)).layers).toEqual([
    'deployment everybody',
    'organization acme',
    'template of-template',
  ])
  expect((await begin(other.token)).layers).toEqual(['deployment everybody', 'organization acme'])
  expect((await begin(max)).layers).toEqual(['deployment everybody', 'organization acme'])
})

test('a running boundary pulls a policy that its template is given, which takes away and cannot give', async () => {
  const boundary = await begin(other.token)
  const rules = (host: string) => `network:\n  rules:\n    - { id: r, host: ${host} }\n`
  const document = (name: string, host: string) => `apiVersion: reeve/v1\nname: ${name}\n${rules(host)}`
  await publish('wide', { document: document('wide', '"*.example.com"') })
  await publish('narrow', { document: document('narrow', 'a.example.com'), template: other.templateId })
  const pulled = await world.call('GET', `${base}/sessions/${boundary.id}/policy`, { token: other.token })
  expect(layersIn(pulled.json.bundle)).toEqual(expect.arrayContaining(['deployment wide', 'template narrow']))
  const simulate = async (host: string, template?: string) => {
    const body = { request: `GET https://${host}/`, ...(template === undefined ? {} : { template }) }
    return (await world.call('POST', `${base}/policies/simulate`, { token: max, body })).json.decision
  }
  for (const name of ['everybody', 'acme']) await world.call('DELETE', `${base}/policies/${name}`, { token: owner })
  expect([await simulate('a.example.com', 'plain'), await simulate('b.example.com', 'plain')]).toEqual([
    'allow',
    'deny',
  ])
  expect(await simulate('b.example.com')).toBe('allow')
  await world.call('DELETE', `${base}/policies/wide`, { token: owner })
  expect(await simulate('a.example.com')).toBe('deny')
})

test('the policy of a task holds in its workspace alone, behind that of the template, and explains what it denied', async () => {
  const flaky = await testWorkspace(world.identity, { owner: 'max', name: 'flaky', template: 'flaky' })
  const document = 'apiVersion: reeve/v1\nname: mine\nnetwork: { rules: [{ id: only, host: only.example.com }] }\n'
  const taskId = await flaky.task('fix-flaky-tests', document)
  expect((await publish('of-flaky', { template: flaky.templateId })).status).toBe(201)
  const boundary = await begin(flaky.token)
  const name = `task-${taskId.slice(-12)}`
  expect(boundary.layers.slice(-2)).toEqual(['template of-flaky', `task ${name}`])
  expect((await begin(other.token)).layers.join()).not.toContain('task ')

  const denial = newDenial()
  const denied = web('https://pastebin.example.com/', { verdict: 'denied', denial })
  await deliver(boundary, flaky.token, boundary.next(denied))
  const { json } = await world.call('GET', `${base}/denials/${denial}`, { token: max })
  expect(json.event.workspace).toMatchObject({ task_id: taskId, task_name: 'fix-flaky-tests' })
  expect(json.checked).toContainEqual(expect.objectContaining({ policy: `${name}@v1`, rule: 'only' }))
  const found = await world.call('GET', `${base}/events?q=task:fix-flaky-tests`, { token: max })
  expect(found.json.count).toBe(1)
})

test('what a boundary in a workspace was denied it asks for, and its owner sees why', async () => {
  const boundary = await begin(other.token)
  const denial = newDenial()
  await deliver(boundary, other.token, boundary.next(web('https://c.example.com/', { verdict: 'denied', denial })))
  const body = { denial, scope: 'session', duration_seconds: 3_600, reason: 'asked at the boundary' }
  const asked = await world.call('POST', `${base}/access-requests`, { token: other.token, body })
  expect(asked.status, JSON.stringify(asked.json)).toBe(201)
  const explained = await world.call('GET', `${base}/denials/${denial}`, { token: max })
  expect(explained.json.checked).toContainEqual(expect.objectContaining({ policy: 'narrow@v1' }))
  const back = `${base}/access-requests/${asked.json.id}/withdraw`
  expect((await world.call('POST', back, { token: other.token })).json).toMatchObject({ status: 'withdrawn' })
})

test('it ends with the stop of its workspace', async () => {
  const boundary = await begin(billing.token)
  await billing.stop()
  await expect.poll(async () => (await deliver(boundary, billing.token, boundary.next({}))).status).toBe(401)
})
