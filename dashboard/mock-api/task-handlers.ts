import type { ServerResponse } from 'node:http'
import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { Task, TaskDetails, TaskLogEntry, TaskLogEvent, TaskState, User, Workspace } from '@reeve/sdk'
import { type Asked, type Handlers, pageAfter } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import type { World } from './seed.ts'
import { templatesOf } from './template-handlers.ts'
import { workspaceHandlers, workspacesOf } from './workspace-handlers.ts'

/**
 * Tasks in every state: queued, starting, working, waiting for words, done, paused with what was kept, failed, and one of
 * a stranger with hostile words everywhere. Where one is follows from its workspace, as it does in the product.
 */

interface Kept {
  task: TaskDetails
  readonly workspaceId: string | null
  state: TaskState | null
  log: TaskLogEntry[]
  readonly watchers: Set<ServerResponse>
}

const kept = new WeakMap<World, Kept[]>()

const minuteMs = 60_000
const at = (minutesAgo: number): string => new Date(systemClock.now().getTime() - minutesAgo * minuteMs).toISOString()

export function tasksOf(asked: Pick<Asked, 'world'>): Kept[] {
  const found = kept.get(asked.world) ?? seed(asked.world)
  kept.set(asked.world, found)
  return found
}

function seed(world: World): Kept[] {
  const [dana, eli] = world.users
  if (dana === undefined || eli === undefined) return []
  const workspace = (name: string) => workspacesOf({ world }).find((one) => one.workspace.name === name)?.workspace
  const ranBy = (owner: User, name: string): Workspace | undefined => {
    const made = workspaceHandlers.createWorkspace?.(
      { params: { user: 'me' }, query: {}, body: { name } },
      { world, user: owner },
    )
    for (const _ of ['runs', 'has run'])
      workspaceHandlers.getWorkspace?.(
        { params: { workspace: made?.id ?? '' }, query: {}, body: undefined },
        { world, user: owner },
      )
    return made
  }
  return [
    make(world, dana, 'billing-test', 'Fix the flaky billing test', {
      workspace: workspace('billing'),
      state: ['working', 'Running npm test'],
      log: [
        ['input', 'Fix the flaky billing test.'],
        ['output', 'I will look at the test first.\n\n  src/billing/setup.ts has a race in setup().'],
        ['output', `Adding a lock.\n${'very-long-line '.repeat(40)}`],
      ],
      tokens: 61_412,
    }),
    make(world, dana, 'node-26', 'Bump node to 26', {
      workspace: ranBy(dana, 'node-26'),
      state: ['idle', 'Which image does CI use?'],
      log: [
        ['input', 'Bump node to 26.'],
        ['output', 'Which image does CI use?'],
      ],
      tokens: 184_000,
    }),
    make(world, dana, 'changelog', 'Write the changelog', {
      workspace: ranBy(dana, 'changelog'),
      state: ['complete', 'The changelog is written'],
      log: [['output', 'The changelog is written.']],
      tokens: 9_900,
    }),
    make(world, dana, 'docs-pass', 'A pass over the docs', {
      workspace: workspace('old-desk'),
      log: [
        ['input', 'Go over the docs.'],
        ['output', 'Two pages are left.'],
      ],
      tokens: 400_000,
      change: { snapshot_at: at(5000), token_budget: 500_000, time_limit_seconds: 7200, labels: { team: 'docs' } },
    }),
    make(world, dana, 'deps', 'Update the dependencies', { workspace: workspace('nightly') }),
    make(world, dana, 'lint', 'Make the linter quiet', {}),
    make(world, eli, 'odd', hostileTexts[0]!, {
      workspace: workspacesOf({ world }).find(({ workspace: { owner_id: id } }) => id === eli.id)?.workspace,
      log: [['output', hostileTexts[1]!]],
      change: { labels: { [hostileTexts[2]!.slice(0, 20)]: hostileTexts[3]! }, last_message: hostileTexts[4] ?? null },
    }),
  ]
}

interface Seeded {
  readonly workspace?: Workspace | undefined
  readonly state?: readonly [TaskState['state'], string]
  readonly log?: readonly (readonly ['input' | 'output', string])[]
  readonly tokens?: number
  readonly change?: Partial<TaskDetails>
}

