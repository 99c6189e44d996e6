import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '@reeve/base'
import { describe, expect, test } from 'vitest'
import type { BuildContext } from '../../server/src/provisioning/build-context.ts'
import { buildContext } from '../../server/src/provisioning/testing.ts'
import { template, whyNoTerraform, type Template } from '../support/terraform/run-terraform.ts'
import { serveAll } from '../support/terraform/serve-all.ts'

const templates = join(import.meta.dirname, 'templates')
const names = ['task-docker', 'kubernetes-old-pin', 'cloud-machine', 'everything']
const noTerraform = whyNoTerraform('templates as others write them')

describe.skipIf(noTerraform !== null).each(names)('the template %s', (name) => {
  test('is planned before anybody has chosen anything', async () => {
    using its = copyOf(name)
    const importing = { parameters: new Map(), secrets: new Map(), missingParameters: 'placeholder' } as const
    expect(await build(its, importing, 'plan')).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/)
    expect(await build(its, { ...importing, transition: 'stop' }, 'plan')).toMatch(/Plan: \d+ to add/)
  })

  test('is started, planned again without a change, stopped and deleted', async () => {
    using its = copyOf(name)
    await build(its, {}, 'apply', '-auto-approve')
    expect(await build(its, { agentTokens: await tokens(its) }, 'plan')).toContain('No changes.')
    await build(its, {}, 'apply', '-auto-approve')
    await build(its, { transition: 'stop' }, 'apply', '-auto-approve')
    await build(its, { transition: 'stop' }, 'destroy', '-auto-approve')
    expect(await tokens(its)).toEqual(new Map())
  })
})

describe.skipIf(noTerraform !== null)('what a template makes of its build', () => {
  test('a task reaches the scripts, the containers and the metadata of a task template', async () => {
    using its = copyOf('task-docker')
    const prompt = `'; touch /tmp/x; $(touch /tmp/y) \${data.x} %{if}`
    await build(its, { task: { id: 'e0000000-0000-4000-8000-000000000001', prompt } }, 'apply', '-auto-approve')
    const state = await stateOf(its)
    const [agent] = state.of('coder_agent')
    expect(state.of('coder_ai_task')).toMatchObject([
      { id: 'e0000000-0000-4000-8000-000000000001', enabled: true, prompt },
    ])
    expect(
      state
        .of('coder_script')
        .map(({ script }) => String(script))
        .join('\n'),
    ).toContain(Buffer.from(prompt).toString('base64'))
    expect(state.of('coder_ai_task')[0]!['app_id']).toBe(
      state.of('coder_app').find(({ slug }) => slug === 'ccw')!['id'],
    )
    expect(state.of('docker_container')[0]!['env']).toEqual({
      type: expect.anything(),
      value: [`CODER_AGENT_TOKEN=${agent!['token']}`],
    })
    expect(state.of('coder_metadata')).toMatchObject([
      {
        daily_cost: 3,
        item: [
          { key: 'image', is_null: false },
          { key: 'gateway', sensitive: true },
        ],
      },
    ])
  })

  test('several agents have tokens of their own', async () => {
    using its = copyOf('everything')
    await build(its, { parameters: new Map([['agents', '3']]) }, 'apply', '-auto-approve')
    expect((await tokens(its)).size).toBe(3)
    expect(new Set([...(await tokens(its)).values()].map((token) => token.reveal())).size).toBe(3)
  })

  test('the address of the provider block goes before the deployment’s', async () => {
    using its = copyOf('everything')
    expect(await build(its, {}, 'apply', '-auto-approve')).toContain('access_url = "https://agents.example.com:443"')
    const [agent] = (await stateOf(its)).of('coder_agent')
    expect(agent!['init_script']).toContain('exec agent https://agents.example.com/')
  })

  test('nothing secret is printed in a plan', async () => {
    using its = copyOf('everything')
    const output = await build(its, {}, 'apply', '-auto-approve')
    expect(output).toContain('(sensitive value)')
    expect(output).not.toContain('npm-secret')
    for (const token of (await tokens(its)).values()) expect(output).not.toContain(token.reveal())
  })
})

function copyOf(name: string): Template {
  const its = template({})
  cpSync(join(templates, name), its.path, { recursive: true })
  return its
}

async function build(its: Template, context: Partial<BuildContext>, ...args: string[]): Promise<string> {
  const usual = {
    parameters: new Map([['system_prompt', 'Be brief.']]),
    secrets: new Map([['env:NPM_TOKEN', new Secret('npm-secret')]]),
  }
  await using served = await serveAll(its.path, buildContext({ ...usual, ...context }))
  await its.run(served.reattach, 'init', '-no-color')
  const { code, stdout, stderr } = await its.run(served.reattach, ...args, '-no-color')
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

type Attributes = Readonly<Record<string, unknown>>

async function stateOf(its: Template): Promise<{ of: (type: string) => Attributes[] }> {
  const { stdout } = await its.run('{}', 'state', 'pull')
  const resources: { type: string; instances: { attributes: Attributes }[] }[] = JSON.parse(stdout).resources
  return {
    of: (type) =>
      resources
        .filter((resource) => resource.type === type)
        .flatMap(({ instances }) => instances.map(({ attributes }) => attributes)),
  }
}

async function tokens(its: Template): Promise<Map<string, Secret>> {
  const agents = (await stateOf(its)).of('coder_agent')
  return new Map(agents.map(({ id, token }) => [String(id), new Secret(String(token))]))
}
