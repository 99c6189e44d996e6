import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import type { Resource } from './resource.ts'
import { requireCoder, type TestProvisioner, testProvisioner, testRun } from './testing-provisioner.ts'

const agent = (name: string, more = '') => `
resource "coder_agent" "${name}" {
  os   = "linux"
  arch = "amd64"
  ${more}
}
`

describe.skipIf(whyNoTerraform('resources of a plan') !== null)('resources of a plan and of a build', () => {
  let opened: TestProvisioner
  beforeAll(async () => {
    opened = await testProvisioner()
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  /** Agents and apps by the resource that they are in: the same in a plan, which knows no ids, and in a build. */
  async function outline(template: string | Readonly<Record<string, string>>): Promise<Record<string, string[]>> {
    const files = typeof template === 'string' ? { 'main.tf': template } : template
    const source = { ...files, 'main.tf': requireCoder + files['main.tf'] }
    const planned = await opened.provisioner.plan(testRun(source))
    expect(planned.failure).toBe(null)
    const built = await opened.provisioner.apply(testRun(source))
    expect(built.failure).toBe(null)
    const plan = outlineOf(planned.failure === null ? planned.resources : [])
    expect(outlineOf(built.resources)).toEqual(plan)
    return plan
  }

  test('an agent runs in the nearest resource that depends on it, of equally near ones in the first by name', async () => {
    const template = `
${agent('main')}
resource "terraform_data" "far" { input = terraform_data.near.id }
resource "terraform_data" "near" { input = local.script }
resource "terraform_data" "also_near" { input = local.script }
resource "terraform_data" "apart" {}
locals { script = coder_agent.main.init_script }
`
    expect(await outline(template)).toEqual({
      'terraform_data.also_near': ['coder_agent.main'],
      'terraform_data.apart': [],
      'terraform_data.far': [],
      'terraform_data.near': [],
    })
  })

  test('of equally near resources the first by name counts, though another one has the index of the agent', async () => {
    const template = `
resource "coder_agent" "main" {
  count = 1
  os    = "linux"
  arch  = "amd64"
}
resource "terraform_data" "machine" { input = local.script }
resource "terraform_data" "token_file" {
  count = 1
  input = [terraform_data.machine.id, local.token]
}
locals {
  script = one(coder_agent.main[*].init_script)
  token  = one(coder_agent.main[*].token)
}
`
    expect(await outline(template)).toEqual({
      'terraform_data.machine': ['coder_agent.main[0]'],
      'terraform_data.token_file[0]': [],
    })
  })

  test('an agent that nothing depends on is left out with all that belongs to it', async () => {
    const template = `
${agent('main')}
resource "coder_app" "chat" {
  agent_id = coder_agent.main.id
  slug     = "chat"
  url      = "http://localhost:1"
}
resource "terraform_data" "disk" {}
`
    expect(await outline(template)).toEqual({ 'terraform_data.disk': [] })
  })

  test('apps, scripts and variables find their agent among several, through locals and conditions', async () => {
    const template = `
${agent('one')}
${agent('two')}
locals { chosen = true ? coder_agent.two.id : "" }
resource "coder_app" "direct" {
  agent_id = coder_agent.one.id
  slug     = "direct"
  url      = "http://localhost/?of=\${coder_agent.two.os}"
}
resource "coder_app" "local" {
  agent_id = local.chosen
  slug     = "local"
  url      = "http://localhost:1"
}
resource "coder_script" "boot" {
  agent_id     = coder_agent.two.id
  display_name = "Boot"
  script       = "true"
  run_on_start = true
}
resource "coder_env" "e" {
  agent_id = coder_agent.one.id
  name     = "E"
  value    = "1"
}
resource "terraform_data" "a" { input = coder_agent.one.token }
resource "terraform_data" "b" { input = coder_agent.two.token }
`
    expect(await outline(template)).toEqual({
      'terraform_data.a': ['coder_agent.one', 'app direct', 'env E'],
      'terraform_data.b': ['coder_agent.two', 'app local', 'script Boot'],
    })
  })

  test('agents and what belongs to them inside of modules, through variables and outputs', async () => {
    const main = `
module "agent" { source = "./agent" }
module "editor" {
  source   = "./editor"
  agent_id = module.agent.id
}
resource "terraform_data" "machine" { input = module.agent.script }
`
    const inner = `${agent('inner')}
output "id" { value = coder_agent.inner.id }
output "script" { value = coder_agent.inner.init_script }
`
    const editor = `
variable "agent_id" { type = string }
resource "coder_app" "editor" {
  agent_id = var.agent_id
  slug     = "editor"
  url      = "http://localhost:8080"
}
`
    const files = { 'main.tf': main, 'agent/main.tf': requireCoder + inner, 'editor/main.tf': requireCoder + editor }
    expect(await outline(files)).toEqual({
      'terraform_data.machine': ['module.agent.coder_agent.inner', 'app editor'],
    })
  })

  test('copies of a module keep to themselves', async () => {
    const main = `
module "place" {
  source   = "./place"
  for_each = toset(["east", "west"])
  name     = each.key
}
`
    const place = `
variable "name" { type = string }
resource "coder_agent" "main" {
  count = 1
  os    = "linux"
  arch  = "amd64"
}
resource "coder_app" "chat" {
  agent_id = coder_agent.main[0].id
  slug     = "chat-\${var.name}"
  url      = "http://localhost:1"
}
resource "terraform_data" "machine" { input = coder_agent.main[0].id }
`
    const files = { 'main.tf': main, 'place/main.tf': requireCoder + place }
    expect(await outline(files)).toEqual({
      'module.place["east"].terraform_data.machine': ['module.place["east"].coder_agent.main[0]', 'app chat-east'],
      'module.place["west"].terraform_data.machine': ['module.place["west"].coder_agent.main[0]', 'app chat-west'],
    })
    const run = testRun({ ...files, 'main.tf': requireCoder + main })
    const { resources } = await opened.provisioner.apply(run)
    expect(resources.flatMap(({ agents }) => agents.map(({ name }) => name))).toEqual(['main-east-0', 'main-west-0'])
  })

  test('numbered agents run in the resources that name them, or have their number', async () => {
    const template = `
resource "coder_agent" "main" {
  count = 2
  os    = "linux"
  arch  = "amd64"
}
resource "coder_app" "chat" {
  count    = 2
  agent_id = coder_agent.main[count.index].id
  slug     = "chat-\${count.index}"
  url      = "http://localhost:1"
}
resource "coder_app" "last" {
  agent_id = coder_agent.main[1].id
  slug     = "last"
  url      = "http://localhost:1"
}
`
    const named = `
resource "terraform_data" "b" { input = coder_agent.main[0].id }
resource "terraform_data" "a" { input = coder_agent.main[1].id }
`
    expect(await outline(template + named)).toEqual({
      'terraform_data.a': ['coder_agent.main[1]', 'app chat-1', 'app last'],
      'terraform_data.b': ['coder_agent.main[0]', 'app chat-0'],
    })
    const numbered = `
resource "terraform_data" "m" {
  count = 2
  input = coder_agent.main[count.index].id
}
`
    expect(await outline(template + numbered)).toEqual({
      'terraform_data.m[0]': ['coder_agent.main[0]', 'app chat-0'],
      'terraform_data.m[1]': ['coder_agent.main[1]', 'app chat-1', 'app last'],
    })
  })

  test('metadata is joined to its resource, hides it, stands in its order, and adds up what it costs', async () => {
    const template = `
resource "terraform_data" "machine" { count = 2 }
resource "coder_metadata" "second" {
  resource_id = terraform_data.machine[1].id
  hide        = true
  icon        = "/icon/disk.svg"
  daily_cost  = 3
  item {
    key   = "size"
    value = "10 GB"
    order = 2
  }
  item {
    key       = "key"
    value     = "hush"
    sensitive = true
    order     = 1
  }
}
resource "coder_metadata" "more" {
  resource_id = terraform_data.machine[1].id
  daily_cost  = 4
}
`
    const planned = await opened.provisioner.plan(testRun(requireCoder + template))
    expect(planned).toMatchObject({
      failure: null,
      dailyCost: 7,
      resources: [
        { address: 'terraform_data.machine[0]', metadata: [], hide: false, dailyCost: 0 },
        {
          address: 'terraform_data.machine[1]',
          hide: true,
          icon: '/icon/disk.svg',
          dailyCost: 7,
          metadata: [
            { key: 'key', value: 'hush', sensitive: true },
            { key: 'size', value: '10 GB', sensitive: false },
          ],
        },
      ],
    })
  })

  test('metadata of an agent is of what it runs in, and that of nothing of what else its block depends on', async () => {
    const item = 'item { key = "size" }'
    const template = `${requireCoder}${agent('main')}
resource "terraform_data" "disk" {}
resource "terraform_data" "machine" { input = [coder_agent.main.token, terraform_data.disk.id] }
resource "coder_metadata" "of_agent" {
  resource_id = coder_agent.main.id
  ${item}
}
resource "coder_metadata" "of_nothing" {
  resource_id = "gone"
  depends_on  = [terraform_data.disk]
  ${item}
}
`
    const built = await opened.provisioner.apply(testRun(template))
    expect(built.resources.map(({ name, metadata }) => [name, metadata.length])).toEqual([
      ['disk', 1],
      ['machine', 1],
    ])
  })

  test('an agent’s whole block is read', async () => {
    const template = `
resource "coder_agent" "main" {
  os                      = "linux"
  arch                    = "arm64"
  api_key_scope           = "no_user_data"
  connection_timeout      = 60
  env                     = { A = "1" }
  motd_file               = "/etc/motd"
  order                   = 2
  startup_script          = "echo up"
  startup_script_behavior = "blocking"
  shutdown_script         = "echo down"
  troubleshooting_url     = "https://example.com/help"
  display_apps {
    vscode       = false
    web_terminal = false
  }
  metadata {
    key      = "load"
    script   = "cat /proc/loadavg"
    interval = 10
    timeout  = 2
  }
  resources_monitoring {
    memory {
      enabled   = true
      threshold = 80
    }
    volume {
      path      = "/home"
      enabled   = true
      threshold = 90
    }
  }
}
resource "coder_devcontainer" "d" {
  agent_id         = coder_agent.main.id
  workspace_folder = "/work"
}
resource "terraform_data" "machine" { input = coder_agent.main.id }
`
    const built = await opened.provisioner.apply(testRun(requireCoder + template))
    expect(built.resources[0]?.agents[0]).toMatchObject({
      name: 'main',
      arch: 'arm64',
      apiKeyScope: 'no_user_data',
      connectionTimeoutSeconds: 60,
      env: { A: '1' },
      motdFile: '/etc/motd',
      order: 2,
      startupScript: 'echo up',
      startupScriptBehavior: 'blocking',
      shutdownScript: 'echo down',
      troubleshootingUrl: 'https://example.com/help',
      displayApps: { vscode: false, webTerminal: false, sshHelper: true },
      metadata: [{ key: 'load', intervalSeconds: 10, timeoutSeconds: 2 }],
      monitoring: { memory: { enabled: true, threshold: 80 }, volumes: [{ path: '/home', threshold: 90 }] },
      devcontainers: [{ name: 'd', workspaceFolder: '/work' }],
    })
  })

  test('an app of an older template, which has no slug, is called as its block is', async () => {
    const template = `${requireCoder}${agent('main')}
resource "coder_app" "Web_Desktop" {
  agent_id = coder_agent.main.id
  name     = "The desktop"
  url      = "http://localhost:1"
}
resource "terraform_data" "machine" { input = coder_agent.main.id }
`
    const planned = await opened.provisioner.plan(testRun(template))
    expect(planned.failure).toBe(null)
    if (planned.failure !== null) return
    expect(planned.resources[0]?.agents[0]?.apps).toMatchObject([{ slug: 'web-desktop', displayName: 'The desktop' }])
  })

  test('a second task, a name that no agent can have and an app’s slug that is taken are refused by address', async () => {
    const app = (name: string) => `
resource "coder_app" "${name}" {
  agent_id = coder_agent.main_one.id
  slug     = "same"
  url      = "http://localhost:1"
}
resource "coder_ai_task" "${name}" { app_id = coder_app.${name}.id }
`
    const template = `${requireCoder}${agent('main_one')}${app('a')}${app('b')}
resource "terraform_data" "machine" { input = coder_agent.main_one.id }
`
    const { failure } = await opened.provisioner.plan(testRun(template))
    expect(failure?.message).toContain('coder_agent.main_one: the name of an agent has letters')
    expect(failure?.message).toContain('coder_app.b: coder_app.a has the slug "same" too')
    expect(failure?.message).toContain('one coder_ai_task at most')
  })
})

function outlineOf(resources: readonly Resource[]): Record<string, string[]> {
  return Object.fromEntries(
    resources.map(({ address, agents }) => [
      address,
      agents.flatMap((one) => [
        one.address,
        ...one.apps.map(({ slug }) => `app ${slug}`),
        ...one.scripts.map(({ displayName }) => `script ${displayName}`),
        ...one.envs.map(({ name }) => `env ${name}`),
      ]),
    ]),
  )
}
