import { Fault } from '@reeve/base'
import { type Client, endpoints, type TemplateVersionResource } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { findTemplate } from './templates.ts'
import { pairsOf } from './name-values.ts'

type Resource = (typeof TemplateVersionResource)['_output']

const columns: readonly Column<Resource>[] = [
  { name: 'address', value: (row) => row.address, priority: 0, elastic: true },
  { name: 'type', value: (row) => row.type, priority: 1 },
  { name: 'agents', value: (row) => row.agents.map(({ name }) => name).join(', '), priority: 0 },
  {
    name: 'apps',
    value: (row) => row.agents.flatMap(({ apps }) => apps.map(({ slug }) => slug)).join(', '),
    priority: 1,
  },
  { name: 'cost', value: (row) => row.daily_cost, priority: 2 },
]

interface Plan {
  readonly template: string
  readonly organization: string | undefined
  readonly version: string | undefined
  readonly name: string | undefined
  readonly parameter: readonly string[]
  readonly variable: readonly string[]
}

/** What a workspace with these values would be made of; nothing is made. */
export async function planTemplate(context: Context, input: Plan): Promise<Answer> {
  const { signal } = context.io
  const [parameters, variables] = [pairsOf(input.parameter), pairsOf(input.variable)]
  const client = await context.client()
  const template = await findTemplate(context, client, input.template, input.organization)
  const version =
    input.version === undefined
      ? template.active_version_id
      : await client
          .call(endpoints.getTemplateVersionByName, {
            params: { template: template.id, name: input.version },
            signal,
          })
          .then(({ id }) => id)
  const { id: job } = await client.call(endpoints.createTemplateDryRun, {
    params: { version },
    body: {
      rich_parameter_values: parameters,
      ...(variables.length === 0 ? {} : { user_variable_values: variables }),
      ...(input.name === undefined ? {} : { workspace_name: input.name }),
    },
    signal,
  })
  await ended(context, client, { version, job })
  const resources = await client.call(endpoints.listTemplateDryRunResources, { params: { version, job }, signal })
  return table(resources, columns, (row) => row.address, 'it would make nothing')
}

async function ended(
  context: Context,
  client: Client,
  params: { readonly version: string; readonly job: string },
): Promise<void> {
  const { signal } = context.io
  for await (const line of await client.events(endpoints.followTemplateDryRunLogs, { params, signal })) {
    if (line.log_level !== 'debug' && line.log_level !== 'trace') context.note(`  ${line.output}`)
  }
  const { status, error } = await client.call(endpoints.getTemplateDryRun, { params, signal })
  if (status !== 'succeeded') throw new Fault('conflict', `the plan ${status}: ${error ?? 'nothing is said of why'}`)
}
