import { randomBytes } from 'node:crypto'
import { uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builderOf, goodBuild, scriptedTemplate } from './testing-scripted.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

const undo = new AsyncDisposableStack()
let world: WorkspaceWorld
let dev: string
let templateId: string

beforeAll(async () => {
  world = undo.use(await workspaceWorld())
  await world.identity.owner()
  dev = await world.identity.person('dev')
  const admin = await world.identity.person('tess', 'template-admin')
  undo.use(await world.worker(builderOf(async () => goodBuild)))
  templateId = await scriptedTemplate(world, admin, 'plain')
})
afterAll(() => undo.disposeAsync())

async function started(name: string) {
  const { json } = await world.call('POST', 'users/me/workspaces', dev, { name, template_id: templateId })
  await world.built(dev, json.latest_build.id)
  // SAFETY: tests look at what comes.
  return json as { id: string; latest_build: { id: string } }
}

/** An agent of this build, whose app said these, one after the other. */
async function agentThatSaid(buildId: string, messages: readonly string[]): Promise<string> {
  const { sql: db } = world.identity.db
  const now = new Date()
  const [resourceId, id] = [uuidv7(now), uuidv7(now)]
  const resource = { id: resourceId, build_id: buildId, address: 'a.b', type: 'a', name: 'b', hide: false, icon: '' }
  await db
    .insertInto('workspace_resources')
    .values({ ...resource, daily_cost: 0, metadata: '[]' })
    .execute()
  const about = { id, resource_id: resourceId, name: 'main', os: 'linux', arch: 'amd64', directory: '', apps: '[]' }
  await db
    .insertInto('workspace_agents')
    .values({
      ...about,
      auth: 'token',
      sealed_plan: '',
      created_at: now,
      connection_timeout_seconds: 120,
      token_sha256: randomBytes(32),
      app_status: JSON.stringify({ state: 'working' }),
    })
    .execute()
  for (const message of messages) {
    const said = { id: uuidv7(now), agent_id: id, app_slug: 'chat', state: 'working', message, uri: '' }
    await db
      .insertInto('workspace_app_statuses')
      .values({ ...said, created_at: now })
      .execute()
  }
  return id
}

test('a workspace shows what was said in it last, and shows it on after a stop', async () => {
  const quiet = await started('quiet')
  const { id, latest_build: first } = await started('busy')
  await agentThatSaid(first.id, ['reads', 'writes'])
  const other = await agentThatSaid(first.id, ['tests'])
  const listed = await world.call('GET', 'workspaces', dev)
  const lastOf = (wanted: string) =>
    listed.json.workspaces.find((workspace: { id: string }) => workspace.id === wanted).latest_app_status
  expect(lastOf(quiet.id)).toBeNull()
  const last = { workspace_id: id, agent_id: other, app_slug: 'chat', state: 'working', message: 'tests', uri: '' }
  expect(lastOf(id)).toMatchObject(last)

  const { json: stop } = await world.call('POST', `workspaces/${id}/builds`, dev, { transition: 'stop' })
  await world.built(dev, stop.id)
  expect((await world.call('GET', `workspaces/${id}`, dev)).json.latest_app_status).toMatchObject(last)
})
