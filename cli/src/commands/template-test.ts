import { randomBytes } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { Fault } from '@reeve/base'
import { type Client, endpoints, type Template, type TemplateVersion, type Workspace } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { describeFailure, showFailure } from '../failure.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { styleFor } from '../output/style.ts'
import { buildEnded } from './build-ended.ts'
import { pairsOf } from './name-values.ts'
import { imported, readVariables, uploaded, type Variables } from './template-import.ts'
import { presetOf } from './template-preset.ts'
import { readSource, type Source } from './template-source.ts'
import { agentFor, agentsConnected, commandHeld, scriptsHeld } from './template-test-steps.ts'
import { archiveTested, deleteTested, removeTested } from './template-test-teardown.ts'
import { createTrial, type Limit, startLimit, type Step, type Trial } from './template-trial.ts'
import { findTemplate, findVersion, orNull } from './templates.ts'

interface Input extends Variables {
  readonly folder: string | undefined
  readonly command: readonly string[]
  readonly name: string | undefined
  readonly organization: string | undefined
  readonly version: string | undefined
  readonly param: readonly string[]
  readonly parameter: readonly string[]
  readonly preset: string | undefined
  readonly var: readonly string[]
  readonly agent: string | undefined
  readonly keep: boolean
}

/** What is tested, all of it read before anything is made. */
interface Subject {
  readonly organization: string
  /** Null where one is made for the test alone. */
  readonly template: Template | null
  /** Of that one. Nobody else makes one of this name, so that two tests at a time do not meet. */
  readonly ownName: string
  readonly workspaceName: string
  /** Null where a version that there is already is tested. */
  readonly source: Source | null
  readonly variables: { name: string; value: string }[]
  readonly parameters: { name: string; value: string }[]
}

/** What has been made so far. */
interface Made {
  pushed: TemplateVersion | null
  version: TemplateVersion | null
  workspace: Workspace | null
}

const testMs = 15 * 60_000
const tearDownMs = 15 * 60_000
/** `--timeout` is of the whole test, and an answer of the server has its own. */
const callMs = 60_000

export async function testTemplate(context: Context, input: Input): Promise<Answer> {
  const { url, token } = await context.session()
  const client = await context.clientFor(url, token, callMs)
  const made: Made = { pushed: null, version: null, workspace: null }
  const subject = await subjectOf(context, client, input, made)
  const trial = createTrial(context)
  using limit = startLimit(context.globals.timeoutMs ?? testMs, context.io.signal)
  try {
    await tried(within(context, client, limit), client, { input, subject, made, trial, limit })
  } catch (thrown) {
    if (trial.failed === null) throw thrown
  }
  if (input.keep) tellKept(context, subject, made)
  else await tearDown(context, client, { subject, made, trial })
  if (trial.failed === null && !input.keep) tellPassed(context, subject, made)
  return answerOf(context, trial, made)
}

/** What waits there ends with the limit. */
const within = (context: Context, client: Client, { signal }: Limit): Context => ({
  ...context,
  io: { ...context.io, signal },
  client: async () => client,
})

async function subjectOf(context: Context, client: Client, input: Input, made: Made): Promise<Subject> {
  const { folder = '.', version, organization = 'default' } = input
  if (version !== undefined && (input.folder !== undefined || input.name === undefined)) {
    throw new Fault('invalid', '--version is of a template that there is, and takes no folder', {
      fix: 'name the template with --name, and leave the folder out',
    })
  }
  const name = input.name ?? (folder === '-' ? undefined : basename(resolve(context.io.cwd, folder)))
  if (name === undefined) throw new Fault('invalid', 'the template needs a name', { fix: 'give it with --name' })
  const parameters = pairsOf([...input.param, ...input.parameter])
  const variables = await readVariables(context, { ...input, variable: [...input.variable, ...input.var] })
  if (version !== undefined && variables.length > 0) {
    throw new Fault('invalid', 'the variables of a version were given when it was pushed', {
      fix: 'leave --variable out, or test the folder',
    })
  }
  const source = version === undefined ? await readSource(context.io, folder) : null
  const found = findTemplate(context, client, name, organization)
  const template = source === null ? await found : await orNull(found)
  if (template !== null && version !== undefined) {
    made.version = await findVersion(context, client, template, version)
  }
  const mark = randomBytes(4).toString('hex')
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 16)
    .replace(/^-|-$/g, '')
  return {
    organization,
    template,
    ownName: `${slug === '' ? 'template' : slug}-test-${mark}`,
    workspaceName: `test-${mark}`,
    source,
    variables,
    parameters,
  }
}

interface Try {
  readonly input: Input
  readonly subject: Subject
  readonly made: Made
  readonly trial: Trial
  readonly limit: Limit
}

async function tried(context: Context, client: Client, { input, subject, made, trial, limit }: Try): Promise<void> {
  const { source } = subject
  if (source !== null) {
    await trial.step(limit, 'import', 'correct what the import says of the files', () =>
      pushed(context, client, subject, made, source),
    )
  }
  await trial.step(limit, 'build', 'see what Terraform says above', () => built(context, client, input, subject, made))
  const workspace = need(made.workspace)
  const look = `give --keep, and look into ${workspace.name}: reeve workspaces agent-logs, reeve ssh`
  let agents: Awaited<ReturnType<typeof agentsConnected>> = []
  await trial.step(limit, 'agents', 'see whether its machine runs the init_script and reaches the server', async () => {
    agents = await agentsConnected(context, client, workspace)
    return agents.length === 0 ? 'it has none' : agents.map(({ name }) => name).join(', ')
  })
  if (agents.length > 0) {
    await trial.step(limit, 'scripts', look, async () => {
      await scriptsHeld(context, client, workspace, agents)
      return ''
    })
  }
  if (input.command.length === 0) return
  // As ssh does it: the words, with spaces between, for the shell over there.
  const command = input.command.join(' ')
  await trial.step(limit, 'command', look, async () => {
    await commandHeld(context, workspace, agentFor(agents, input.agent), command)
    return command
  })
}

