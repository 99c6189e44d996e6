import { systemClock } from '@reeve/base'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import { requireCoder } from '../provisioning/testing-provisioner.ts'
import { type WorkspaceWorld, workspaceWorld } from './testing.ts'

/** Workspaces made, started, stopped and deleted by the real Terraform. */

let world: WorkspaceWorld
let worker: AsyncDisposable
let owner: string
let dev: string
let admin: string

beforeAll(async () => {
  world = await workspaceWorld()
  worker = await world.worker(world.provisioner)
  owner = await world.identity.owner()
  dev = await world.identity.person('dev')
  admin = await world.identity.person('tess', 'template-admin')
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

const noTerraform = whyNoTerraform('workspaces')
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
})

const source = `${requireCoder}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}
data "coder_parameter" "region" {
  name    = "region"
  default = "north"
}
data "coder_parameter" "size" {
  name    = "size"
  type    = "number"
  default = 2
  mutable = true
  validation {
    min = 1
    max = 8
  }
}
data "coder_parameter" "once" {
  name      = "once"
  default   = "no"
  mutable   = true
  ephemeral = true
}
resource "coder_agent" "main" {
  count = data.coder_workspace.me.start_count
  os    = "linux"
  arch  = "amd64"
  env   = { HUSH = "agent-secret" }
}
resource "terraform_data" "disk" {
  input = data.coder_parameter.region.value
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = [coder_agent.main[0].token, data.coder_workspace_owner.me.session_token, data.coder_parameter.size.value]
}
resource "coder_metadata" "machine" {
  count       = data.coder_workspace.me.start_count
  resource_id = terraform_data.machine[0].id
  daily_cost  = 7
  item {
    key   = "size"
    value = data.coder_parameter.size.value
  }
  item {
    key       = "key"
    value     = "hush"
    sensitive = true
  }
}
`
const { call, template, built } = {
  call: (...given: Parameters<WorkspaceWorld['call']>) => world.call(...given),
  template: (...given: Parameters<WorkspaceWorld['template']>) => world.template(...given),
  built: (...given: Parameters<WorkspaceWorld['built']>) => world.built(...given),
}

async function make(name: string, templateId: string, more: object = {}) {
  const made = await call('POST', 'users/me/workspaces', dev, { name, template_id: templateId, ...more })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  return { ...made.json, build: await built(dev, made.json.latest_build.id) }
}

async function next(workspaceId: string, body: object, token = dev) {
  const made = await call('POST', `workspaces/${workspaceId}/builds`, token, body)
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  return built(token, made.json.id)
}

const tokensOf = async (workspaceId: string) => {
  const { sql: db } = world.identity.db
  const keys = await db
    .selectFrom('api_keys')
    .select(['scopes', 'expires_at'])
    .where('workspace_id', '=', workspaceId)
    .execute()
  return keys.filter(({ expires_at: at }) => at > systemClock.now())
}

const liveAgents = async () =>
  world.identity.db.sql
    .selectFrom('workspace_agents')
    .select(['name', 'sealed_plan'])
    .where('token_sha256', 'is not', null)
    .execute()

