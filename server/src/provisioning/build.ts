import { Fault, type Log, toError } from '@reeve/base'
import { type Failure, failure } from './diagnostic.ts'
import { type Instance, readInstances } from './instance.ts'
import { aiTasksOf, parameterValues } from './parameters.ts'
import { costOf, makePlan, prepare } from './plan.ts'
import { resourcesOf } from './resources.ts'
import type { BuildResult, BuildRun } from './run.ts'
import { growingState } from './growing-state.ts'
import type { Terraform, Tools } from './terraform.ts'

type Outcome = Omit<BuildResult, 'state' | 'timings'>

const nothing = { resources: [], aiTasks: [], parameters: new Map<string, string>(), dailyCost: 0 } as const

/** A start or a stop: plan, ask whether it may be, apply. */
export function buildWorkspace(tools: Tools, run: BuildRun): Promise<BuildResult> {
  return withState(tools, run, async (terraform, onChange) => {
    const planned = await makePlan(terraform)
    if (planned.failure !== null) return { ...nothing, failure: planned.failure }
    const refusal = await run.approve?.({ resources: planned.resources, dailyCost: planned.dailyCost })
    if (refusal !== null && refusal !== undefined) return { ...nothing, failure: refusal }
    const failed = await terraform.apply(onChange)
    if (failed !== null) return { ...nothing, failure: failed }
    const shown = await terraform.showState()
    if (shown.failure !== null) return { ...nothing, failure: shown.failure }
    const instances = readInstances(Object(Object(shown.json).values).root_module)
    const resources = resourcesOf({ ...planned.parts, instances })
    return {
      failure: null,
      resources,
      aiTasks: knownTasks(instances, tools.log),
      parameters: parameterValues(planned.instances),
      dailyCost: costOf(resources),
    }
  })
}

/** Everything that the state knows of goes away. */
export function destroyWorkspace(tools: Tools, run: BuildRun): Promise<BuildResult> {
  return withState(tools, run, async (terraform, onChange) => ({
    ...nothing,
    failure: await terraform.destroy(onChange),
  }))
}

/** Whatever happens after Terraform has begun, what it has made is in the state that is returned. */
async function withState(
  tools: Tools,
  run: BuildRun,
  work: (terraform: Terraform, onChange: () => void) => Promise<Outcome>,
): Promise<BuildResult> {
  const before = run.state === null ? null : Buffer.from(run.state)
  const prepared = await prepare(tools, run, { buildId: run.context.buildId, state: run.state })
  if (prepared.failure !== null) return { ...nothing, failure: prepared.failure, state: before, timings: [] }
  await using terraform = prepared.terraform
  using growing = growingState(() => terraform.readState(), {
    onState: run.onState,
    signals: [run.signal, run.force],
  })
  const attempt = async (): Promise<Outcome> => {
    const failed = await terraform.init()
    return failed === null ? work(terraform, growing.onChange) : { ...nothing, failure: failed }
  }
  const outcome = await attempt().catch((thrown: unknown) => ({ ...nothing, failure: explained(thrown, tools.log) }))
  return { ...outcome, state: growing.newest() ?? before, timings: terraform.timings }
}

function explained(thrown: unknown, log: Log): Failure {
  if (thrown instanceof Fault) return failure(thrown.message)
  log.error({ err: toError(thrown) }, 'a build failed')
  return failure('Reeve failed; its log says how.')
}

/** A task whose app is not in the build goes on without it: people reach it by other ways. */
function knownTasks(instances: readonly Instance[], log: Log): { id: string; appId: string }[] {
  const apps = new Set(instances.filter(({ type }) => type === 'coder_app').map(({ values }) => values['id']))
  return aiTasksOf(instances).map((task) => {
    if (apps.has(task.appId)) return task
    log.warn({ task: task.id }, 'a task names an app that its build does not have')
    return { ...task, appId: '' }
  })
}
