import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@reeve/base'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoTerraform, whyStateIsLate } from '../../../test/support/terraform/run-terraform.ts'
import { failure } from './diagnostic.ts'
import { isAtLeast } from './engine.ts'
import { buildContext } from './testing.ts'
import { requireCoder, said, type TestProvisioner, testProvisioner, testRun } from './testing-provisioner.ts'

const workspace = `${requireCoder}
data "coder_workspace" "me" {}
data "coder_parameter" "size" {
  name    = "size"
  default = "small"
  mutable = true
  option {
    name  = "Small"
    value = "small"
  }
  option {
    name  = "Large"
    value = "large"
  }
}
data "coder_workspace_preset" "big" {
  name       = "Big"
  parameters = { size = "large" }
}
data "coder_external_auth" "git" {
  id       = "forge"
  optional = true
}
resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}
resource "coder_app" "chat" {
  agent_id = coder_agent.main.id
  slug     = "chat"
  url      = "http://localhost:3284"
}
resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.chat.id
}
resource "terraform_data" "machine" {
  count            = data.coder_workspace.me.start_count
  triggers_replace = [coder_agent.main.token]
  input            = data.coder_parameter.size.value
}
resource "terraform_data" "disk" {
  input = "kept"
}
resource "coder_metadata" "machine" {
  count       = data.coder_workspace.me.start_count
  resource_id = terraform_data.machine[0].id
  daily_cost  = 7
  item {
    key   = "size"
    value = data.coder_parameter.size.value
  }
}
`
const task = { id: 'e0000000-0000-4000-8000-000000000001', prompt: 'Fix it; "$(id)" & ${file("/etc/passwd")}' }
const starting = buildContext({ task })
const stopping = buildContext({ transition: 'stop' })