test('a workspace is made, stopped, started again and deleted, each time on from the state before', async () => {
  const { id: templateId } = await template(admin, 'whole', source)
  const workspace = await make('harbour', templateId, { rich_parameter_values: [{ name: 'size', value: '4' }] })
  expect(workspace.build, workspace.build.job.error).toMatchObject({
    build_number: 1,
    status: 'running',
    daily_cost: 7,
  })
  const params = await call('GET', `workspacebuilds/${workspace.build.id}/parameters`, dev)
  expect(params.json).toEqual([
    { name: 'once', value: 'no' },
    { name: 'region', value: 'north' },
    { name: 'size', value: '4' },
  ])
  const { json: resources } = await call('GET', `workspacebuilds/${workspace.build.id}/resources`, dev)
  expect(resources).toMatchObject([
    { address: 'terraform_data.disk', agents: [] },
    {
      address: 'terraform_data.machine[0]',
      daily_cost: 7,
      metadata: [{ value: '4' }, { key: 'key', value: '', sensitive: true }],
      agents: [{ name: 'main', operating_system: 'linux' }],
    },
  ])
  const [agent, ...others] = await liveAgents()
  expect(others).toEqual([])
  expect(agent?.sealed_plan).not.toContain('agent-secret')
  expect(await tokensOf(workspace.id)).toMatchObject([{ scopes: ['gateway'] }])
  const log = await call('GET', `workspacebuilds/${workspace.build.id}/logs`, dev)
  expect(log.json.map(({ stage }: { stage: string }) => stage)).toContain('apply')
  const timings = await call('GET', `workspacebuilds/${workspace.build.id}/timings`, dev)
  expect(timings.json.provisioner_timings.length).toBeGreaterThan(2)

  const stopped = await next(workspace.id, { transition: 'stop' })
  expect(stopped, stopped.job.error).toMatchObject({ build_number: 2, status: 'stopped', daily_cost: 0 })
  const left = await call('GET', `workspacebuilds/${stopped.id}/resources`, dev)
  expect(left.json).toMatchObject([{ address: 'terraform_data.disk' }])
  expect(await tokensOf(workspace.id)).toEqual([])
  expect(await liveAgents()).toEqual([])

  const disk = async (buildId: string) => {
    const { json } = await call('GET', `workspacebuilds/${buildId}/state`, admin)
    return json.resources.find(({ name }: { name: string }) => name === 'disk').instances[0].attributes.id
  }
  const again = await next(workspace.id, { transition: 'start' })
  expect(again, again.job.error).toMatchObject({ build_number: 3, status: 'running' })
  expect(await disk(again.id)).toBe(await disk(workspace.build.id))
  expect((await call('GET', `workspacebuilds/${again.id}/parameters`, dev)).json).toContainEqual({
    name: 'size',
    value: '4',
  })

  const deleted = await next(workspace.id, { transition: 'delete' })
  expect(deleted, deleted.job.error).toMatchObject({ status: 'deleted' })
  expect((await call('GET', `workspaces/${workspace.id}`, dev)).status).toBe(404)
  expect((await call('GET', `workspacebuilds/${deleted.id}`, dev)).status).toBe(200)
  expect(await tokensOf(workspace.id)).toEqual([])
  const verbs = (await world.identity.audit())
    .filter(({ resource_target: target }) => target.startsWith('harbour'))
    .map(({ action, resource_type: type }) => `${action} ${type}`)
  expect(verbs).toEqual([
    'create workspace',
    'start workspace_build',
    'stop workspace_build',
    'start workspace_build',
    'read_state workspace_build',
    'read_state workspace_build',
    'delete workspace_build',
    'delete workspace',
  ])
})

test('the state is sealed where it is kept, and told to nobody who may not change the template', async () => {
  const { id: templateId } = await template(admin, 'sealed', source)
  const { build } = await make('sealed', templateId)
  const kept = await world.identity.db.sql
    .selectFrom('workspace_states')
    .select('sealed_state')
    .where('build_id', '=', build.id)
    .executeTakeFirstOrThrow()
  expect(kept.sealed_state).not.toContain('terraform_data')
  expect((await call('GET', `workspacebuilds/${build.id}/state`, dev)).status).toBe(403)
  const stranger = await world.identity.person('stranger')
  expect((await call('GET', `workspacebuilds/${build.id}/state`, stranger)).status).toBe(404)
  const taken = await call('GET', `workspacebuilds/${build.id}/state`, admin)
  expect(taken.json.version).toBe(4)
})

test('what an apply made before it failed is in the state, and a delete takes it away', async () => {
  const failing = `${requireCoder}
    resource "terraform_data" "first" { input = "made" }
    resource "terraform_data" "second" {
      input = terraform_data.first.id
      provisioner "local-exec" { command = "exit 3" }
    }`
  const { id: templateId } = await template(admin, 'failing', failing)
  const workspace = await make('half', templateId)
  expect(workspace.build).toMatchObject({ status: 'failed', job: { status: 'failed' } })
  const state = await call('GET', `workspacebuilds/${workspace.build.id}/state`, admin)
  expect(state.json.resources.map(({ name }: { name: string }) => name)).toContain('first')
  expect(await next(workspace.id, { transition: 'delete' })).toMatchObject({ status: 'deleted' })
})

test('an immutable value stays, an ephemeral one is for one build, and a bad one is refused by the plan', async () => {
  const { id: templateId } = await template(admin, 'values', source)
  const value = (name: string, text: string) => ({ rich_parameter_values: [{ name, value: text }] })
  const unknown = await call('POST', 'users/me/workspaces', dev, {
    name: 'unknown',
    template_id: templateId,
    ...value('nothing', 'x'),
  })
  expect(unknown.status).toBe(400)
  const bad = await make('bad', templateId, value('size', '99'))
  expect(bad.build).toMatchObject({ status: 'failed' })
  const workspace = await make('values', templateId, value('once', 'yes'))
  const at = `workspaces/${workspace.id}/builds`
  const changed = await call('POST', at, dev, { transition: 'start', ...value('region', 'south') })
  expect(changed.status).toBe(400)
  expect(JSON.stringify(changed.json)).toContain('cannot be changed')
  const again = await next(workspace.id, { transition: 'start', ...value('size', '3') })
  expect((await call('GET', `workspacebuilds/${again.id}/parameters`, dev)).json).toEqual([
    { name: 'once', value: 'no' },
    { name: 'region', value: 'north' },
    { name: 'size', value: '3' },
  ])
})