function make(world: World, owner: User, name: string, prompt: string, seeded: Seeded): Kept {
  const { template } = templatesOf({ world })[0]!
  const when = at(30)
  const task: TaskDetails = {
    id: uuidv7(new Date(when)),
    organization_id: template.organization_id,
    organization_name: template.organization_name,
    owner_id: owner.id,
    owner_name: owner.username,
    owner_avatar_url: '',
    name,
    display_name: prompt.slice(0, 64),
    template_id: template.id,
    template_version_id: template.active_version_id,
    template_version_name: template.active_version_name,
    template_name: template.name,
    template_display_name: template.display_name,
    template_icon: '',
    workspace_id: seeded.workspace?.id ?? null,
    workspace_name: seeded.workspace?.name ?? '',
    workspace_agent_id: null,
    workspace_agent_lifecycle: null,
    workspace_agent_health: null,
    workspace_app_slug: null,
    workspace_app_health: null,
    initial_prompt: prompt,
    last_message: seeded.log?.findLast(([type]) => type === 'output')?.[1].slice(0, 200) ?? null,
    status: 'pending',
    current_state: null,
    error: '',
    paused_reason: '',
    labels: {},
    token_budget: null,
    tokens_used: seeded.tokens ?? 0,
    time_limit_seconds: null,
    seconds_used: 1260,
    on_limit: 'pause',
    limit_reached: '',
    builds_counted: 1,
    forked_from: null,
    snapshot_at: null,
    created_at: when,
    updated_at: when,
    session_ids: world.sessions.slice(0, seeded.log === undefined ? 0 : 2).map(({ session }) => session.id),
    ...seeded.change,
  }
  const has = workspacesOf({ world }).find(({ workspace }) => workspace.id === task.workspace_id)
  if (has !== undefined) has.workspace = { ...has.workspace, task_id: task.id, task_name: task.name }
  const [state, message] = seeded.state ?? []
  return {
    task,
    workspaceId: seeded.workspace?.id ?? null,
    state: state === undefined ? null : { timestamp: at(2), state, message: message ?? '', uri: '' },
    log: (seeded.log ?? []).map(([type, content], id) => ({ id, content, type, time: at(25 - id) })),
    watchers: new Set(),
  }
}

/** The task as it is where its workspace is now. */
function shown(asked: Pick<Asked, 'world'>, { task, workspaceId, state }: Kept): TaskDetails {
  const workspace = workspacesOf(asked).find((one) => one.workspace.id === workspaceId)?.workspace
  if (workspace === undefined) return task
  const { latest_build: build } = workspace
  const { status } = build
  const isActive = status === 'running'
  const isStarting = status === 'starting' || status === 'pending'
  const isPaused = status === 'stopped' || status === 'stopping'
  return {
    ...task,
    workspace_status: status,
    workspace_build_id: build.id,
    workspace_build_number: build.build_number,
    status: isActive ? 'active' : isPaused ? 'paused' : isStarting ? 'initializing' : 'error',
    current_state: isActive ? state : null,
    paused_reason: isPaused ? build.reason : '',
    error: build.job.error ?? '',
    snapshot_at: isPaused ? (task.snapshot_at ?? build.created_at) : null,
  }
}

const details = (asked: Pick<Asked, 'world'>, found: Kept): TaskDetails => shown(asked, found)
const sees = ({ user }: Asked, { task }: Kept): boolean =>
  user.roles.some(({ name }) => name !== 'member') || task.owner_id === user.id

function find(asked: Asked, ref: string): Kept {
  const found = tasksOf(asked).find((one) => (one.task.id === ref || one.task.name === ref) && sees(asked, one))
  if (found === undefined) throw new Fault('not_found', 'there is no such task')
  return found
}

function matches(task: Task, q: string, me: string): boolean {
  return q.split(/\s+/).every((term) => {
    const [, key, value = ''] = /^(\w+):(.*)$/.exec(term) ?? []
    if (key === 'owner') return task.owner_name === (value === 'me' ? me : value)
    if (key === 'status') return value.split(',').includes(task.status)
    if (key === 'template') return task.template_name === value
    if (key === 'organization') return task.organization_name === value
    if (key === 'label') return Object.entries(task.labels).some(([name, text]) => `${name}=${text}`.startsWith(value))
    if (key === undefined) return task.name.includes(term)
    const detail = `there is no key ${key}; the keys are owner, organization, status, template, label`
    throw new Fault('invalid', 'the search cannot be read', { problems: [{ field: 'q', detail }] })
  })
}

function tell(found: Kept, ...events: readonly TaskLogEvent[]): void {
  for (const res of found.watchers) for (const event of events) res.write(`data: ${JSON.stringify(event)}\n\n`)
}

/** What is said from now on; of the one that works, one line more that grows. */
export function followTaskLogs(res: ServerResponse, asked: Asked, id: string, after: number): void {
  const found = find(asked, id)
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).write(': open\n\n')
  found.watchers.add(res)
  res.on('close', () => found.watchers.delete(res))
  const task = shown(asked, found)
  if (task.snapshot_at !== null) tell(found, { kind: 'snapshot', snapshot_at: task.snapshot_at })
  for (const entry of found.log.filter((one) => one.id > after)) tell(found, { kind: 'entry', entry })
  if (task.current_state?.state !== 'working') return
  const next = { id: found.log.length, type: 'output', time: at(0) } as const
  tell(found, { kind: 'entry', entry: { ...next, content: 'Running the' } })
  tell(found, { kind: 'entry', entry: { ...next, content: 'Running the tests again.' } })
}

