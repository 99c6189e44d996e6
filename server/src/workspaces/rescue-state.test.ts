import { recordingLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BuildResult, BuildRun } from '../provisioning/run.ts'
import { keepState } from './build-queries.ts'
import { rescueState } from './rescue-state.ts'
import { sealState } from './state.ts'
import { builderOf, goodBuild, scriptedTemplate } from './testing-scripted.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

/** What becomes of a state that was found in the folder of a run whose server was killed. */

let world: WorkspaceWorld
let dev: string
let admin: string
let templateId: string

beforeAll(async () => {
  world = await workspaceWorld()
  await world.identity.owner()
  dev = await world.identity.person('dev')
  admin = await world.identity.person('tess', 'template-admin')
  templateId = await scriptedTemplate(world, admin, 'rescued')
})
afterAll(() => world?.[Symbol.asyncDispose]())

/** Each of these things has its name for an id, or the one that stands behind a colon. */
function stateOf(serial: number, things: readonly string[], lineage = 'the-lineage'): Buffer {
  const resources = things.map((thing) => {
    const [name, id = name] = thing.split(':')
    return { mode: 'managed', type: 'box', name, instances: [{ attributes: { id } }] }
  })
  const data = { mode: 'data', type: 'box', name: 'seen', instances: [{ attributes: { id: 'seen' } }] }
  return Buffer.from(JSON.stringify({ version: 4, serial, lineage, resources: [...resources, data] }))
}

