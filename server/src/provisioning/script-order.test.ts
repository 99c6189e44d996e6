import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { whyNoTerraform } from '../../../test/support/terraform/run-terraform.ts'
import type { Resource } from './resource.ts'
import { requireCoder, type TestProvisioner, testProvisioner, testRun } from './testing-provisioner.ts'

const agent = (name: string) => `
resource "coder_agent" "${name}" {
  os   = "linux"
  arch = "amd64"
}
`
const named = (name: string, more: string, agentName = 'main') => `
resource "coder_script" "${name}" {
  agent_id     = coder_agent.${agentName}.id
  display_name = "${name}"
  script       = "true"
  ${more}
}
`
const order = (rules: string) => `data "coder_script_order" "order" {\n${rules}\n}\n`
const machine = (...agents: string[]) =>
  `resource "terraform_data" "machine" { input = [${agents.map((name) => `coder_agent.${name}.id`).join(', ')}] }\n`

describe.skipIf(whyNoTerraform('the order of scripts') !== null)('the order of scripts', () => {
  let opened: TestProvisioner
  beforeAll(async () => {
    opened = await testProvisioner()
  })
  afterAll(() => opened[Symbol.asyncDispose]())

  test('scripts wait for those that the rules of their module name, one by one or a whole module', async () => {
    const template = {
      'main.tf': `${requireCoder}${agent('main')}${machine('main')}
${named('first', 'run_on_start = true')}
${named('numbered', 'run_on_start = true\n  count = 2')}
${named('ending', 'run_on_stop = true')}
module "tools" {
  source   = "./tools"
  for_each = toset(["a"])
  agent_id = coder_agent.main.id
}
${order(`
  rule {
    run   = ["coder_script.numbered"]
    after = ["coder_script.first", "coder_script.first"]
  }
  rule {
    run      = ["module.tools"]
    after    = ["coder_script.numbered[1]"]
    requires = "completion"
  }
  rule {
    run   = ["coder_script.ending"]
    after = ["module.tools"]
  }`)}`,
      'tools/main.tf': `${requireCoder}
variable "agent_id" {}
resource "coder_script" "inner" {
  for_each     = toset(["start", "stop"])
  agent_id     = var.agent_id
  display_name = each.key
  script       = "true"
  run_on_start = each.key == "start"
  run_on_stop  = each.key == "stop"
}
`,
    }
    const planned = await opened.provisioner.plan(testRun(template))
    if (planned.failure !== null) throw new Error(planned.failure.message)
    const built = await opened.provisioner.apply(testRun(template))
    expect(built.failure).toBe(null)
    const inner = (key: string) => `module.tools["a"].coder_script.inner["${key}"]`
    const wait = (script: string, stage = 'start', requires = 'success') => ({ script, stage, requires })
    const waits = (resources: readonly Resource[]) =>
      Object.fromEntries(
        resources
          .flatMap(({ agents }) => agents)
          .flatMap((one) => one.scripts.map(({ address, after }) => [address, after])),
      )
    expect(waits(built.resources)).toEqual(waits(planned.resources))
    expect(waits(planned.resources)).toEqual({
      'coder_script.first': [],
      'coder_script.numbered[0]': [wait('coder_script.first')],
      'coder_script.numbered[1]': [wait('coder_script.first')],
      'coder_script.ending': [wait(inner('stop'), 'stop')],
      [inner('start')]: [wait('coder_script.numbered[1]', 'start', 'completion')],
      [inner('stop')]: [],
    })
  })

  test.each<[why: string, rules: string, said: string]>([
    ['one that there is not', 'rule {\nrun = ["coder_script.none"]\nafter = ["coder_script.a"]\n}', 'there is no'],
    ['something else', 'rule {\nrun = ["coder_app.a"]\nafter = ["coder_script.a"]\n}', 'neither a coder_script nor'],
    ['itself', 'rule {\nrun = ["coder_script.a"]\nafter = ["coder_script.a"]\n}', 'wait for itself'],
    [
      'itself by others',
      'rule {\nrun = ["coder_script.a"]\nafter = ["coder_script.b"]\n}\nrule {\nrun = ["coder_script.b"]\nafter = ["coder_script.a"]\n}',
      'wait for itself',
    ],
    ['another agent’s', 'rule {\nrun = ["coder_script.a"]\nafter = ["coder_script.c"]\n}', 'which another agent runs'],
    ['one of another phase', 'rule {\nrun = ["coder_script.a"]\nafter = ["coder_script.d"]\n}', 'set phase'],
    [
      'one that the phase does not run',
      'rule {\nrun = ["coder_script.a"]\nafter = ["coder_script.d"]\nphase = "start"\n}',
      'coder_script.d is not run in the phase start',
    ],
  ])('a script that waits for %s is refused', async (_, rules, said) => {
    const template = `${requireCoder}${agent('main')}${agent('other')}${machine('main', 'other')}
${named('a', 'run_on_start = true')}${named('b', 'run_on_start = true')}${named('c', 'run_on_start = true', 'other')}
${named('d', 'run_on_stop = true')}${order(rules)}`
    const { failure } = await opened.provisioner.plan(testRun(template))
    expect(failure?.message).toContain(said)
  })
})