/** A build of its workspace, as the page of workspaces would begin it. */
function build(asked: Asked, found: Kept, transition: 'start' | 'stop', reason: string) {
  if (found.workspaceId === null) throw new Fault('conflict', 'the task has no workspace yet')
  const begun = workspaceHandlers.createWorkspaceBuild?.(
    { params: { workspace: found.workspaceId }, query: {}, body: { transition } },
    asked,
  )
  const of = workspacesOf(asked).find(({ workspace }) => workspace.id === found.workspaceId)
  if (begun === undefined || of === undefined) throw new Fault('conflict', 'it cannot be built')
  const named = { ...begun, reason }
  of.builds = of.builds.map((one) => (one.id === named.id ? named : one))
  of.workspace = { ...of.workspace, latest_build: named }
  return { workspace_build: named }
}

const saidSo = (found: Kept, state: TaskState['state'], message: string): void => {
  found.state = { timestamp: at(0), state, message, uri: '' }
}

function created(asked: Asked, prompt: string, change: Partial<TaskDetails>): TaskDetails {
  const name = prompt
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 24)
  const workspace = workspaceHandlers.createWorkspace?.(
    { params: { user: 'me' }, query: {}, body: { name: `${name}-${tasksOf(asked).length}` } },
    asked,
  )
  const made = make(asked.world, asked.user, name, prompt, {
    workspace,
    state: ['idle', 'What else?'],
    log: [['input', prompt]],
    change: { session_ids: [], ...change },
  })
  tasksOf(asked).push(made)
  return details(asked, made)
}

export const taskHandlers: Handlers = {
  listTasks: ({ query }, asked) => {
    const { q = '' } = query
    const rows = tasksOf(asked)
      .filter((one) => sees(asked, one))
      .map((one) => shown(asked, one))
      .filter((one) => matches(one, q.trim(), asked.user.username))
      .sort((a, b) => b.id.localeCompare(a.id))
    return { tasks: pageAfter(rows, query.after_id, query.limit ?? 25), count: rows.length }
  },
  getTask: ({ params }, asked) => {
    const found = find(asked, params.task)
    if (found.workspaceId !== null)
      workspaceHandlers.getWorkspace?.({ params: { workspace: found.workspaceId }, query: {}, body: undefined }, asked)
    return details(asked, found)
  },
  createTask: ({ body }, asked) => {
    const given = body.rich_parameter_values ?? []
    const bad = given.filter(({ name, value }) => name === 'cpu' && !/^\d+$/.test(value))
    if (bad.length > 0) {
      const problems = bad.map(({ name }) => ({ field: `rich_parameter_values.${name}`, detail: 'is no number' }))
      throw new Fault('invalid', 'the task cannot be built with these values', { problems })
    }
    return created(asked, body.input, {
      token_budget: body.token_budget ?? null,
      time_limit_seconds: body.time_limit_seconds ?? null,
    })
  },
  forkTask: ({ params, body }, asked) => {
    const { task } = find(asked, params.task)
    return created(asked, body.input ?? task.initial_prompt ?? '', { forked_from: task.id })
  },
  updateTask: ({ params, body }, asked) => {
    const found = find(asked, params.task)
    found.task = { ...found.task, ...Object.fromEntries(Object.entries(body)) }
    return details(asked, found)
  },
  deleteTask: ({ params }, asked) => {
    const found = find(asked, params.task)
    const all = tasksOf(asked)
    all.splice(all.indexOf(found), 1)
    return { workspace_build: null }
  },
  setTaskInput: ({ params, body }, asked) => {
    const found = find(asked, params.task)
    found.task = { ...found.task, initial_prompt: body.input }
    return undefined
  },
  sendToTask: ({ params, body }, asked) => {
    const found = find(asked, params.task)
    const { status } = shown(asked, found)
    if (status !== 'active') throw new Fault('conflict', `the task is ${status}`)
    const entry = { id: found.log.length, content: body.input, type: 'input', time: at(0) } as const
    found.log.push(entry)
    saidSo(found, 'working', 'Reading')
    tell(found, { kind: 'entry', entry }, { kind: 'status', status: 'active', current_state: found.state })
    return undefined
  },
  listTaskLogs: ({ params }, asked) => {
    const found = find(asked, params.task)
    const { status, snapshot_at: keptAt } = shown(asked, found)
    if (status === 'error') throw new Fault('conflict', 'the task is in error')
    return { logs: [...found.log], ...(keptAt === null ? {} : { snapshot: true, snapshot_at: keptAt }) }
  },
  pauseTask: ({ params }, asked) => build(asked, find(asked, params.task), 'stop', 'task_manual_pause'),
  resumeTask: ({ params }, asked) => {
    const found = find(asked, params.task)
    const begun = build(asked, found, 'start', 'task_resume')
    found.task = { ...found.task, builds_counted: found.task.builds_counted + 1, snapshot_at: null }
    saidSo(found, 'idle', 'Where were we?')
    return begun
  },
  waitForTask: ({ params }, asked) => {
    const found = find(asked, params.task)
    if (found.workspaceId !== null)
      workspaceHandlers.getWorkspace?.({ params: { workspace: found.workspaceId }, query: {}, body: undefined }, asked)
    const task = shown(asked, found)
    const state = task.current_state?.state
    const reached =
      state === 'idle' ? 'idle' : state === 'complete' ? 'done' : task.status === 'error' ? 'failed' : null
    return { reached, task }
  },
}
