import { afterAll, beforeAll, expect, test } from 'vitest'
import { failure } from '../provisioning/diagnostic.ts'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { builderOf, goodBuild, scriptedTemplate } from './testing-scripted.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

let world: WorkspaceWorld
let owner: string
let dev: string
let group: string
let cheap: string
let dear: string
let planned: () => Promise<void>
let costOf: (run: BuildRun) => number
let ending: (result: BuildResult) => BuildResult
let worker: AsyncDisposable

beforeAll(async () => {
  world = await workspaceWorld()
  owner = await world.identity.owner()
  dev = await world.identity.person('dev')
  const admin = await world.identity.person('tess', 'template-admin')
  cheap = await scriptedTemplate(world, admin, 'cheap')
  dear = await scriptedTemplate(world, admin, 'dear')
  const made = await world.call('POST', 'organizations/default/groups', owner, { name: 'team' })
  group = made.json.id
  const me = (await world.call('GET', 'users/me', dev)).json.id
  expect((await world.call('PATCH', `groups/${group}`, owner, { add_users: [me] })).status).toBe(200)
  planned = async () => {}
  ending = (result) => result
  costOf = ({ context }) => (context.transition === 'stop' ? 1 : context.template.name === 'dear' ? 6 : 2)
  // As Terraform does it: plans, asks, and makes.
  const builder = builderOf(async (run) => {
    await planned()
    const dailyCost = costOf(run)
    const refused = (await run.approve?.({ resources: [], dailyCost })) ?? null
    return refused === null ? ending({ ...goodBuild, dailyCost }) : { ...goodBuild, failure: refused }
  })
  worker = await world.worker(builder, { count: 4 })
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

async function make(name: string, template_id: string) {
  const made = await world.call('POST', 'users/me/workspaces', dev, { name, template_id })
  return { id: made.json.id as string, buildId: made.json.latest_build.id as string }
}
const allow = (quota_allowance: number) => world.call('PATCH', `groups/${group}`, owner, { quota_allowance })
const quota = async () => (await world.call('GET', 'workspace-quota/me', dev)).json
const build = async (id: string, transition: string) => {
  const made = await world.call('POST', `workspaces/${id}/builds`, dev, { transition })
  return world.built(dev, made.json.id)
}

test('until a group allows something nobody counts; from then on a build that costs more is refused with numbers', async () => {
  const first = await make('first', dear)
  expect(await world.built(dev, first.buildId)).toMatchObject({ status: 'running', daily_cost: 6 })
  expect(await quota()).toEqual({ budget: -1, credits_consumed: 6 })
  await allow(10)
  expect(await quota()).toEqual({ budget: 10, credits_consumed: 6 })
  const second = await make('second', dear)
  const refused = await world.built(dev, second.buildId)
  expect(refused).toMatchObject({ status: 'failed', daily_cost: 0, job: { error_code: 'INSUFFICIENT_QUOTA' } })
  expect(refused.job.error).toMatch(/would cost 6 credits .* cost 6 of the 10 .* 4 are left/)

  // What stops costs less, and that it was more than allowed before keeps nobody from it.
  await allow(3)
  expect(await build(first.id, 'start')).toMatchObject({ status: 'running', daily_cost: 6 })
  expect(await build(first.id, 'stop')).toMatchObject({ status: 'stopped', daily_cost: 1 })
  expect(await build(first.id, 'start')).toMatchObject({ status: 'failed', daily_cost: 1 })
  expect(await quota()).toEqual({ budget: 3, credits_consumed: 1 })
  expect(await build(first.id, 'delete')).toMatchObject({ status: 'deleted' })
  expect(await quota()).toEqual({ budget: 3, credits_consumed: 0 })
})

test('of builds that ask at once only as many pass as there is for', async () => {
  await allow(5)
  const all = Promise.withResolvers<void>()
  let asking = 0
  planned = async () => {
    asking += 1
    if (asking === 4) all.resolve()
    await all.promise
  }
  const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => make(`race-${name}`, cheap)))
  const ended = await Promise.all(made.map(({ buildId }) => world.built(dev, buildId)))
  planned = async () => {}
  expect(ended.map(({ status }) => status).toSorted()).toEqual(['failed', 'failed', 'running', 'running'])
  expect(await quota()).toEqual({ budget: 5, credits_consumed: 4 })
})

test('a build that fails after it was allowed still counts: what it made is there', async () => {
  await allow(100)
  const made = await make('half', cheap)
  await world.built(dev, made.buildId)
  const before = await quota()
  costOf = () => 7
  ending = (result) => ({ ...result, failure: failure('half-way') })
  expect(await build(made.id, 'start')).toMatchObject({ status: 'failed', daily_cost: 7 })
  expect((await quota()).credits_consumed).toBe(before.credits_consumed + 5)
})