test('a list shows what one may see, narrowed by owner, template, name and status, page by page', async () => {
  const { id: templateId } = await template(admin, 'listed', requireCoder)
  for (const name of ['one', 'two', 'three']) await make(name, templateId)
  const names = async (query: string, token = dev) => {
    const { status, json } = await call('GET', `workspaces?${query}`, token)
    return status === 200 ? json.workspaces.map((row: { name: string }) => row.name) : status
  }
  const q = (text: string) => `q=${encodeURIComponent(text)}`
  expect(await names(q('owner:me template:listed'))).toEqual(['three', 'two', 'one'])
  expect(await names(q('template:listed name:one,two status:running'))).toEqual(['two', 'one'])
  expect(await names(q('template:listed status:stopped'))).toEqual([])
  expect(await names(q('template:listed thr'))).toEqual(['three'])
  expect(await names(q('size:1'))).toBe(400)
  expect(await names(q('status:nowhere'))).toBe(400)
  const page = await call('GET', `workspaces?${q('template:listed')}&limit=2`, dev)
  expect(page.json.count).toBe(3)
  const rest = await names(`${q('template:listed')}&limit=2&after_id=${page.json.workspaces[1].id}`)
  expect(rest).toEqual(['one'])
  const other = await world.identity.person('other')
  expect(await names(q('template:listed'), other)).toEqual([])
  expect(await names(q('template:listed'), owner)).toHaveLength(3)
  expect((await call('GET', 'users/dev/workspace/one', owner)).json).toMatchObject({ owner_name: 'dev', name: 'one' })
  expect((await call('GET', 'users/dev/workspace/one', other)).status).toBe(404)
})

test('a name is taken once by a person and fits everywhere, and its template stays while it is there', async () => {
  const { id: templateId } = await template(admin, 'named', requireCoder)
  const workspace = await make('taken', templateId)
  const again = (name: string) => call('POST', 'users/me/workspaces', dev, { name, template_id: templateId })
  expect((await again('taken')).status).toBe(409)
  for (const name of ['Upper', '../up', 'a b', '', 'x'.repeat(33), '-x']) expect((await again(name)).status).toBe(400)
  expect((await call('DELETE', `templates/${templateId}`, admin)).status).toBe(409)
  await next(workspace.id, { transition: 'delete' })
  expect((await again('taken')).status).toBe(201)
})

test('a template that is deprecated, closed or of another version is not started by who may not', async () => {
  const made = await template(admin, 'strict', requireCoder, { require_active_version: true })
  const workspace = await make('strict', made.id)
  const v2 = await world.version(admin, requireCoder, { template_id: made.id })
  const at = `workspaces/${workspace.id}/builds`
  const other = { transition: 'start', template_version_id: v2.id }
  expect((await call('POST', at, dev, other)).status).toBe(403)
  await call('PATCH', `templates/${made.id}/versions`, admin, { id: v2.id })
  expect((await call('GET', `workspaces/${workspace.id}`, dev)).json.outdated).toBe(true)
  expect(await next(workspace.id, { transition: 'start' })).toMatchObject({ template_version_id: v2.id })
  await call('PATCH', `templates/${made.id}`, admin, { deprecation_message: 'use another one' })
  const more = await call('POST', 'users/me/workspaces', dev, { name: 'more', template_id: made.id })
  expect(more.status).toBe(409)
  expect(more.json.message).toContain('use another one')
})

test('what a workspace is made of is left behind by who may change its template, and by nobody else', async () => {
  const { id: templateId } = await template(owner, 'orphaned', source)
  const workspace = await make('orphaned', templateId)
  const orphan = { transition: 'delete', orphan: true }
  expect((await call('POST', `workspaces/${workspace.id}/builds`, dev, orphan)).status).toBe(403)
  const { build } = { build: await next(workspace.id, orphan, owner) }
  expect(build).toMatchObject({ status: 'deleted' })
  expect((await call('GET', `workspacebuilds/${build.id}/logs`, owner)).json).toEqual([])
})
