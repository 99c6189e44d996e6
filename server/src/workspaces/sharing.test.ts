import { afterAll, beforeAll, expect, test } from 'vitest'
import { builderOf, goodBuild, scriptedTemplate } from './testing-scripted.ts'
import { pruneStates } from './state-queries.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

let world: WorkspaceWorld
let worker: AsyncDisposable
let owner: string
let admin: string
let mira: string
let erik: string
let id: string
let buildId: string
let erikId: string

beforeAll(async () => {
  world = await workspaceWorld()
  owner = await world.identity.owner()
  admin = await world.identity.person('tess', 'template-admin')
  mira = await world.identity.person('mira')
  erik = await world.identity.person('erik')
  worker = await world.worker(
    builderOf(async ({ state }) => ({ ...goodBuild, state: Buffer.from(state ?? goodBuild.state!) })),
  )
  erikId = (await world.call('GET', 'users/me', erik)).json.id
  const template_id = await scriptedTemplate(world, admin, 'shared')
  const made = await world.call('POST', 'users/me/workspaces', mira, { name: 'ours', template_id })
  ;({ id } = made.json)
  buildId = made.json.latest_build.id
  await world.built(mira, buildId)
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

const share = (token: string, body: object) => world.call('PATCH', `workspaces/${id}/acl`, token, body)
const listed = async (q: string) => (await world.call('GET', `workspaces?q=${q}`, erik)).json.count

test('a workspace is seen by nobody that it is not shared with, and used by those that it is', async () => {
  expect((await world.call('GET', `workspaces/${id}`, erik)).status).toBe(404)
  expect((await share(erik, { user_roles: { [erikId]: 'admin' } })).status).toBe(404)
  expect(await listed('')).toBe(0)
  const shared = await share(mira, { user_roles: { [erikId]: 'use' } })
  expect(shared.json).toMatchObject({ users: [{ username: 'erik', role: 'use' }], group: [] })
  expect((await world.call('GET', `workspaces/${id}`, erik)).status).toBe(200)
  expect(await listed('shared:true')).toBe(1)
  expect(await listed('shared:false')).toBe(0)
  expect((await world.call('POST', `workspaces/${id}/usage`, erik, {})).status).toBe(204)
  // Using is neither changing nor sharing.
  expect((await world.call('PATCH', `workspaces/${id}`, erik, { name: 'mine' })).status).toBe(403)
  expect((await world.call('POST', `workspaces/${id}/builds`, erik, { transition: 'stop' })).status).toBe(403)
  expect((await share(erik, { user_roles: {} })).status).toBe(403)
})

test('by a group as well; who administers it starts and stops it, and neither shares nor deletes it', async () => {
  const group = (await world.call('POST', 'organizations/default/groups', owner, { name: 'pair' })).json.id
  await world.call('PATCH', `groups/${group}`, owner, { add_users: [erikId] })
  await share(mira, { user_roles: { [erikId]: '' }, group_roles: { [group]: 'admin' } })
  const stop = await world.call('POST', `workspaces/${id}/builds`, erik, { transition: 'stop' })
  expect(stop.status).toBe(201)
  await world.built(mira, stop.json.id)
  expect((await share(erik, { user_roles: {} })).status).toBe(403)
  expect((await world.call('POST', `workspaces/${id}/builds`, erik, { transition: 'delete' })).status).toBe(403)
  await world.call('PATCH', `groups/${group}`, owner, { remove_users: [erikId] })
  expect((await world.call('GET', `workspaces/${id}`, erik)).status).toBe(404)
})

test('what is nobody’s is refused, and what was shared can be taken back at once', async () => {
  expect((await share(mira, { user_roles: { '0197c0de-0000-7000-8000-000000000001': 'use' } })).status).toBe(400)
  await share(mira, { user_roles: { [erikId]: 'use' } })
  expect((await world.call('DELETE', `workspaces/${id}/acl`, mira)).status).toBe(204)
  expect((await world.call('GET', `workspaces/${id}`, erik)).status).toBe(404)
  const audit = await world.identity.audit()
  expect(audit.filter(({ diff }) => Object(diff).access_list !== undefined).length).toBeGreaterThan(3)
})

test('favourites are one’s own, and a workspace is found by what holds for it', async () => {
  await share(mira, { user_roles: { [erikId]: 'use' } })
  expect((await world.call('PUT', `workspaces/${id}/favorite`, erik)).status).toBe(204)
  expect((await world.call('GET', `workspaces/${id}`, erik)).json.favorite).toBe(true)
  expect((await world.call('GET', `workspaces/${id}`, mira)).json.favorite).toBe(false)
  expect((await world.call('DELETE', `workspaces/${id}/favorite`, erik)).status).toBe(204)
  expect(await listed('dormant:true')).toBe(0)
  expect(await listed('outdated:false')).toBe(1)
  expect((await world.call('GET', 'workspaces?q=dormant:maybe', erik)).status).toBe(400)
})

test('a state is put in place by who may change the template, on record; old ones go, and the last good one stays', async () => {
  const state = Buffer.from(JSON.stringify({ version: 4, serial: 41, resources: [] })).toString('base64')
  const latest = (await world.call('GET', `workspaces/${id}`, mira)).json.latest_build.id
  const put = (token: string, build: string, text: string) =>
    world.call('PUT', `workspacebuilds/${build}/state`, token, { state: text })
  expect((await put(mira, latest, state)).status).toBe(403)
  expect((await put(admin, latest, 'bm9uc2Vuc2U=')).status).toBe(400)
  expect((await put(admin, buildId, state)).status).toBe(409)
  expect((await put(admin, latest, state)).status).toBe(204)
  const next = await world.call('POST', `workspaces/${id}/builds`, mira, { transition: 'start' })
  await world.built(mira, next.json.id)
  expect((await world.call('GET', `workspacebuilds/${next.json.id}/state`, admin)).json.serial).toBe(41)
  expect((await world.identity.audit()).map(({ action }) => action)).toContain('write_state')

  const begin = (token: string, text: string) =>
    world.call('POST', `workspaces/${id}/builds`, token, { transition: 'start', state: text })
  expect((await begin(mira, state)).status).toBe(403)
  for (let count = 0; count < 10; count++) {
    const build = await world.call('POST', `workspaces/${id}/builds`, mira, { transition: 'start' })
    await world.built(mira, build.json.id)
  }
  const { sql: db } = world.identity.db
  const kept = () =>
    db
      .selectFrom('workspace_states as s')
      .innerJoin('workspace_builds as b', 'b.id', 's.build_id')
      .innerJoin('provisioner_jobs as j', 'j.id', 'b.job_id')
      .select(['b.number', 'j.id as job_id'])
      .where('b.workspace_id', '=', id)
      .orderBy('b.number')
      .execute()
  const rows = await kept()
  expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  // All but the second failed.
  const failed = rows.filter(({ number }) => number > 2).map(({ job_id }) => job_id)
  await db.updateTable('provisioner_jobs').set({ error: 'failed' }).where('id', 'in', failed).execute()
  await pruneStates(db)
  expect((await kept()).map(({ number }) => number)).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
})
