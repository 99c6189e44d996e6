import { isFormDynamic } from './dynamic-form.ts'
import { externalAuthOf, parametersOf, presetsOf, tagsOf } from './parameters.ts'
import { makePlan, type Planned, prepare, type Prepared } from './plan.ts'
import type { Failed, ImportResult, Run } from './run.ts'
import type { Tools } from './terraform.ts'

/** What a template is, found out by planning a start and a stop of a workspace that does not exist. */
export async function importVersion(tools: Tools, run: Run): Promise<ImportResult | Failed> {
  const started = await planOnce(tools, run, 'start')
  if (started.failure !== null) return started
  const stopped = await planOnce(tools, run, 'stop')
  if (stopped.failure !== null) return stopped
  const { template, planned } = started
  const makes = (type: string) => planned.instances.some((one) => one.mode === 'managed' && one.type === type)
  return {
    failure: null,
    variables: template.variables,
    readme: template.readme,
    tags: { ...template.tags, ...tagsOf(planned.instances) },
    parameters: parametersOf(planned.instances),
    presets: presetsOf(planned.instances),
    externalAuth: externalAuthOf(planned.instances),
    modulesName: started.modulesName,
    start: planned.resources,
    stop: stopped.planned.resources,
    hasAiTask: makes('coder_ai_task'),
    hasExternalAgent: makes('coder_external_agent'),
    isFormDynamic: isFormDynamic(planned.parts),
    engineVersion: `${tools.engine.name} ${tools.engine.version}`,
    timings: [...started.timings, ...stopped.timings],
  }
}

interface Once extends Pick<Prepared, 'failure' | 'template'>, Pick<ImportResult, 'timings' | 'modulesName'> {
  readonly planned: Planned
}

/** Nobody has chosen values for the parameters yet. */
async function planOnce(tools: Tools, run: Run, transition: 'start' | 'stop'): Promise<Once | Failed> {
  const context = { ...run.context, transition, missingParameters: 'placeholder' as const }
  const prepared = await prepare(tools, { ...run, context }, { buildId: null, state: null })
  if (prepared.failure !== null) return prepared
  await using terraform = prepared.terraform
  const failed = await terraform.init()
  if (failed !== null) return { failure: failed }
  const modulesName = terraform.wordsOfModules()
  const planned = await makePlan(terraform)
  if (planned.failure !== null) return planned
  return { failure: null, template: prepared.template, planned, modulesName, timings: terraform.timings }
}
