import { Fault, isUuid } from '@reeve/base'
import { type Client, endpoints, type Task, type TaskDetails, taskPhase } from '@reeve/sdk'
import { setTimeout as pause } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { type Answer, type Column, one, raw, table, type Tone } from '../output/answer.ts'
import { instantColumn, shortId } from '../output/fields.ts'
import { labelsOf } from './name-values.ts'
import { paged, type PagingInput } from './paging.ts'
import { shellIn, shown } from './workspace-open.ts'

/** Tasks as they are: listed, found, shown, edited, opened. */

const tones: Readonly<Record<string, Tone>> = {
  working: 'cyan',
  'needs input': 'yellow',
  done: 'green',
  failed: 'red',
}

export const taskColumns: readonly Column<Task>[] = [
  { name: 'id', value: (row) => row.id, show: (row) => shortId(row.id), priority: 2 },
  { name: 'name', value: (row) => row.name, priority: 0 },
  { name: 'status', value: (row) => taskPhase(row), priority: 0, tone: (row) => tones[taskPhase(row)] ?? null },
  { name: 'title', value: (row) => row.display_name, priority: 1, elastic: true },
  { name: 'template', value: (row) => `${row.template_name}@${row.template_version_name}`, priority: 1 },
  { name: 'owner', value: (row) => row.owner_name, priority: 2 },
  instantColumn('age', (row) => row.created_at, 1),
  { name: 'tokens', value: (row) => row.tokens_used, priority: 2 },
  { name: 'builds', value: (row) => row.builds_counted, priority: 3 },
  { name: 'last', value: lastWords, priority: 1, elastic: true },
  { name: 'labels', value: (row) => labelText(row.labels), priority: 4 },
]

const detailColumns: readonly Column<TaskDetails>[] = [
  ...taskColumns,
  { name: 'error', value: (row) => row.error, priority: 1, tone: () => 'red', elastic: true },
  { name: 'workspace', value: (row) => row.workspace_name, priority: 3 },
  { name: 'workspace_status', value: (row) => row.workspace_status ?? null, priority: 4 },
  { name: 'link', value: (row) => row.current_state?.uri ?? null, priority: 4 },
  { name: 'token_budget', value: (row) => row.token_budget, priority: 4 },
  { name: 'time_limit_seconds', value: (row) => row.time_limit_seconds, priority: 4 },
  { name: 'limit_reached', value: (row) => row.limit_reached, priority: 4 },
  { name: 'paused_reason', value: (row) => row.paused_reason, priority: 4 },
  { name: 'seconds_used', value: (row) => row.seconds_used, priority: 4 },
  { name: 'sessions', value: (row) => row.session_ids.join(' '), priority: 5 },
  { name: 'forked_from', value: (row) => row.forked_from, priority: 6 },
  { name: 'prompt', value: (row) => row.initial_prompt, priority: 5, elastic: true },
]

/** What it reports of itself, or else the last that it said. */
function lastWords({ current_state: state, last_message: last, error }: Task): string | null {
  if (error !== '') return error
  return state === null || state.message === '' ? last : state.message
}

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')

export const taskIdOf = (row: Task): string => row.id
export const oneTask = (row: TaskDetails): Answer => one(row, detailColumns, taskIdOf)
/** How its owner and others name it. */
export const fullName = (row: Task): string => `${row.owner_name}/${row.name}`
export const pathOf = ({ owner_id: user, id: task }: Task) => ({ user, task })

interface List extends PagingInput {
  readonly query: string | undefined
  readonly user: string | undefined
  readonly status: string | undefined
  readonly quiet: boolean
}

export async function listTasks(context: Context, { query, user, status, quiet, ...paging }: List): Promise<Answer> {
  const client = await context.client()
  const q = [query ?? `owner:${user ?? 'me'}`, status === undefined ? '' : `status:${status}`].join(' ').trim()
  const rows = paged<Task>(context, paging, async (limit, last) => {
    const after = last === undefined ? {} : { after_id: last.id }
    const page = await client.call(endpoints.listTasks, { query: { q, limit, ...after }, signal: context.io.signal })
    return { rows: page.tasks, count: page.count }
  })
  if (quiet) return raw(idsOf(rows))
  return table(rows, taskColumns, taskIdOf, 'no tasks; reeve tasks create makes one')
}

async function* idsOf(rows: AsyncIterable<Task>): AsyncGenerator<string> {
  for await (const { id } of rows) yield `${id}\n`
}

