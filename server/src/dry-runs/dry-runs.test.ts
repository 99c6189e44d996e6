import { silentLog, systemClock } from '@reeve/base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import type { TestIdentity } from '../identity/testing.ts'
import { startWorker } from '../jobs/worker.ts'
import { closedHost } from '../provisioning/testing.ts'
import { requireCoder, testProvisioner } from '../provisioning/testing-provisioner.ts'
import { importHandler } from '../templates/import.ts'
import { templateRoutes } from '../templates/routes.ts'
import { tarOf, testRoom } from '../templates/testing.ts'
import { importJob } from '../templates/versions.ts'
import { dryRunHandler, dryRunJob, formJob } from './jobs.ts'
import { dryRunRoutes } from './routes.ts'

const undo = new AsyncDisposableStack()
let identity: TestIdentity
let admin: string
let dev: string

beforeAll(async () => {
  const world = await testRoom(undo, (room) => [...templateRoutes(room), ...dryRunRoutes(room)])
  identity = world.identity
  const { provisioner } = undo.use(await testProvisioner())
  const { db, keyring } = identity
  const common = { db, keyring, accessUrl: 'https://reeve.test', host: closedHost }
  const dryRuns = dryRunHandler({ ...common, planner: provisioner })
  const handlers = {
    [importJob]: importHandler({ ...common, importer: provisioner }),
    [dryRunJob]: dryRuns,
    [formJob]: dryRuns,
  }
  const times = { count: 2, name: 'test', forceAfterMs: 60_000, leaseMs: 60_000, clock: systemClock, log: silentLog }
  undo.use(startWorker({ db, notices: world.notices, handlers, ...times }))
  await identity.owner()
  admin = await identity.person('tess', 'template-admin')
  dev = await identity.person('dev')
})
afterAll(() => undo.disposeAsync())

const call = (method: string, path: string, token: string, body?: unknown) =>
  identity.call(method, `/api/v2/${path}`, { token, ...(body === undefined ? {} : { body }) })