/** A build that is at work in a server that nobody will hear of again, and what that has kept of its state so far. */
async function killedBuild(name: string, kept: Buffer | null) {
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<BuildResult>()
  const dying = await world.worker(
    builderOf(() => {
      begun.resolve()
      return end.promise
    }),
    { count: 1, times: { beatMs: 600_000 } },
  )
  const made = await world.call('POST', 'users/me/workspaces', dev, { name, template_id: templateId })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  const { id, latest_build: build } = made.json
  await begun.promise
  const { db, keyring } = world.identity
  if (kept !== null) await keepState(db.sql, build.id, sealState(keyring, build.id, kept), new Date())
  return {
    id,
    buildId: build.id,
    /** Its job is found to be abandoned, as when its lease is over. */
    async over() {
      await using _ = await world.worker(
        builderOf(async () => goodBuild),
        { count: 0, times: { beatMs: 50 } },
      )
      const jobs = db.sql.updateTable('provisioner_jobs').set({ lease_until: new Date(0) })
      // Once more where the one that is as good as dead was heard in between.
      const isOpen = jobs.where('id', '=', build.job.id).where('completed_at', 'is', null).returning('id')
      while ((await isOpen.execute()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
      return world.built(dev, build.id)
    },
    async [Symbol.asyncDispose]() {
      end.resolve(goodBuild)
      await dying[Symbol.asyncDispose]()
    },
  }
}

const unknownBuild = 'b0000000-0000-4000-8000-00000000dead'

async function rescue(buildId: string, state: Buffer) {
  const { db, keyring } = world.identity
  const log = recordingLog()
  const isKnown = await rescueState({ db, keyring, clock: systemClock, log }, { buildId, state })
  expect(isKnown).toBe(buildId !== unknownBuild)
  return log.lines
}

const stored = async (buildId: string) => {
  const { status, json } = await world.call('GET', `workspacebuilds/${buildId}/state`, admin)
  return status === 200 ? json : null
}
const begin = (id: string, transition: string) =>
  world.call('POST', `workspaces/${id}/builds`, dev, { transition, reason: 'cli' })

/** What a build is given to go on from. */
async function givenTo(buildId: string): Promise<string> {
  const runs: BuildRun[] = []
  await using _ = await world.worker(
    builderOf(async (run) => {
      runs.push(run)
      return { ...goodBuild, state: Buffer.from(run.state ?? '') }
    }),
  )
  await world.built(dev, buildId)
  return String(runs[0]?.state)
}

test('the newer state is kept while the job is not given up yet, stays when it is, and the next build goes on from it', async () => {
  await using killed = await killedBuild('newer', stateOf(3, ['one']))
  const found = stateOf(4, ['one', 'two'])
  const [line, ...more] = await rescue(killed.buildId, found)
  expect(more).toEqual([])
  expect(line).toMatchObject({ level: 'info', facts: { build: killed.buildId, workspace: killed.id, name: 'newer/1' } })
  expect(await killed.over()).toMatchObject({ status: 'failed' })
  expect(await stored(killed.buildId)).toMatchObject({ serial: 4 })
  const events = world.identity.db.sql.selectFrom('audit_events').select(['actor_id', 'diff', 'action'])
  expect(await events.where('resource_id', '=', killed.buildId).where('action', '=', 'write_state').execute()).toEqual([
    { actor_id: null, action: 'write_state', diff: { serial: { old: 3, new: 4, secret: false } } },
  ])
  const next = await begin(killed.id, 'delete')
  expect(await givenTo(next.json.id)).toBe(String(found))
})

test('the first state of a workspace is kept, and a later build that nobody has taken up goes on from it', async () => {
  await using killed = await killedBuild('waiting', null)
  await killed.over()
  const next = await begin(killed.id, 'stop')
  expect(next.status).toBe(201)
  const found = stateOf(1, ['one'])
  expect(await rescue(killed.buildId, found)).toMatchObject([{ level: 'info' }])
  expect(await givenTo(next.json.id)).toBe(String(found))
})

test('what is not newer changes nothing, and is not worth a word', async () => {
  await using killed = await killedBuild('older', stateOf(5, ['one']))
  expect(await rescue(killed.buildId, stateOf(5, ['other']))).toEqual([])
  expect(await rescue(killed.buildId, stateOf(4, ['other']))).toEqual([])
  expect(await stored(killed.buildId)).toMatchObject({ resources: [{ name: 'one' }, { name: 'seen' }] })
})

test('where the next build has gone on without it, a person is told what is left, and has its ids', async () => {
  await using killed = await killedBuild('late', stateOf(2, ['one', 'two:old']))
  await killed.over()
  const next = await begin(killed.id, 'start')
  await using _ = await world.worker(builderOf(async () => ({ ...goodBuild, state: stateOf(4, ['one', 'three']) })))
  expect(await world.built(dev, next.json.id)).toMatchObject({ status: 'running' })
  const lines = await rescue(killed.buildId, stateOf(9, ['one', 'two:new', 'three', 'four']))
  expect(lines).toMatchObject([
    { level: 'error', facts: { name: 'late/1', resources: ['box.two', 'box.four'], fix: expect.any(String) } },
  ])
  expect(await stored(killed.buildId)).toMatchObject({ serial: 9 })
  expect(await stored(next.json.id)).toMatchObject({ serial: 4 })
  const last = await begin(killed.id, 'stop')
  expect(await world.built(dev, last.json.id)).toMatchObject({ status: 'stopped' })
  // What came late and has nothing new needs nobody.
  expect(await rescue(killed.buildId, stateOf(10, ['one']))).toMatchObject([{ level: 'warn' }])
})

test('a workspace that was deleted meanwhile does not come back, and what it left is told', async () => {
  await using killed = await killedBuild('gone', stateOf(2, ['one']))
  await killed.over()
  const next = await begin(killed.id, 'delete')
  await using _ = await world.worker(builderOf(async () => ({ ...goodBuild, state: stateOf(3, []) })))
  await world.built(dev, next.json.id)
  const lines = await rescue(killed.buildId, stateOf(3, ['one', 'two']))
  expect(lines).toMatchObject([{ level: 'error', facts: { name: 'gone/1', resources: ['box.two'] } }])
  const { deleted_at: at } = await world.identity.db.sql
    .selectFrom('workspaces')
    .select('deleted_at')
    .where('id', '=', killed.id)
    .executeTakeFirstOrThrow()
  expect(at).not.toBe(null)
})

test('a state that somebody put there by hand stays', async () => {
  await using killed = await killedBuild('by-hand', stateOf(2, ['one']))
  await killed.over()
  const { json } = await world.call('GET', `workspaces/${killed.id}`, dev)
  expect(json.latest_build.id).toBe(killed.buildId)
  const { db, keyring } = world.identity
  const byHand = stateOf(1, ['moved'], 'another-lineage')
  await keepState(db.sql, killed.buildId, sealState(keyring, killed.buildId, byHand), new Date())
  const lines = await rescue(killed.buildId, stateOf(3, ['one', 'two']))
  expect(lines).toMatchObject([{ level: 'error', facts: { resources: ['box.one', 'box.two'] } }])
  expect(await stored(killed.buildId)).toMatchObject({ lineage: 'another-lineage' })
})

test('what is no state, or of no build of this database, is told and nothing else', async () => {
  await using killed = await killedBuild('no-state', stateOf(2, ['one']))
  expect(await rescue(killed.buildId, Buffer.from('{"serial":9}'))).toMatchObject([{ level: 'warn' }])
  expect(await rescue(unknownBuild, stateOf(9, []))).toMatchObject([{ level: 'warn' }])
  expect(await stored(killed.buildId)).toMatchObject({ serial: 2 })
})