/** By id, as owner/name, one's own by its name, or by a beginning or an end of its id that only one of one's own has. */
export async function findTask({ io: { signal } }: Context, client: Client, ref: string): Promise<TaskDetails> {
  const get = (user: string, task: string) => client.call(endpoints.getTask, { params: { user, task }, signal })
  const [first = '', second, ...more] = ref.split('/')
  if (more.length > 0) throw new Fault('invalid', `${ref} is no task`, { fix: 'name it as owner/name' })
  if (second !== undefined) return get(first, second)
  try {
    return await get('me', ref)
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'not_found' || isUuid(ref)) throw thrown
    const like = /^[0-9a-f-]{2,36}$/i.test(ref) ? await tasksLike(client, ref.toLowerCase(), signal) : []
    const [only, ...others] = like
    if (only === undefined) throw thrown
    if (others.length === 0) return get(only.owner_id, only.id)
    throw new Fault('invalid', `${like.length} of your tasks have ids that begin or end with ${ref}`, {
      fix: 'give more of the id, or the name',
      problems: like.slice(0, 5).map(({ id, name }) => ({ field: name, detail: id })),
    })
  }
}

const pageMax = 1000
/** How far back a part of an id is looked for; a name or a whole id is never looked for at all. */
const pagesMax = 10

async function tasksLike(client: Client, part: string, signal: AbortSignal): Promise<Task[]> {
  const found: Task[] = []
  let after = {}
  for (let page = 0; page < pagesMax; page++) {
    const query = { q: 'owner:me', limit: pageMax, ...after }
    const { tasks } = await client.call(endpoints.listTasks, { query, signal })
    found.push(...tasks.filter(({ id }) => id.endsWith(part) || id.startsWith(part)))
    const last = tasks.at(-1)
    if (last === undefined || tasks.length < pageMax) break
    after = { after_id: last.id }
  }
  return found
}

interface Named {
  readonly task: string
}

export async function showTask(
  context: Context,
  { task, watch }: Named & { readonly watch: boolean },
): Promise<Answer> {
  const client = await context.client()
  const found = await findTask(context, client, task)
  if (!watch) return oneTask(found)
  return { ...table(changesOf(context, client, found), taskColumns, taskIdOf, ''), endless: true }
}

const lookAgainMs = 2_000

/** The task as it is, and again whenever it is another one. */
async function* changesOf(
  { io: { signal } }: Context,
  client: Client,
  found: TaskDetails,
): AsyncGenerator<TaskDetails> {
  yield found
  for (let before = found; ;) {
    await pause(lookAgainMs, undefined, { signal })
    const now = await client.call(endpoints.getTask, { params: pathOf(found), signal })
    if (JSON.stringify(now) !== JSON.stringify(before)) yield now
    before = now
  }
}

interface Edit extends Named {
  readonly displayName: string | undefined
  readonly label: readonly string[]
  readonly budgetTokens: number | undefined
  readonly timeLimit: number | undefined
}

/** Only what is named is changed; a label without a value goes. */
export async function editTask(context: Context, input: Edit): Promise<Answer> {
  const { task, displayName, label, budgetTokens, timeLimit } = input
  const changed = labelsOf(label)
  const client = await context.client()
  const found = await findTask(context, client, task)
  const labels = Object.fromEntries(Object.entries({ ...found.labels, ...changed }).filter(([, value]) => value !== ''))
  const body = {
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(label.length === 0 ? {} : { labels }),
    ...(budgetTokens === undefined ? {} : { token_budget: budgetTokens }),
    ...(timeLimit === undefined ? {} : { time_limit_seconds: Math.ceil(timeLimit / 1000) }),
  }
  if (Object.keys(body).length === 0) throw new Fault('invalid', 'nothing was named to be changed')
  const { signal } = context.io
  return oneTask(await client.call(endpoints.updateTask, { params: pathOf(found), body, signal }))
}

export async function openTask(
  context: Context,
  { task, print, terminal }: Named & { readonly print: boolean; readonly terminal: boolean },
): Promise<Answer> {
  if (terminal && print) throw new Fault('invalid', '--terminal opens no address')
  const found = await findTask(context, await context.client(), task)
  if (!terminal) return shown(context, await addressOf(context, found), print)
  if (found.workspace_id === null || found.status === 'paused') {
    throw new Fault('conflict', `${fullName(found)} does not run`, { fix: `reeve tasks resume ${found.name}` })
  }
  return shellIn(context, found.workspace_id)
}

export const addressOf = async (context: Context, { id }: Task): Promise<string> =>
  new URL(`/tasks/${id}`, await context.url()).href
