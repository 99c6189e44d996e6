import { Fault } from '@reeve/base'
import { type Client, endpoints, type TaskDetails, type Template } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, raw } from '../output/answer.ts'
import { countsOne } from './builds-used.ts'
import { labelsOf, pairsOf } from './name-values.ts'
import { readText } from './policy-file.ts'
import { needPrompt, type PromptInput } from './task-prompt.ts'
import { readUntil, type Waiting, waited } from './task-wait.ts'
import { addressOf, fullName, oneTask } from './tasks.ts'
import { presetOf } from './template-preset.ts'
import { findTemplate } from './templates.ts'

interface Create extends PromptInput, Waiting {
  readonly prompt: string | undefined
  readonly template: string | undefined
  readonly templateVersion: string | undefined
  readonly organization: string | undefined
  readonly preset: string | undefined
  readonly param: readonly string[]
  readonly parameter: readonly string[]
  readonly name: string | undefined
  readonly displayName: string | undefined
  readonly owner: string | undefined
  readonly idempotencyKey: string | undefined
  readonly label: readonly string[]
  readonly budgetTokens: number | undefined
  readonly timeLimit: number | undefined
  readonly onLimit: 'pause' | 'delete' | undefined
  readonly boundaryPolicy: string | undefined
  readonly wait: boolean
  readonly quiet: boolean
}

export async function createTask(context: Context, input: Create): Promise<Answer> {
  const what = whatOf(context, input)
  readUntil(input.until)
  if (!input.wait && (input.until !== undefined || input.onFail !== undefined)) {
    throw new Fault('invalid', '--until and --on-fail say what is waited for', { fix: 'give --wait' })
  }
  const values = pairsOf([...input.param, ...input.parameter])
  const labels = labelsOf(input.label)
  const prompt = await needPrompt(context, input.prompt, input, 'What is it to do')
  const policy = input.boundaryPolicy === undefined ? null : await readText(context, input.boundaryPolicy)
  const client = await context.client()
  const template = await findTemplate(context, client, what.template, input.organization)
  const version = await versionOf(context, client, template, what.version)
  const preset = await presetOf(context, client, version, what.preset)
  const counts = await countsOne(context, client)
  const made = await client.call(endpoints.createTask, {
    params: { user: input.owner ?? 'me' },
    body: {
      // The active version is left to the server: asked for again with its key, it is the same request then.
      ...(what.version === undefined ? { template_id: template.id } : { template_version_id: version }),
      input: prompt,
      ...(values.length === 0 ? {} : { rich_parameter_values: values }),
      ...(preset === null ? {} : { template_version_preset_id: preset }),
      ...(input.label.length === 0 ? {} : { labels }),
      ...(policy === null ? {} : { boundary_policy: policy }),
      ...optional(input),
    },
    signal: context.io.signal,
  })
  context.note(`${fullName(made)} of ${template.name}@${made.template_version_name}; ${counts}`)
  context.note(await addressOf(context, made))
  if (input.wait) return waited(context, client, made, input)
  return followHint(context, made, input.quiet)
}

function followHint(context: Context, made: TaskDetails, quiet: boolean): Answer {
  context.note(`follow it with: reeve tasks logs -f ${made.name}`)
  return quiet ? raw([`${made.id}\n`]) : oneTask(made)
}

/** The environment names what a pipeline uses everywhere; the older names are those of scripts from elsewhere. */
function whatOf({ io: { env } }: Context, { template, templateVersion, preset }: Create) {
  const named = (...names: readonly string[]) => names.map((name) => env[name]).find((value) => (value ?? '') !== '')
  const found = template ?? named('REEVE_TASK_TEMPLATE', 'CODER_TASK_TEMPLATE_NAME')
  if (found === undefined) {
    throw new Fault('invalid', '--template is missing', {
      fix: 'give --template, or set REEVE_TASK_TEMPLATE; reeve templates list has their names',
    })
  }
  return {
    template: found,
    version: templateVersion ?? named('REEVE_TASK_TEMPLATE_VERSION', 'CODER_TASK_TEMPLATE_VERSION'),
    preset: preset ?? named('REEVE_TASK_PRESET', 'CODER_TASK_PRESET_NAME'),
  }
}

async function versionOf(
  { io: { signal } }: Context,
  client: Client,
  { id, name, active_version_id: active }: Template,
  ref: string | undefined,
): Promise<string> {
  if (ref === undefined) return active
  const params = { template: id }
  for (let after = {}; ;) {
    const page = await client.call(endpoints.listTemplateVersions, { params, query: { limit: 100, ...after }, signal })
    const found = page.find((one) => one.name === ref || one.id === ref)
    if (found !== undefined) return found.id
    const last = page.at(-1)
    if (last === undefined || page.length < 100) throw new Fault('not_found', `${name} has no version ${ref}`)
    after = { after_id: last.id }
  }
}

/** Only what was given: what is left out is for the server to choose. */
const optional = ({ name, displayName, idempotencyKey, budgetTokens, timeLimit, onLimit }: Create) => ({
  ...(name === undefined ? {} : { name }),
  ...(displayName === undefined ? {} : { display_name: displayName }),
  ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
  ...(budgetTokens === undefined ? {} : { token_budget: budgetTokens }),
  ...(timeLimit === undefined ? {} : { time_limit_seconds: Math.ceil(timeLimit / 1000) }),
  ...(onLimit === undefined ? {} : { on_limit: onLimit }),
})
