import { manualClock, silentLog, uuidv7 } from '@reeve/base'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failure } from '../provisioning/diagnostic.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { builderOf, goodBuild, scriptedTemplate } from './testing-scripted.ts'
import { tendWorkspaces } from './tend-workspaces.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

/** What becomes of workspaces as time goes by; builds are what a test says, and the time is what it says as well. */

let world: WorkspaceWorld
let admin: string
let dev: string
let worker: AsyncDisposable
let answer: (run: BuildRun) => Promise<BuildResult>

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

beforeAll(async () => {
  world = await workspaceWorld()
  await world.identity.owner()
  dev = await world.identity.person('dev')
  admin = await world.identity.person('tess', 'template-admin')
  worker = await world.worker(builderOf((run) => answer(run)))
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

const works = async (): Promise<BuildResult> => goodBuild
const breaks = async (): Promise<BuildResult> => ({ ...goodBuild, failure: failure('the cloud is away') })

/** A workspace that runs; its start was now. */
async function running(name: string, template: object = {}, body: object = {}) {
  answer = works
  const templateId = await scriptedTemplate(world, admin, `of-${name}`, template)
  const made = await world.call('POST', 'users/me/workspaces', dev, { name, template_id: templateId, ...body })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  await world.built(dev, made.json.latest_build.id)
  return show(made.json.id)
}

const show = async (id: string) => (await world.call('GET', `workspaces/${id}`, dev)).json

/** Looks after workspaces as if it were so much later, and waits for what was begun. */
async function later(id: string, ms: number) {
  const clock = manualClock(new Date(Date.now() + ms))
  await tendWorkspaces({ db: world.identity.db, clock, log: silentLog })
  const { latest_build: build } = await show(id)
  if (build !== undefined) await world.built(dev, build.id)
  return show(id)
}

async function told(event: string, workspace: string) {
  const rows = await world.identity.db.sql
    .selectFrom('outbox_messages')
    .select(['facts', 'audience'])
    .where('event', '=', event)
    .orderBy('id')
    .execute()
  return rows.filter(({ facts }) => Object(facts).workspace === workspace)
}

test('a workspace stops when its time is over, by itself, and its owner is told before', async () => {
  const { id, latest_build: first } = await running('tired', { default_ttl_ms: hour })
  expect(Date.parse(first.deadline) - Date.parse(first.job.completed_at)).toBe(hour)
  expect((await later(id, 40 * minute)).latest_build.id).toBe(first.id)
  expect(await told('workspace-stops-soon', 'tired')).toEqual([])
  expect((await later(id, 50 * minute)).latest_build.id).toBe(first.id)
  await later(id, 51 * minute)
  expect(await told('workspace-stops-soon', 'tired')).toHaveLength(1)
  const stopped = await later(id, hour + minute)
  expect(stopped.latest_build).toMatchObject({ status: 'stopped', reason: 'autostop', initiator_id: null })
  expect(stopped.latest_build.deadline).toBeNull()
})

test('use moves the stop, as far as the template lets it, and so does whoever extends it', async () => {
  const { id, latest_build: build } = await running('used', { default_ttl_ms: hour, activity_bump_ms: 2 * hour })
  const { sql: db } = world.identity.db
  const long = new Date(Date.now() - hour)
  await db.updateTable('workspaces').set({ last_used_at: long }).where('id', '=', id).execute()
  expect((await world.call('POST', `workspaces/${id}/usage`, dev, { app_name: 'code' })).status).toBe(204)
  const used = (await show(id)).latest_build
  expect(Date.parse(used.deadline)).toBeGreaterThan(Date.parse(build.deadline) + 59 * minute)
  const deadline = new Date(Date.now() + 5 * hour).toISOString()
  const extended = await world.call('PUT', `workspaces/${id}/extend`, dev, { deadline })
  expect(extended.json.latest_build.deadline).toBe(deadline)
  const past = await world.call('PUT', `workspaces/${id}/extend`, dev, { deadline: new Date().toISOString() })
  expect(past.status).toBe(400)
  expect((await world.call('PUT', `workspaces/${id}/ttl`, dev, { ttl_ms: 0 })).status).toBe(204)
  expect((await later(id, 30 * day)).latest_build).toMatchObject({ id: build.id, deadline: null })
})

test('a workspace starts at its time, once, however many replicas look', async () => {
  const { id } = await running('early')
  const stop = await world.call('POST', `workspaces/${id}/builds`, dev, { transition: 'stop' })
  await world.built(dev, stop.json.id)
  const put = await world.call('PUT', `workspaces/${id}/autostart`, dev, {
    schedule: 'CRON_TZ=Europe/Berlin 30 9 * * *',
  })
  expect(put.status).toBe(204)
  const { next_start_at: next } = await show(id)
  const clock = manualClock(new Date(Date.parse(next) + 10_000))
  const replicas = Array.from({ length: 4 }, () => tendWorkspaces({ db: world.identity.db, clock, log: silentLog }))
  await Promise.all(replicas)
  const { latest_build: build } = await show(id)
  expect(build).toMatchObject({ build_number: 3, transition: 'start', reason: 'autostart', initiator_id: null })
  expect(await world.built(dev, build.id)).toMatchObject({ status: 'running' })
})

test('a schedule that cannot be read is refused, and so is one that the template forbids', async () => {
  const { id } = await running('bound', { allow_user_autostart: false, allow_user_autostop: false })
  const put = (path: string, body: object) => world.call('PUT', `workspaces/${id}/${path}`, dev, body)
  expect((await put('autostart', { schedule: 'CRON_TZ=Moon/Sea 1 1 * * *' })).status).toBe(400)
  expect((await put('autostart', { schedule: '30 9 * * 1-5' })).status).toBe(409)
  expect((await put('ttl', { ttl_ms: hour })).status).toBe(409)
})

test('a stop that fails is tried again, later each time, and people are told', async () => {
  const { id } = await running('stuck', { default_ttl_ms: hour })
  answer = breaks
  const first = await later(id, hour + minute)
  expect(first.latest_build).toMatchObject({ status: 'failed', reason: 'autostop' })
  expect(await told('workspace-build-failed', 'stuck')).toMatchObject([
    { facts: { transition: 'stop', reason: 'autostop', error: 'the cloud is away' } },
  ])
  // Its job ended just now by the clock of the worker, and each attempt from then on by that clock as well.
  expect((await later(id, 4 * minute)).latest_build.build_number).toBe(2)
  expect((await later(id, 6 * minute)).latest_build.build_number).toBe(3)
  expect((await later(id, 6 * minute)).latest_build.build_number).toBe(3)
  expect((await later(id, 11 * minute)).latest_build.build_number).toBe(4)
  expect(await told('workspace-does-not-stop', 'stuck')).toEqual([])
  expect((await later(id, 21 * minute)).latest_build.build_number).toBe(5)
  expect(await told('workspace-does-not-stop', 'stuck')).toMatchObject([
    { audience: 'owners', facts: { failures: '3', transition: 'stop' } },
  ])
  answer = works
  const stopped = await later(id, 41 * minute)
  expect(stopped.latest_build).toMatchObject({ build_number: 6, status: 'stopped', reason: 'autostop' })
  expect(await told('workspace-does-not-stop', 'stuck')).toHaveLength(1)
})

test('a start that failed is cleaned up when the template says so', async () => {
  const { id } = await running('broken', { failure_ttl_ms: hour })
  const stop = await world.call('POST', `workspaces/${id}/builds`, dev, { transition: 'stop' })
  await world.built(dev, stop.json.id)
  answer = breaks
  const start = await world.call('POST', `workspaces/${id}/builds`, dev, { transition: 'start' })
  expect(await world.built(dev, start.json.id)).toMatchObject({ status: 'failed' })
  answer = works
  expect((await later(id, 59 * minute)).latest_build.id).toBe(start.json.id)
  expect((await later(id, 61 * minute)).latest_build).toMatchObject({ status: 'stopped', reason: 'autostop' })
})

test('what nobody uses sleeps, wakes when somebody starts it, and goes when nobody does', async () => {
  const { id } = await running('forgotten', { dormant_ttl_ms: 7 * day, delete_ttl_ms: 30 * day })
  expect((await later(id, 6 * day)).dormant_at).toBeNull()
  const asleep = await later(id, 7 * day + minute)
  expect(Date.parse(asleep.deleting_at) - Date.parse(asleep.dormant_at)).toBe(30 * day)
  expect(await told('workspace-dormant', 'forgotten')).toMatchObject([{ facts: { deleting: asleep.deleting_at } }])
  expect((await later(id, 7 * day + 2 * minute)).latest_build).toMatchObject({ status: 'stopped', reason: 'dormancy' })

  const start = await world.call('POST', `workspaces/${id}/builds`, dev, { transition: 'start' })
  await world.built(dev, start.json.id)
  expect(await show(id)).toMatchObject({ dormant_at: null, deleting_at: null })

  const again = await world.call('PUT', `workspaces/${id}/dormant`, dev, { dormant: true })
  expect(again.json.dormant_at).not.toBeNull()
  await later(id, minute)
  const clock = manualClock(new Date(Date.now() + 31 * day))
  await tendWorkspaces({ db: world.identity.db, clock, log: silentLog })
  const builds = (await world.call('GET', `workspaces/${id}/builds?limit=1`, dev)).json
  expect(builds[0]).toMatchObject({ transition: 'delete', reason: 'autodelete' })
  await world.built(dev, builds[0].id)
  expect((await world.call('GET', `workspaces/${id}`, dev)).status).toBe(404)
  expect(await told('workspace-deleted', 'forgotten')).toMatchObject([{ facts: { by: 'system' } }])
})

test('an idle task is paused, one that works goes on, and the clock starts again when it comes to an end', async () => {
  const { sql: db } = world.identity.db
  const { id, owner_id, organization_id, latest_build: build } = await running('thinking')
  expect(build.deadline).toBeNull()
  const now = new Date()
  const task = { id: uuidv7(now), organization_id, owner_id, workspace_id: id, name: 'thinking', prompt: 'think' }
  const version = { template_version_id: build.template_version_id }
  await db
    .insertInto('tasks')
    .values({ ...task, ...version, noted_at: now, created_at: now, updated_at: now })
    .execute()
  for (const transition of ['stop', 'start']) {
    const next = await world.call('POST', `workspaces/${id}/builds`, dev, { transition })
    await world.built(dev, next.json.id)
  }
  const started = (await show(id)).latest_build
  expect(Date.parse(started.deadline) - Date.parse(started.job.completed_at)).toBe(30 * minute)
  const agentId = await agentOf(started.id, 'working')

  // It is heard of all the while, and was not said to do anything else.
  await db
    .updateTable('workspace_agents')
    .set({ last_connected_at: new Date(Date.now() + 31 * minute) })
    .execute()
  const bumped = await later(id, 31 * minute)
  expect(bumped.latest_build.id).toBe(started.id)
  expect(Date.parse(bumped.latest_build.deadline)).toBeGreaterThan(Date.now() + 60 * minute)
  // Its scripts have ended already, so that nobody waits for them.
  const idle = JSON.stringify({ state: 'idle' })
  await db
    .updateTable('workspace_agents')
    .set({ app_status: idle, lifecycle: 'off' })
    .where('id', '=', agentId)
    .execute()
  expect((await later(id, 60 * minute)).latest_build.id).toBe(started.id)
  const paused = await later(id, 63 * minute)
  expect(paused.latest_build).toMatchObject({ status: 'stopped', reason: 'task_auto_pause' })
})

async function agentOf(buildId: string, state: string): Promise<string> {
  const { sql: db } = world.identity.db
  const now = new Date()
  const [resourceId, agentId] = [uuidv7(now), uuidv7(now)]
  const resource = { id: resourceId, build_id: buildId, address: 'a.b', type: 'a', name: 'b', hide: false, icon: '' }
  await db
    .insertInto('workspace_resources')
    .values({ ...resource, daily_cost: 0, metadata: '[]' })
    .execute()
  const about = { id: agentId, resource_id: resourceId, name: 'main', os: 'linux', arch: 'amd64', directory: '' }
  await db
    .insertInto('workspace_agents')
    .values({
      ...about,
      apps: '[]',
      auth: 'token',
      sealed_plan: '',
      created_at: now,
      connection_timeout_seconds: 120,
      token_sha256: randomBytes(32),
      last_connected_at: now,
      app_status: JSON.stringify({ state }),
    })
    .execute()
  return agentId
}