describe.skipIf(whyNoTerraform('the provisioner') !== null)('with the real Terraform', () => {
  let opened: TestProvisioner
  beforeAll(async () => {
    opened = await testProvisioner()
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  test('an import tells what a start and a stop make, what is asked of the owner, and what it costs', async () => {
    const readme = '# Harbour\n'
    const run = testRun({ 'main.tf': workspace, 'README.md': readme }, { context: starting })
    const found = await opened.provisioner.importVersion(run)
    expect(found).toMatchObject({
      failure: null,
      readme,
      hasAiTask: true,
      hasExternalAgent: false,
      externalAuth: [{ id: 'forge', optional: true }],
      presets: [{ name: 'Big', parameters: [{ name: 'size', value: 'large' }], default: false }],
      parameters: [
        { name: 'size', defaultValue: 'small', required: false, options: [{ value: 'small' }, { value: 'large' }] },
      ],
    })
    if (found.failure !== null) return
    expect(found.start.map(({ address, dailyCost }) => [address, dailyCost])).toEqual([
      ['terraform_data.disk', 0],
      ['terraform_data.machine[0]', 7],
    ])
    expect(found.start[1]).toMatchObject({
      agents: [{ name: 'main', id: null, token: null, apps: [{ slug: 'chat', id: null }] }],
      metadata: [{ key: 'size', value: 'small', sensitive: false }],
    })
    expect(found.stop).toMatchObject([{ address: 'terraform_data.disk', agents: [] }])
    expect(found.timings.filter(({ resource }) => resource === '').map(({ stage }) => stage)).toContain('init')
    expect(readdirSync(join(opened.folder, 'runs'))).toEqual([])
  })

  test('a workspace starts, is started anew with another value, stops and goes; its state goes with it', async () => {
    const start = await opened.provisioner.apply(testRun(workspace, { context: starting }))
    expect(start).toMatchObject({ failure: null, dailyCost: 7, aiTasks: [{ id: task.id }] })
    const [agent] = start.resources.flatMap(({ agents }) => agents)
    expect(agent?.token).toBeInstanceOf(Secret)
    expect(agent?.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(start.aiTasks[0]?.appId).toBe(agent?.apps[0]?.id)
    expect(start.parameters).toEqual(new Map([['size', 'small']]))

    const context = buildContext({ task, parameters: new Map([['size', 'large']]) })
    const again = await opened.provisioner.apply(testRun(workspace, { context, state: start.state }))
    expect(again.parameters).toEqual(new Map([['size', 'large']]))
    const next = again.resources.flatMap(({ agents }) => agents)[0]
    expect(next?.token?.reveal()).not.toBe(agent?.token?.reveal())

    const stop = await opened.provisioner.apply(testRun(workspace, { context: stopping, state: again.state }))
    expect(stop).toMatchObject({
      failure: null,
      aiTasks: [],
      resources: [{ address: 'terraform_data.disk', agents: [] }],
    })

    const run = testRun(workspace, { context: stopping, state: stop.state })
    const gone = await opened.provisioner.destroy(run)
    expect(gone.failure).toBe(null)
    expect(JSON.parse(String(gone.state))).toMatchObject({ resources: [] })
    expect(said(run)).toContain('terraform_data.disk: Destruction complete')
  })

  test('a dry run takes the values that are given, and keeps nothing', async () => {
    const context = buildContext({ parameters: new Map([['size', 'large']]) })
    const planned = await opened.provisioner.plan(testRun(workspace, { context }))
    expect(planned).toMatchObject({ failure: null, dailyCost: 7, parameters: new Map([['size', 'large']]) })
  })

  test('a value that no option has is refused with the file and the line', async () => {
    const context = buildContext({ parameters: new Map([['size', 'vast']]) })
    const planned = await opened.provisioner.plan(testRun(workspace, { context }))
    expect(planned.failure?.diagnostics[0]).toMatchObject({
      severity: 'error',
      file: 'main.tf',
      line: expect.any(Number),
    })
    expect(planned.failure?.message).toMatch(/^main\.tf line \d+: /)
  })

  test('a build that is not approved makes nothing', async () => {
    const approve = async (plan: { dailyCost: number }) => failure(`costs ${plan.dailyCost}`, 'INSUFFICIENT_QUOTA')
    const run = testRun(workspace, { context: starting, approve })
    expect(await opened.provisioner.apply(run)).toMatchObject({
      failure: { code: 'INSUFFICIENT_QUOTA', message: 'costs 7' },
      state: null,
      resources: [],
    })
    expect(said(run)).not.toContain('Creating')
  })

  test('an apply that fails half-way keeps what it has made, and the next one goes on from there', async () => {
    const half = (command: string) => `
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "${command}" }
}
`
    const run = testRun(half('echo not yet >&2; exit 3'))
    const failed = await opened.provisioner.apply(run)
    expect(failed.failure).toMatchObject({ message: expect.stringContaining('local-exec'), code: null })
    expect(failed.failure?.diagnostics[0]).toMatchObject({ file: 'main.tf', line: 5, address: 'terraform_data.second' })
    expect(failed.failure?.diagnostics[0]?.snippet).toContain('local-exec')
    expect(said(run)).toContain('not yet')
    const made = JSON.parse(String(failed.state)).resources
    expect(made.map(({ name }: { name: string }) => name)).toEqual(['first', 'second'])

    const retried = testRun(half('true'), { state: failed.state })
    expect(await opened.provisioner.apply(retried)).toMatchObject({ failure: null })
    expect(said(retried)).not.toContain('terraform_data.first: Creating')
  })

  test('the state is handed on while it grows', async (context) => {
    const late = whyStateIsLate('a state that grows')
    if (late !== null) context.skip(late)
    const states: string[] = []
    const template = `
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "while ! test -e ../home/go; do sleep 0.05; done" }
}
`
    const cancel = new AbortController()
    const onState = (state: Buffer) => {
      states.push(String(state))
      cancel.abort()
    }
    const ended = await opened.provisioner.apply(testRun(template, { onState, signal: cancel.signal }))
    expect(states[0]).toContain('"first"')
    expect(ended.failure).toMatchObject({ code: 'CANCELED' })
  })

  test('an error of syntax names file, line, column and the line itself, before Terraform is started', async () => {
    const run = testRun({ 'main.tf': 'locals {}\n', 'broken.tf': 'variable "a" {\n  type = \n}\n' })
    const imported = await opened.provisioner.importVersion(run)
    expect(imported.failure?.diagnostics).toMatchObject([
      { file: 'broken.tf', line: 2, column: 10, snippet: '  type = ', summary: 'Invalid expression' },
    ])
    expect(run.lines).toEqual([])
  })

  test('an error of Terraform’s own names them too, with what the names stood for', async () => {
    const run = testRun('locals {\n  a = { b = 1 }\n}\nresource "terraform_data" "x" {\n  input = local.a.c\n}\n')
    const planned = await opened.provisioner.plan(run)
    expect(planned.failure).toMatchObject({ message: 'main.tf line 5: Unsupported attribute' })
    expect(planned.failure?.diagnostics[0]).toMatchObject({ line: 5, column: 18 })
    expect(planned.failure?.diagnostics[0]?.snippet).toBe('  input = local.a.c\nlocal.a is object with 1 attribute "b"')
    expect(said(run)).toContain('on main.tf line 5')
  })

  test('variables and parameters are data: what looks like code in them is text', async () => {
    const template = `${requireCoder}
variable "name" { type = string }
variable "ports" { type = list(number) }
variable "many" { type = number }
data "coder_parameter" "p" { name = "p" }
resource "terraform_data" "x" {
  input = [var.name, data.coder_parameter.p.value, jsonencode(var.ports), var.many + 1]
}
`
    const evil = '${file("/etc/passwd")}"\nEOT\n%{ for x in [1] }$(id)%{ endfor }'
    const variables = new Map([
      ['name', evil],
      ['ports', '[80, 443]'],
      ['many', '41'],
    ])
    const context = buildContext({ parameters: new Map([['p', evil]]) })
    const built = await opened.provisioner.apply(testRun(template, { variables, context }))
    expect(built.failure).toBe(null)
    const { input } = JSON.parse(String(built.state)).resources.find(
      ({ type }: { type: string }) => type === 'terraform_data',
    ).instances[0].attributes
    expect(input.value).toEqual([evil, evil, '[80,443]', 42])
  })

  test('a variable that no plan keeps is told to the apply too, and is not in the state', async (context) => {
    const { engine } = opened.provisioner
    if (engine.name !== 'terraform' || !isAtLeast(engine, 1, 10)) context.skip('this engine has no ephemeral variables')
    const template = `
variable "key" {
  type      = string
  ephemeral = true
}
variable "kept" {}
resource "terraform_data" "x" {
  input = var.kept
  provisioner "local-exec" { command = "test '\${var.key}' = hush" }
}
`
    const variables = new Map([
      ['key', 'hush'],
      ['kept', 'seen'],
    ])
    const built = await opened.provisioner.apply(testRun(template, { variables }))
    expect(built.failure).toBe(null)
    expect(String(built.state)).toContain('seen')
    expect(String(built.state)).not.toContain('hush')
  })

  test('a value of the wrong type, and a required one that is missing, are named', async () => {
    const template = 'variable "ports" {\n  type = list(number)\n}\nvariable "zone" {}\n'
    const given = (entries: [string, string][]) => testRun(template, { variables: new Map(entries) })
    expect(await opened.provisioner.importVersion(given([['ports', '[1]']]))).toMatchObject({
      failure: { code: 'REQUIRED_TEMPLATE_VARIABLES', message: 'the template variable zone needs a value' },
    })
    const wrong = given([
      ['ports', 'file("/etc/passwd")'],
      ['zone', 'a'],
    ])
    expect((await opened.provisioner.importVersion(wrong)).failure?.message).toContain('ports is not list(number)')
  })

  test('what is sensitive is hidden in logs, also where a program of the template prints it', async () => {
    const template = `${requireCoder}
variable "key" {
  type      = string
  sensitive = true
}
data "coder_workspace_owner" "me" {}
resource "terraform_data" "leak" {
  input = nonsensitive(var.key)
  provisioner "local-exec" {
    command     = "echo key=$KEY; echo session=$SESSION; echo end"
    environment = { KEY = nonsensitive(var.key), SESSION = nonsensitive(data.coder_workspace_owner.me.session_token) }
  }
}
resource "terraform_data" "fail" {
  input = nonsensitive(var.key)
  lifecycle {
    precondition {
      condition     = var.key == ""
      error_message = "not with \${nonsensitive(var.key)}"
    }
  }
}
`
    const variables = new Map([['key', 'correct-horse-battery']])
    const owner = { ...starting.owner, sessionToken: new Secret('session-of-dana-12345') }
    const run = testRun(template.replace(/resource "terraform_data" "fail" [^]*/, ''), {
      variables,
      context: { ...starting, owner },
    })
    await opened.provisioner.apply(run)
    expect(said(run)).toContain('key=[secret]')
    expect(said(run)).toContain('session=[secret]')
    const failing = testRun(template, { variables, context: { ...starting, owner } })
    const { failure: failed } = await opened.provisioner.plan(failing)
    expect(JSON.stringify(failed)).toContain('not with [secret]')
    expect(JSON.stringify([run.lines, failing.lines, failed])).not.toMatch(/correct-horse|session-of-dana/)
  })

  test('a template that brings a backend and state of its own gets ours', async () => {
    const template = {
      'main.tf': 'terraform {\n  backend "s3" {}\n}\nresource "terraform_data" "x" {}\n',
      'zz_override.tf': 'terraform {\n  backend "http" {}\n}\n',
    }
    const built = await opened.provisioner.apply(testRun(template))
    expect(built.failure).toBe(null)
    expect(JSON.parse(String(built.state)).resources).toHaveLength(1)
  })

  test('modules that came with the template are used without the network; one that cannot be had says how to bring it', async () => {
    const call = 'module "m" {\n  source  = "registry.example.invalid/a/b/c"\n  version = "1.0.0"\n}\n'
    const vendored = {
      'main.tf': call,
      '.terraform/modules/modules.json': JSON.stringify({
        Modules: [
          { Key: '', Source: '', Dir: '.' },
          { Key: 'm', Source: 'registry.example.invalid/a/b/c', Version: '1.0.0', Dir: '.terraform/modules/m' },
        ],
      }),
      '.terraform/modules/m/main.tf': `resource "terraform_data" "inner" {}
output "named" { value = "session_token" }
`,
    }
    expect(await opened.provisioner.importVersion(testRun(vendored))).toMatchObject({ modulesName: ['session_token'] })
    const planned = await opened.provisioner.plan(testRun(vendored))
    expect(planned).toMatchObject({ failure: null, resources: [{ address: 'module.m.terraform_data.inner' }] })
    const missing = await opened.provisioner.plan(testRun(call))
    expect(missing.failure?.message).toContain('push it with .terraform/modules')
    expect(missing.failure?.diagnostics[0]).toMatchObject({ file: 'main.tf', line: 1 })
  })

  test('parameters and presets of one name, and two presets that are the default, are refused', async () => {
    const both = (type: string, name: string, more = '') =>
      ['x', 'y'].map((label) => `data "${type}" "${label}" {\n  name = "${name}"\n  ${more}\n}\n`).join('')
    const template = `${requireCoder}${both('coder_parameter', 'size', 'default = "1"')}${both('coder_workspace_preset', 'Big', 'default = true')}`
    const { failure } = await opened.provisioner.plan(testRun(template))
    expect(failure?.message).toContain('more than one coder_parameter has the name "size"')
    expect(failure?.message).toContain('more than one coder_workspace_preset has the name "Big"')
    expect(failure?.message).toContain('one preset can be the default')
  })

  test('two runs at once do not see each other', async () => {
    const names = ['Harbour', 'Lighthouse', 'Pier']
    const template = `${requireCoder}
data "coder_workspace" "me" {}
resource "terraform_data" "x" { input = data.coder_workspace.me.name }
`
    const built = await Promise.all(
      names.map((name) => {
        const context = buildContext({ workspace: { ...starting.workspace, name } })
        return opened.provisioner.apply(testRun(template, { context }))
      }),
    )
    for (const [index, name] of names.entries()) expect(String(built[index]?.state)).toContain(`"value": "${name}"`)
  })
})

test('where there is no Terraform each run says so, and what to do', async () => {
  await using opened = await testProvisioner({}, { env: { PATH: '/nonexistent' } })
  expect(opened.provisioner.engine.name).toBe(null)
  const state = Buffer.from('{}')
  const run = testRun('locals {}', { state })
  expect(await opened.provisioner.importVersion(run)).toMatchObject({
    failure: {
      code: 'TERRAFORM_MISSING',
      message: expect.stringContaining('install Terraform or OpenTofu, 1.1 or newer'),
    },
  })
  expect(await opened.provisioner.apply(run)).toMatchObject({ failure: { code: 'TERRAFORM_MISSING' }, state })
})
