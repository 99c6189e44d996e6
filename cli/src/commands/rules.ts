import { Fault } from '@reeve/base'
import { type AiRules, endpoints, type RuleDecision, type UsedModel } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

/** An empty list is not the same as none: it allows nothing. */
const listed = (patterns: readonly string[] | null, none: string): string => {
  if (patterns === null) return none
  return patterns.length === 0 ? 'nothing' : patterns.join(' ')
}

const columns: readonly Column<AiRules>[] = [
  { name: 'organization', value: (row) => row.organization_name, priority: 0 },
  { name: 'group', value: (row) => row.group_name, priority: 0 },
  { name: 'models', value: (row) => listed(row.models, 'not bounded'), priority: 0, elastic: true },
  { name: 'tools_allowed', value: (row) => listed(row.tools_allowed, 'not bounded'), priority: 1, elastic: true },
  { name: 'tools_denied', value: (row) => row.tools_denied.join(' '), priority: 0, elastic: true },
  { name: 'contact', value: (row) => row.contact, priority: 2, elastic: true },
  { name: 'version', value: (row) => row.version, priority: 4 },
  instantColumn('updated', (row) => row.updated_at, 3),
]
const idOf = (row: AiRules): string => row.group_id ?? row.organization_id
const oneSet = (row: AiRules): Answer => one(row, columns, idOf)

interface Place {
  readonly organization: string | undefined
  readonly group: string | undefined
}

const at = ({ organization = 'default', group }: Place) => ({
  params: { organization },
  query: group === undefined ? {} : { group },
})

export async function listRules(context: Context): Promise<Answer> {
  const client = await context.client()
  const rows = await client.call(endpoints.listAiRules, { signal: context.io.signal })
  return table(rows, columns, idOf, 'no rules: every model may be asked and every tool called')
}

export async function showRules(context: Context, input: Place): Promise<Answer> {
  const client = await context.client()
  return oneSet(await client.call(endpoints.getAiRules, { ...at(input), signal: context.io.signal }))
}

interface SetInput extends Place {
  readonly model: readonly string[]
  readonly anyModel: boolean
  readonly allowTool: readonly string[]
  readonly anyTool: boolean
  readonly denyTool: readonly string[]
  readonly denyNoTool: boolean
  readonly contact: string | undefined
}

/** What was read is named by its version, so that nobody's change of that moment is written over. */
export async function setRules(context: Context, input: SetInput): Promise<Answer> {
  const { contact } = input
  const models = chosen(input.model, '--model', input.anyModel, '--any-model')
  const allowed = chosen(input.allowTool, '--allow-tool', input.anyTool, '--any-tool')
  const denied = chosen(input.denyTool, '--deny-tool', input.denyNoTool, '--deny-no-tool')
  if ([models, allowed, denied, contact].every((given) => given === undefined))
    throw new Fault('invalid', 'nothing to change', { fix: 'say what: reeve rules set --help' })
  const client = await context.client()
  const { signal } = context.io
  const before = await client.call(endpoints.getAiRules, { ...at(input), signal })
  const body = {
    models: models === undefined ? before.models : models,
    tools_allowed: allowed === undefined ? before.tools_allowed : allowed,
    tools_denied: denied === undefined ? before.tools_denied : (denied ?? []),
    contact: contact ?? before.contact,
    version: before.version,
  }
  return oneSet(await client.call(endpoints.putAiRules, { ...at(input), body, signal }))
}

/** Undefined where neither was said, and null where the list is to go. */
function chosen(list: readonly string[], name: string, none: boolean, noneName: string): string[] | null | undefined {
  if (list.length === 0) return none ? null : undefined
  if (none) throw new Fault('invalid', `${name} and ${noneName} cannot both be meant`)
  return [...list]
}

const usedColumns: readonly Column<UsedModel>[] = [
  { name: 'model', value: (row) => row.model, priority: 0, elastic: true },
  { name: 'provider', value: (row) => row.provider_name, priority: 0 },
  {
    name: 'would_be',
    value: (row) => (row.denied ? 'denied' : 'allowed'),
    priority: 0,
    tone: (row) => (row.denied ? 'red' : null),
  },
  { name: 'requests', value: (row) => row.requests, priority: 1 },
  { name: 'people', value: (row) => row.people, priority: 2 },
]

export async function previewRules(
  context: Context,
  input: Place & { readonly model: readonly string[] },
): Promise<Answer> {
  const { model, group } = input
  if (model.length === 0) throw new Fault('invalid', '--model is missing', { fix: 'give the patterns to be tried' })
  const client = await context.client()
  const { models } = await client.call(endpoints.previewAiRules, {
    params: at(input).params,
    body: { models: [...model], ...(group === undefined ? {} : { group }) },
    signal: context.io.signal,
  })
  return table(models, usedColumns, (row) => `${row.provider_name}/${row.model}`, 'no model was asked in that time')
}

interface CheckInput {
  readonly user: string | undefined
  readonly provider: string | undefined
  readonly model: string | undefined
  readonly tool: string | undefined
  readonly organization: string | undefined
}

export async function checkRules(context: Context, input: CheckInput): Promise<Answer> {
  const { user, provider, model, tool, organization } = input
  if (provider === undefined || model === undefined)
    throw new Fault('invalid', '--provider and --model are needed', { fix: 'reeve rules check --help' })
  const client = await context.client()
  const answer = await client.call(endpoints.checkAiRules, {
    body: {
      provider,
      model,
      ...(user === undefined ? {} : { user }),
      ...(tool === undefined ? {} : { tool }),
      ...(organization === undefined ? {} : { organization }),
    },
    signal: context.io.signal,
  })
  const fields: readonly Column<RuleDecision>[] = [
    { name: 'subject', value: (row) => (row.subject === 'model' ? 'model' : 'tool'), priority: 0 },
    { name: 'name', value: (row) => row.name, priority: 0, elastic: true },
    {
      name: 'allowed',
      value: (row) => row.allowed,
      priority: 0,
      tone: (row) => (row.allowed ? 'green' : 'red'),
    },
    { name: 'rule', value: (row) => row.rule, priority: 0 },
    { name: 'message', value: (row) => row.message, priority: 1, elastic: true },
  ]
  const shown = table(answer.decisions, fields, (row) => row.name, 'nothing was decided')
  return { ...shown, exitCode: answer.allowed ? 0 : 1 }
}

export async function removeRules(context: Context, input: Place): Promise<Answer> {
  const client = await context.client()
  const { signal } = context.io
  const gone = await client.call(endpoints.getAiRules, { ...at(input), signal })
  if (gone.version === 0) throw new Fault('not_found', 'there are no rules')
  const holder = gone.group_name === null ? `organization ${gone.organization_name}` : `group ${gone.group_name}`
  await context.confirm(`Take the rules of the ${holder} away?`)
  await client.call(endpoints.deleteAiRules, { ...at(input), signal })
  return oneSet(gone)
}
