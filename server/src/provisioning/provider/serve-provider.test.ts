import { readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { recordingLog, Secret, silentLog } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import { template, whyNoTerraform, type Template } from '../../../../test/support/terraform/run-terraform.ts'
import type { BuildContext } from '../build-context.ts'
import { buildContext } from '../testing.ts'
import { servePlugin } from './plugin-server.ts'
import { serveProvider } from './serve-provider.ts'

const head = `
terraform {
  required_providers {
    coder = { source = "coder/coder", version = "~> 2.13" }
  }
}
`

const life = `${head}
data "coder_workspace" "me" {}
data "coder_task" "me" {}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
  display_apps {
    vscode = false
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
    volume {
      path      = "/"
      enabled   = false
      threshold = 50
    }
  }
}

resource "coder_app" "chat" {
  agent_id = coder_agent.main.id
  slug     = "chat"
  url      = "http://localhost:3284"
  healthcheck {
    url       = "http://localhost:3284/status"
    interval  = 3
    threshold = 20
  }
}

resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.chat.id
}

resource "terraform_data" "container" {
  count            = data.coder_workspace.me.start_count
  triggers_replace = [nonsensitive(coder_agent.main.token)]
  input            = coder_agent.main.init_script
}

output "prompt" {
  value = one(coder_ai_task.task[*].prompt)
}
output "agent" {
  value = coder_agent.main.id
}
`

const noTerraform = whyNoTerraform('the Terraform provider')

describe.skipIf(noTerraform !== null)('a workspace through its life', () => {
  test('a plan right after an apply is empty, and a start makes the agent’s token and what hangs on it anew', async () => {
    using workspace = template({ 'main.tf': life })
    await build(workspace, {}, 'apply', '-auto-approve')
    const first = await tokenOf(workspace)

    const goesOn = new Map([[first.id, new Secret(first.token)]])
    expect(await build(workspace, { agentTokens: goesOn }, 'plan')).toContain('No changes.')
    await build(workspace, {}, 'apply', '-auto-approve')
    const second = await tokenOf(workspace)
    expect(second.id).toBe(first.id)
    expect(second.token).not.toBe(first.token)
    expect(second.container).toEqual([second.token])
    expect(second.token).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('within one run the token of an agent is one and the same', async () => {
    using workspace = template({ 'main.tf': life })
    await using served = await serve(workspace, {})
    await run(workspace, served.reattach, 'apply', '-auto-approve')
    expect(await run(workspace, served.reattach, 'plan')).toContain('No changes.')
  })

  test('a stop keeps the agent as it is and ends what is counted by the start', async () => {
    using workspace = template({ 'main.tf': life })
    await build(workspace, {}, 'apply', '-auto-approve')
    const before = await tokenOf(workspace)
    const stopped = await build(workspace, { transition: 'stop' }, 'apply', '-auto-approve')
    expect(stopped).toContain('0 added, 0 changed, 2 destroyed')
    expect(await tokenOf(workspace)).toEqual({ ...before, container: [] })
    await build(workspace, { transition: 'stop' }, 'destroy', '-auto-approve')
    expect((await workspace.run('{}', 'state', 'list')).stdout).toBe('')
  })

  test('the prompt of a task reaches the template, and another one after a change', async () => {
    using workspace = template({ 'main.tf': life })
    const task = { id: 'e0000000-0000-4000-8000-000000000001', prompt: 'say "$(hello)" ${and} %{go}\n' }
    const output = await build(workspace, { task }, 'apply', '-auto-approve')
    expect(output).toContain('say "$(hello)" ${and} %{go}\n')
    const changed = await build(workspace, { task: { ...task, prompt: 'something else' } }, 'apply', '-auto-approve')
    expect(changed).toContain('prompt = "something else"')
  })

  test('a changed argument makes another agent', async () => {
    using workspace = template({ 'main.tf': life })
    await build(workspace, {}, 'apply', '-auto-approve')
    const before = await tokenOf(workspace)
    workspace.write({ 'main.tf': life.replace('"amd64"', '"arm64"') })
    expect(await build(workspace, {}, 'apply', '-auto-approve')).toContain('forces replacement')
    expect((await tokenOf(workspace)).id).not.toBe(before.id)
  })

  test('what the build knows and no data source of the template reads is neither in the environment nor on disk', async () => {
    const look = `resource "terraform_data" "look" {
  provisioner "local-exec" {
    command = "env; cat terraform.tfstate* .terraform/* 2>/dev/null; ls -R"
  }
}
`
    using workspace = template({ 'main.tf': `${head}\ndata "coder_task" "me" {}\n${look}` })
    const hidden = (value: string) => new Secret(`hidden-${value}`)
    const owner = {
      ...buildContext().owner,
      sessionToken: hidden('session'),
      oidcAccessToken: hidden('oidc'),
      sshPrivateKey: hidden('ssh'),
    }
    const rest = { externalAuth: new Map([['github', hidden('github')]]), secrets: new Map([['env:A', hidden('a')]]) }
    const output = await build(workspace, { owner, ...rest }, 'apply', '-auto-approve')
    expect(output).toContain('TF_REATTACH_PROVIDERS')
    expect(output + (await workspace.run('{}', 'state', 'pull')).stdout).not.toContain('hidden-')
  })

  test('runs at the same time answer each from its own build', async () => {
    using workspace = template({ 'main.tf': life })
    using other = template({ 'main.tf': life })
    const prompt = (text: string) => ({ task: { id: 'e0000000-0000-4000-8000-000000000001', prompt: text } })
    const outputs = await Promise.all([
      build(workspace, prompt('the first one'), 'apply', '-auto-approve'),
      build(other, prompt('the second one'), 'apply', '-auto-approve'),
    ])
    expect(outputs[0]).toContain('prompt = "the first one"')
    expect(outputs[1]).toContain('prompt = "the second one"')
  })

  test('a state that another release has written goes on', async () => {
    using workspace = template({ 'main.tf': life })
    await build(workspace, {}, 'apply', '-auto-approve')
    const { stdout } = await workspace.run('{}', 'state', 'pull')
    const state = JSON.parse(stdout)
    for (const { type, instances } of state.resources) {
      if (type !== 'coder_agent') continue
      delete instances[0].attributes.api_key_scope
      instances[0].attributes.from_elsewhere = 'yes'
    }
    workspace.write({ 'terraform.tfstate': JSON.stringify({ ...state, serial: state.serial + 1 }) })
    const { id, token } = await tokenOf(workspace)
    expect(await build(workspace, { agentTokens: new Map([[id, new Secret(token)]]) }, 'plan')).toContain('No changes.')
  })
})

describe('the socket', () => {
  test('only its owner may enter its folder, and it goes with the run', async () => {
    using workspace = template({})
    const served = await serve(workspace, {})
    expect(statSync(dirname(workspace.socketPath)).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(workspace.socketPath))).toEqual(['coder.sock', 'reeve.sock'])
    await served[Symbol.asyncDispose]()
    expect(readdirSync(dirname(workspace.socketPath))).toEqual([])
  })

  test('a folder that others may enter, and a path that the kernel does not take, are refused', async () => {
    using workspace = template({ 'open/file': '' })
    const options = (socketPath: string) => ({ socketPath: `${workspace.path}/${socketPath}`, log: silentLog })
    await expect(serveProvider(buildContext(), options('open/coder.sock'))).rejects.toThrow('Others may enter')
    await expect(serveProvider(buildContext(), options(`${'x'.repeat(110)}/s`))).rejects.toThrow('too long')
  })

  test.skipIf(noTerraform !== null)('a provider that breaks says so to Terraform, and why to the log', async () => {
    using workspace = template({ 'main.tf': `${head}\ndata "coder_workspace" "me" {}\n` })
    const log = recordingLog()
    const broken = {
      source: 'coder/coder',
      block: { description: '', attributes: {}, blocks: {} },
      configure: () => ({}),
      resources: {},
      dataSources: {
        coder_workspace: {
          block: { description: '', attributes: {}, blocks: {} },
          read: (): never => {
            throw new Error('the token is hunter2')
          },
        },
      },
    }
    await using served = await servePlugin(broken, { socketPath: workspace.socketPath, log })
    await workspace.run(served.reattach, 'init')
    const { code, stderr } = await workspace.run(served.reattach, 'plan', '-no-color')
    expect(code).toBe(1)
    expect(stderr).toContain('The provider failed')
    expect(stderr).toContain('main.tf line 8, in data "coder_workspace" "me"')
    expect(stderr).not.toContain('hunter2')
    expect(log.lines).toMatchObject([{ level: 'error', message: 'the terraform provider failed to answer' }])
  })
})

function serve(workspace: Template, context: Partial<BuildContext>) {
  return serveProvider(buildContext(context), { socketPath: workspace.socketPath, log: silentLog })
}

/** One build: a provider of its own, as the control plane has it. */
async function build(workspace: Template, context: Partial<BuildContext>, ...args: string[]): Promise<string> {
  await using served = await serve(workspace, context)
  return await run(workspace, served.reattach, ...args)
}

async function run(workspace: Template, reattach: string, ...args: string[]): Promise<string> {
  await workspace.run(reattach, 'init', '-no-color')
  const { code, stdout, stderr } = await workspace.run(reattach, ...args, '-no-color')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

async function tokenOf(workspace: Template): Promise<{ id: string; token: string; container: string[] }> {
  const { stdout } = await workspace.run('{}', 'state', 'pull')
  const { resources } = JSON.parse(stdout)
  const of = (type: string) => resources.find((resource: { type: string }) => resource.type === type)?.instances ?? []
  const [{ attributes }] = of('coder_agent')
  const containers: { attributes: { triggers_replace: { value: string[] } } }[] = of('terraform_data')
  return {
    id: attributes.id,
    token: attributes.token,
    container: containers.flatMap((container) => container.attributes.triggers_replace.value),
  }
}