const need = <T>(one: T | null): T => {
  if (one === null) throw new Fault('internal', 'a step has not made what the next one needs')
  return one
}

/**
 * The version is active in a template that was made for it, and in no other. What makes something is not cut off: whether
 * there is something to take away would not be known then.
 */
async function pushed(context: Context, client: Client, subject: Subject, made: Made, source: Source): Promise<string> {
  const { template, organization, variables, ownName } = subject
  const hash = await uploaded(context, client, source)
  context.io.signal.throwIfAborted()
  made.pushed = await client.call(endpoints.createTemplateVersion, {
    params: { organization },
    body: {
      file_id: hash,
      user_variable_values: variables,
      message: 'made by reeve templates test',
      ...(template === null ? {} : { template_id: template.id }),
    },
  })
  made.version = await imported(context, client, made.pushed)
  if (template !== null) return `${made.version.name} of ${template.name}`
  const body = { name: ownName, template_version_id: made.version.id, disable_everyone_group_access: true }
  await client.call(endpoints.createTemplate, { params: { organization }, body })
  return `${made.version.name} of ${ownName}, which is made for this`
}

async function built(context: Context, client: Client, input: Input, subject: Subject, made: Made): Promise<string> {
  const { id: version } = need(made.version)
  const preset = input.preset === undefined ? null : await presetOf(context, client, version, input.preset)
  context.io.signal.throwIfAborted()
  made.workspace = await client.call(endpoints.createWorkspace, {
    params: { user: 'me' },
    body: {
      name: subject.workspaceName,
      template_version_id: version,
      rich_parameter_values: subject.parameters,
      reason: 'cli',
      ...(preset === null ? {} : { template_version_preset_id: preset }),
    },
  })
  await buildEnded(context, client, made.workspace.latest_build.id)
  return made.workspace.name
}

/** Whatever became of the test: Ctrl-C, which ended it, does not end this; a second one ends the command. */
async function tearDown(
  context: Context,
  client: Client,
  { subject, made, trial }: Pick<Try, 'subject' | 'made' | 'trial'>,
): Promise<void> {
  using limit = startLimit(tearDownMs, new AbortController().signal)
  const inside = within(context, client, limit)
  const last = (name: string, fix: string, work: () => Promise<string>): Promise<void> =>
    // It is noted, and the rest is taken away all the same.
    trial.step(limit, name, fix, work).catch(() => {})
  const held = trial.failed === null
  const { template, workspaceName, ownName, organization } = subject
  await last('delete', `delete it: reeve workspaces delete ${workspaceName}`, () =>
    deleteTested(inside, client, workspaceName),
  )
  const version = made.pushed
  if (version === null || (template !== null && held && trial.failed === null)) return
  await last('tidy', `see reeve templates versions ${template?.name ?? ownName}`, async () => {
    const gone = template === null ? await removeTested(inside, client, ownName, organization) : null
    if (gone !== null) return `${gone.name} is removed`
    await archiveTested(inside, client, version)
    return `${version.name} is archived`
  })
}

function tellKept({ note }: Context, { template, ownName, workspaceName }: Subject, { pushed: version }: Made): void {
  note(`kept: the workspace ${workspaceName}; when done: reeve workspaces delete ${workspaceName}`)
  if (template === null) note(`kept: the template ${ownName}; after that: reeve templates remove ${ownName}`)
  else if (version !== null) note(`kept: ${version.name} of ${template.name}, which is not active`)
}

function tellPassed({ note }: Context, { template }: Subject, { version }: Made): void {
  if (template === null || version === null || version.active) return
  note(`to have new workspaces made of it: reeve templates promote ${template.name} ${version.name}`)
}

const columns: readonly Column<Step>[] = [
  { name: 'step', value: (row) => row.name, priority: 0 },
  { name: 'ok', value: (row) => row.ok, priority: 0, tone: ({ ok }) => (ok ? 'green' : 'red') },
  { name: 'seconds', value: (row) => row.seconds, priority: 0 },
  { name: 'detail', value: (row) => row.detail, priority: 1, elastic: true },
]

function answerOf({ globals, io }: Context, { steps, failed }: Trial, { pushed: push, version }: Made): Answer {
  let exitCode = 0
  if (failed !== null) {
    const failure = describeFailure(failed, 'templates test')
    exitCode = failed.code === 'timeout' ? failure.exit_code : 1
    const asJson = globals.format === 'json' || globals.format === 'jsonl'
    const style = styleFor(globals.color, io.env, io.tty.stderr)
    if (!io.signal.aborted) io.stderr.write(showFailure({ ...failure, try: null, exit_code: exitCode }, asJson, style))
  }
  return {
    ...table(steps, columns, ({ name }) => name, ''),
    document: () => ({ version: (version ?? push)?.name ?? null, steps, ok: failed === null }),
    exitCode,
  }
}
