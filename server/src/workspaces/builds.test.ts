import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '@reeve/base'
import { ProvisionerJob, WorkspaceStatus, WorkspaceTransition } from '@reeve/sdk'
import { failure } from '../provisioning/diagnostic.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { nothingFound } from '../templates/found.ts'
import type { Builder } from './build-job.ts'
import { stagesOf, statusOf } from './lifecycle.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

/** What becomes of builds that do not go as they should; what is run is what a test says. */

let world: WorkspaceWorld
let dev: string
let admin: string
let templateId: string

beforeAll(async () => {
  world = await workspaceWorld()
  await world.identity.owner()
  dev = await world.identity.person('dev')
  admin = await world.identity.person('tess', 'template-admin')
  const { sql: db } = world.identity.db
  // An import needs Terraform; what these tests are about does not.
  const version = await world.version(admin, '# names session_token')
  const job = { error: null, error_code: null }
  await db.updateTable('provisioner_jobs').set(job).where('id', '=', version.job.id).execute()
  const body = { name: 'scripted', template_version_id: version.id }
  templateId = (await world.call('POST', 'organizations/default/templates', admin, body)).json.id
})
afterAll(() => world?.[Symbol.asyncDispose]())

const stateOf = (serial: number): Buffer => Buffer.from(JSON.stringify({ version: 4, serial, resources: [] }))
const good: BuildResult = {
  state: stateOf(9),
  failure: null,
  resources: [],
  aiTasks: [],
  parameters: new Map(),
  dailyCost: 0,
  timings: [],
}
const both = (run: (given: BuildRun) => Promise<BuildResult>): Builder => ({ apply: run, destroy: run })

const begin = async (name: string) => {
  const made = await world.call('POST', 'users/me/workspaces', dev, { name, template_id: templateId })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  return made.json
}
const again = (id: string, transition: string) =>
  world.call('POST', `workspaces/${id}/builds`, dev, { transition, reason: 'cli' })
const serialOf = async (buildId: string) =>
  (await world.call('GET', `workspacebuilds/${buildId}/state`, admin)).json.serial

/** A builder that goes on when the test lets it. */
function held() {
  const begun = Promise.withResolvers<BuildRun>()
  const end = Promise.withResolvers<BuildResult>()
  const builder = both((run) => {
    begun.resolve(run)
    return end.promise
  })
  return { begun: begun.promise, end: end.resolve, builder }
}

test('of two builds at once one is made, and the other is told of it', async () => {
  const workspace = await begin('twice')
  expect((await again(workspace.id, 'stop')).status).toBe(409)
  {
    await using _ = await world.worker(both(async () => good))
    await world.built(dev, workspace.latest_build.id)
  }
  const answers = await Promise.all(Array.from({ length: 6 }, () => again(workspace.id, 'stop')))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409])
  const numbers = (await world.call('GET', `workspaces/${workspace.id}/builds`, dev)).json
  expect(numbers.map((one: { build_number: number }) => one.build_number)).toEqual([2, 1])
  const made = answers.find(({ status }) => status === 201)!
  expect((await world.call('PATCH', `workspacebuilds/${made.json.id}/cancel`, dev)).status).toBe(200)
})

test('a build that is canceled while it waits is over; one that runs is asked to end, and keeps what it made', async () => {
  const waiting = await begin('waiting')
  const canceled = await world.call('PATCH', `workspacebuilds/${waiting.latest_build.id}/cancel`, dev)
  expect(canceled.json).toMatchObject({ status: 'canceled' })
  const { begun, end, builder } = held()
  await using _ = await world.worker(builder)
  const running = await begin('running')
  const { signal } = await begun
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
  expect((await world.call('PATCH', `workspacebuilds/${running.latest_build.id}/cancel`, dev)).status).toBe(200)
  await aborted
  end({ ...good, state: stateOf(3), failure: failure('canceled', 'CANCELED') })
  const ended = await world.built(dev, running.latest_build.id)
  expect(ended).toMatchObject({ status: 'canceled' })
  expect(await serialOf(ended.id)).toBe(3)
})

