import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireCoder, testProvisioner, testRun } from '../../server/src/provisioning/testing-provisioner.ts'
import type { Timing } from '../../server/src/provisioning/run.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { atMost, figure, type Finding } from '../finding.ts'

const run = promisify(execFile)
const rounds = 9

/** What both make: a machine and a disk. */
const machine = `
resource "terraform_data" "machine" { input = "small" }
resource "terraform_data" "disk" { input = "kept" }
`

/** The same as a template for tasks, with an agent, an app and what asks for them. */
const task = `${requireCoder}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}
data "coder_task" "me" {}
data "coder_parameter" "size" {
  name    = "size"
  default = "small"
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
resource "coder_ai_task" "task" { app_id = coder_app.chat.id }
resource "terraform_data" "machine" { input = coder_agent.main.init_script }
resource "terraform_data" "disk" { input = "kept" }
`

type Took = Readonly<Record<'init' | 'plan' | 'apply' | 'whole', number>>

/** Plain Terraform in a folder, and a build with all that is around it, take turns. */
export async function templates(): Promise<Finding> {
  await using opened = await testProvisioner()
  const { engine, isolation } = opened.provisioner
  if (engine.name === null) throw new Error(engine.problem)
  const plain: Took[] = []
  const ours: Took[] = []
  const plans: number[] = []
  for (let round = 0; round < rounds; round++) {
    plain.push(await plainly(engine.path))
    const begun = performance.now()
    const built = await opened.provisioner.apply(testRun(task))
    if (built.failure !== null) throw new Error(built.failure.message)
    ours.push({ ...stages(built.timings), whole: performance.now() - begun })
    const planned = performance.now()
    await opened.provisioner.plan(testRun(task))
    plans.push(performance.now() - planned)
  }
  const rows = (['init', 'plan', 'apply', 'whole'] as const).map((stage) => {
    const [before, after] = [median(plain.map((one) => one[stage])), median(ours.map((one) => one[stage]))]
    return [stage === 'whole' ? 'whole build' : stage, figure(before), figure(after), figure(after - before)]
  })
  const planned = median(plain.map(({ init, plan }) => init + plan))
  const dryRun = median(plans)
  return {
    question: 'What does a template cost over plain Terraform?',
    method:
      `A machine and a disk by ${engine.name} ${engine.version} alone, and the same with an agent, an app and a task by ` +
      `a build in ${isolation}: medians of ${rounds} turns. A build also reads the template, serves the provider, and ` +
      'reads plan, graph and state; a dry run is all of that up to the plan.',
    header: ['step', 'plain ms', 'reeve ms', 'more ms'],
    rows: [...rows, ['dry run', figure(planned), figure(dryRun), figure(dryRun - planned)]],
    targets: [atMost('plan of a task template over plain Terraform, s', (dryRun - planned) / 1_000, 0.5)],
    doubts: [],
  }
}

async function plainly(path: string): Promise<Took> {
  using folder = temporaryFolder()
  writeFileSync(join(folder.path, 'main.tf'), machine)
  const env = { PATH: process.env['PATH'], HOME: folder.path, CHECKPOINT_DISABLE: '1', TF_CLI_CONFIG_FILE: '/dev/null' }
  const timed = async (...args: string[]) => {
    const begun = performance.now()
    await run(path, args, { cwd: folder.path, env })
    return performance.now() - begun
  }
  const init = await timed('init', '-input=false')
  const plan = await timed('plan', '-input=false', '-out=plan')
  const apply = await timed('apply', '-input=false', 'plan')
  return { init, plan, apply, whole: init + plan + apply }
}

function stages(timings: readonly Timing[]): Omit<Took, 'whole'> {
  const of = (stage: string) =>
    timings
      .filter((one) => one.stage === stage && one.resource === '')
      .reduce((sum, { startedAt, endedAt }) => sum + endedAt.getTime() - startedAt.getTime(), 0)
  return { init: of('init'), plan: of('plan'), apply: of('apply') }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
