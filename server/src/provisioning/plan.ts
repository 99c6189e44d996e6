import { type Failure, failure } from './diagnostic.ts'
import { readGraph } from './graph.ts'
import { type Instance, readInstances } from './instance.ts'
import { aiTasksOf, choiceProblems, parametersOf, parameterValues } from './parameters.ts'
import { readReferences } from './references.ts'
import { readTemplate, type StaticTemplate } from './read-template.ts'
import type { Resource } from './resource.ts'
import { agentProblems, type Parts, resourcesOf } from './resources.ts'
import { scriptOrder } from './script-order.ts'
import type { Failed, PlanResult, Run } from './run.ts'
import { type Kept, openTerraform, type Terraform, type Tools } from './terraform.ts'
import { variableValues } from './variable-values.ts'

/** A plan, as far as anybody but Terraform has to know it. */
export interface Planned {
  readonly failure: null
  readonly resources: readonly Resource[]
  /** Data sources and resources, with what is known of them. */
  readonly instances: readonly Instance[]
  readonly parts: Pick<Parts, 'graph' | 'references'>
  readonly dailyCost: number
}

/** A dry run: nothing is made and nothing is kept. */
export async function planWorkspace(tools: Tools, run: Run): Promise<PlanResult | Failed> {
  const prepared = await prepare(tools, run, { buildId: null, state: null })
  if (prepared.failure !== null) return prepared
  await using terraform = prepared.terraform
  const failed = await terraform.init()
  if (failed !== null) return { failure: failed }
  const planned = await makePlan(terraform)
  if (planned.failure !== null) return planned
  const { resources, dailyCost, instances } = planned
  const [parameters, declared] = [parameterValues(instances), parametersOf(instances)]
  return { failure: null, resources, dailyCost, parameters, declared, timings: terraform.timings }
}

export interface Prepared {
  readonly failure: null
  readonly template: StaticTemplate
  readonly terraform: Terraform
}

/** The template read, its variables' values checked and typed, and Terraform in a folder with all of it. */
export async function prepare(tools: Tools, run: Run, kept: Kept): Promise<Prepared | Failed> {
  const template = await readTemplate(run.source, run.variables, tools.hcl, tools.engine)
  if (template.failure !== null) return template
  const values = variableValues(template.variables, run.variables)
  if (values.failure !== null) return values
  const secrets = template.variables.flatMap(({ name, sensitive, defaultValue }) =>
    sensitive ? [run.variables.get(name) ?? defaultValue ?? ''] : [],
  )
  const terraform = await openTerraform(tools, run, {
    variables: values.json,
    ephemeral: values.ephemeral,
    secrets,
    ...kept,
  })
  return { failure: null, template, terraform }
}

export async function makePlan(terraform: Terraform): Promise<Planned | Failed> {
  // The graph is one of the configuration, which does not wait for the plan.
  const [failed, drawn] = await Promise.all([terraform.plan(), terraform.graph()])
  if (failed !== null) return { failure: failed }
  const shown = await terraform.showPlan()
  if (shown.failure !== null) return shown
  if (drawn.failure !== null) return drawn
  const { planned_values: planned, prior_state: prior, configuration } = Object(shown.json)
  // Data sources are read while planning, and stand with what was before; those that wait for the apply stand with what
  // is planned.
  const before = readInstances(Object(Object(prior).values).root_module).filter(({ mode }) => mode === 'data')
  const instances = [...readInstances(Object(planned).root_module), ...before]
  const parts = { graph: readGraph(drawn.dot), references: readReferences(configuration) }
  const resources = resourcesOf({ ...parts, instances })
  const problem = templateProblem({ ...parts, instances }, resources)
  if (problem !== null) return { failure: problem }
  return { failure: null, resources, instances, parts, dailyCost: costOf(resources) }
}

export const costOf = (resources: readonly Resource[]): number =>
  resources.reduce((sum, { dailyCost }) => sum + dailyCost, 0)

function templateProblem(parts: Parts, resources: readonly Resource[]): Failure | null {
  const { instances } = parts
  const problems = [...agentProblems(resources), ...scriptOrder(parts).problems, ...choiceProblems(instances)]
  if (aiTasksOf(instances).length > 1) problems.push('a template has one coder_ai_task at most')
  return problems.length === 0 ? null : failure(problems.join('; '))
}