test('a worker that is not heard of leaves the last state that it kept, and the next build goes on from there', async () => {
  const workspace = await begin('abandoned')
  const { latest_build: build } = workspace
  const { begun, end, builder } = held()
  // A lease that ends at once stands for a machine that died: whoever looks gives the job up.
  const dying = await world.worker(builder, { leaseMs: 1_500, times: { beatMs: 60_000 } })
  const run = await begun
  expect(run.state).toBeNull()
  run.onState?.(stateOf(4))
  const { sql: db } = world.identity.db
  const isKept = async () =>
    (await db.selectFrom('workspace_states').select('build_id').where('build_id', '=', build.id).execute()).length > 0
  while (!(await isKept())) await new Promise((resolve) => setTimeout(resolve, 20))
  await using _ = await world.worker(
    both(async (next) => ({ ...good, state: Buffer.from(next.state ?? '') })),
    {
      times: { beatMs: 100 },
    },
  )
  expect(await world.built(dev, build.id)).toMatchObject({ status: 'failed' })
  // It comes back: the build stays failed, and what it made is known.
  end({ ...good, state: stateOf(5) })
  await dying[Symbol.asyncDispose]()
  expect(await world.built(dev, build.id)).toMatchObject({ status: 'failed' })
  expect(await serialOf(build.id)).toBe(5)
  const stopped = await again(workspace.id, 'stop')
  expect(await world.built(dev, stopped.json.id)).toMatchObject({ status: 'stopped' })
  expect(await serialOf(stopped.json.id)).toBe(5)
  const keys = db.selectFrom('api_keys').select('expires_at').where('workspace_id', '=', workspace.id)
  expect((await keys.execute()).every(({ expires_at: at }) => at <= new Date())).toBe(true)
})

test('what the fetched modules of a template name of the owner a build is given, and no more', async () => {
  const { sql: db } = world.identity.db
  const version = await world.version(admin, '# names nothing')
  await db
    .updateTable('provisioner_jobs')
    .set({ error: null, error_code: null })
    .where('id', '=', version.job.id)
    .execute()
  const body = { name: 'fetched', template_version_id: version.id }
  const template = (await world.call('POST', 'organizations/default/templates', admin, body)).json
  const given: BuildRun['context']['owner'][] = []
  const noting = both(async (run) => {
    given.push(run.context.owner)
    return good
  })
  const oidcAccessTokenOf = () => Promise.resolve(new Secret('of the provider'))
  await using _ = await world.worker(noting, {}, { oidcAccessTokenOf })
  const start = async (name: string) => {
    const made = await world.call('POST', 'users/me/workspaces', dev, { name, template_id: template.id })
    await world.built(dev, made.json.latest_build.id)
    return given.at(-1)!
  }
  expect(await start('unnamed')).toMatchObject({ sessionToken: null, oidcAccessToken: null })
  const found = JSON.stringify({ ...nothingFound, modulesName: ['session_token', 'oidc_access_token'] })
  await db.updateTable('template_versions').set({ found }).where('id', '=', version.id).execute()
  const { sessionToken, oidcAccessToken, sshPrivateKey } = await start('named')
  expect([sessionToken?.reveal(), oidcAccessToken?.reveal(), sshPrivateKey]).toEqual([
    expect.stringMatching(/./),
    'of the provider',
    null,
  ])
})

test('a start is written into the meter once, and says that no task owns it', async () => {
  await using _ = await world.worker(both(async () => good))
  const workspace = await begin('metered')
  const build = await world.built(dev, workspace.latest_build.id)
  await world.built(dev, (await again(workspace.id, 'stop')).json.id)
  const rows = await world.identity.db.sql
    .selectFrom('agent_workspace_builds')
    .select(['build_id', 'counted', 'reason'])
    .where('workspace_id', '=', workspace.id)
    .execute()
  expect(rows).toEqual([{ build_id: build.id, counted: false, reason: 'no_task' }])
})

test('what was never made is deleted without running anything', async () => {
  const workspace = await begin('never')
  await world.call('PATCH', `workspacebuilds/${workspace.latest_build.id}/cancel`, dev)
  await using _ = await world.worker(both(async () => Promise.reject(new Error('nothing is to be run'))))
  const deleted = await again(workspace.id, 'delete')
  expect(await world.built(dev, deleted.json.id)).toMatchObject({ status: 'deleted' })
})

test('a fault of ours fails the build and takes back what it was given', async () => {
  await using _ = await world.worker(both(async () => Promise.reject(new Error('a bug'))))
  const workspace = await begin('bug')
  const build = await world.built(dev, workspace.latest_build.id)
  expect(build).toMatchObject({ status: 'failed' })
  expect(build.job.error).not.toContain('a bug')
})

test('each job and transition is one status, and the queries know it by the same table', () => {
  for (const job of ProvisionerJob.shape.status.options) {
    for (const transition of WorkspaceTransition.options) {
      const status = statusOf(job, transition)
      const names = WorkspaceStatus.options.filter((one) => stagesOf(one).includes(`${job}/${transition}`))
      expect(names).toEqual([status])
    }
  }
})