async function ended(path: string, token: string) {
  for (const deadline = performance.now() + 150_000; ;) {
    const { json } = await call('GET', path, token)
    if ((json.job ?? json).completed_at !== null || performance.now() > deadline) return json
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function version(source: string) {
  const response = await fetch(`${identity.url}/api/v2/files`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Reeve-Session-Token': admin },
    body: new Uint8Array(await tarOf({ 'main.tf': source })),
  })
  // SAFETY: tests look at what comes.
  const { hash } = (await response.json()) as { hash: string }
  const made = await call('POST', 'organizations/default/templateversions', admin, { file_id: hash })
  return ended(`templateversions/${made.json.id}`, admin)
}

async function template(name: string, source: string) {
  const made = await version(source)
  expect(made.job).toMatchObject({ error: null })
  const body = { name, template_version_id: made.id }
  expect((await call('POST', 'organizations/default/templates', admin, body)).status).toBe(201)
  return made
}

const regions = `${requireCoder}
  locals {
    zones = { north = ["n1", "n2"], south = ["s1"] }
  }
  data "coder_workspace" "me" {}
  data "coder_workspace_owner" "me" {}
  data "coder_parameter" "region" {
    name    = "region"
    default = "north"
    order   = 1
    dynamic "option" {
      for_each = keys(local.zones)
      content {
        name  = upper(option.value)
        value = option.value
      }
    }
  }
  data "coder_parameter" "zone" {
    name    = "zone"
    default = local.zones[data.coder_parameter.region.value][0]
    order   = 2
    styling = jsonencode({ placeholder = "a zone", nonsense = 1 })
    dynamic "option" {
      for_each = local.zones[data.coder_parameter.region.value]
      content {
        name  = option.value
        value = option.value
      }
    }
  }
  data "coder_parameter" "reason" {
    count = data.coder_parameter.region.value == "south" ? 1 : 0
    name  = "reason"
    order = 3
  }
  variable "size" {
    default = "small"
  }
  resource "coder_agent" "main" {
    os   = "linux"
    arch = "amd64"
  }
  resource "terraform_data" "machine" {
    count = data.coder_workspace.me.start_count
    input = "\${coder_agent.main.token} \${data.coder_parameter.zone.value} \${var.size}"
    lifecycle {
      precondition {
        condition     = var.size != "huge"
        error_message = "nothing is that large"
      }
    }
  }
`

describe.skipIf(whyNoTerraform('plans of versions') !== null)('a version', () => {
  test('is planned without a workspace, and says what it would make', async () => {
    const { id, dynamic_parameters: isDynamic } = await template('planned', regions)
    expect(isDynamic).toBe(true)
    const started = await call('POST', `templateversions/${id}/dry-run`, dev, {
      workspace_name: 'atlas',
      rich_parameter_values: [{ name: 'zone', value: 'n2' }],
    })
    expect(started.status).toBe(201)
    expect(started.json).toMatchObject({ type: 'template_version_dry_run' })
    const path = `templateversions/${id}/dry-run/${started.json.id}`
    expect(await ended(path, dev)).toMatchObject({ status: 'succeeded', error: null })
    const { json: resources } = await call('GET', `${path}/resources`, dev)
    expect(resources).toMatchObject([{ address: 'terraform_data.machine[0]', agents: [{ name: 'main' }] }])
    const { json: lines } = await call('GET', `${path}/logs`, dev)
    expect(lines.map(({ stage }: { stage: string }) => stage)).toContain('plan')
    expect((await call('PATCH', `${path}/cancel`, dev)).status).toBe(409)
  })

  test('is planned with values that fail, and the plan says which', async () => {
    const { id } = await template('refusing', regions)
    const run = async (body: object) => {
      const { json } = await call('POST', `templateversions/${id}/dry-run`, admin, body)
      return ended(`templateversions/${id}/dry-run/${json.id}`, admin)
    }
    const wrong = await run({ rich_parameter_values: [{ name: 'zone', value: 'x9' }] })
    expect(wrong).toMatchObject({ status: 'failed', error: expect.stringContaining('zone') })
    const missing = await run({ rich_parameter_values: [{ name: 'region', value: 'south' }] })
    expect(missing).toMatchObject({ status: 'failed', error: 'no value was given for the parameter reason' })
    const huge = await run({ user_variable_values: [{ name: 'size', value: 'huge' }] })
    expect(huge).toMatchObject({ status: 'failed', error: expect.stringContaining('precondition') })
  })

  test('has its variables set by those alone who may change the template', async () => {
    const { id } = await template('variables', regions)
    const body = { user_variable_values: [{ name: 'size', value: 'large' }] }
    expect((await call('POST', `templateversions/${id}/dry-run`, dev, body)).status).toBe(403)
  })

  test('shows a dry run to nobody but who began it and who may change the template', async () => {
    const { id } = await template('private', regions)
    const { json } = await call('POST', `templateversions/${id}/dry-run`, dev, {})
    const path = `templateversions/${id}/dry-run/${json.id}`
    const eve = await identity.person('eve')
    expect((await call('GET', path, eve)).status).toBe(404)
    expect((await call('GET', `${path}/logs`, eve)).status).toBe(404)
    expect((await call('GET', path, admin)).status).toBe(200)
    await ended(path, dev)
  })

  test('that was not imported cannot be planned', async () => {
    const broken = await version('resource "nothing" {')
    expect((await call('POST', `templateversions/${broken.id}/dry-run`, admin, {})).status).toBe(409)
  })
})

describe.skipIf(whyNoTerraform('forms that depend on their values') !== null)('the form of a version', () => {
  const ask = async (id: string, inputs: object) => {
    const path = `templateversions/${id}/dynamic-parameters/evaluate`
    const { status, json } = await call('POST', path, dev, { id: 7, inputs })
    expect(status).toBe(200)
    return json
  }
  const fields = (json: { parameters: { name: string; options: { value: { value: string } }[] }[] }) =>
    Object.fromEntries(json.parameters.map(({ name, options }) => [name, options.map(({ value }) => value.value)]))

  test('offers what goes with the values that are in it', async () => {
    const { id } = await template('form', regions)
    const first = await ask(id, {})
    expect(first).toMatchObject({ id: 7, diagnostics: [] })
    expect(fields(first)).toEqual({ region: ['north', 'south'], zone: ['n1', 'n2'] })
    expect(first.parameters[1]).toMatchObject({
      styling: { placeholder: 'a zone' },
      value: { value: 'n1', valid: true },
    })
    const second = await ask(id, { region: 'south' })
    expect(fields(second)).toEqual({ region: ['north', 'south'], zone: ['s1'], reason: [] })
    expect(second.parameters[2]).toMatchObject({
      name: 'reason',
      required: true,
      value: { value: '', valid: false },
      diagnostics: [{ extra: { code: 'required' } }],
    })
  })

  test('says of a value that does not go any more what is wrong with it, and goes on with another', async () => {
    const { id } = await template('changed', regions)
    const json = await ask(id, { region: 'south', zone: 'n2', reason: 'because' })
    expect(json.diagnostics).toEqual([])
    expect(json.parameters[1]).toMatchObject({
      name: 'zone',
      value: { value: 's1', valid: false },
      diagnostics: [{ severity: 'error', summary: expect.stringContaining('"n2"'), extra: { code: 'invalid_value' } }],
    })
    expect(json.parameters[2]).toMatchObject({ value: { value: 'because', valid: true }, diagnostics: [] })
  })

  test('tells what keeps it from being made', async () => {
    const { id } = await template(
      'failing',
      regions.replace('!= "huge"', '!= "huge" && data.coder_parameter.zone.value != "n2"'),
    )
    const json = await ask(id, { zone: 'n2' })
    expect(json).toMatchObject({ parameters: [], diagnostics: [{ summary: 'Resource precondition failed' }] })
  })

  test('leaves no job behind, and none that anybody else could look into', async () => {
    const { id } = await template('clean', regions)
    await ask(id, {})
    const jobs = await identity.db.sql.selectFrom('provisioner_jobs').select('id').where('type', '=', formJob).execute()
    expect(jobs).toEqual([])
    expect(
      await identity.db.sql
        .selectFrom('provisioner_job_lines')
        .innerJoin('provisioner_jobs as j', 'j.id', 'job_id')
        .where('j.type', '=', formJob)
        .select('seq')
        .execute(),
    ).toEqual([])
  })

  test('is for somebody else only for those who may make a workspace for them', async () => {
    const { id } = await template('theirs', regions)
    const { json } = await call('GET', 'users/tess', admin)
    const path = `templateversions/${id}/dynamic-parameters/evaluate`
    expect((await call('POST', path, dev, { inputs: {}, owner_id: json.id })).status).toBe(404)
  })
})
