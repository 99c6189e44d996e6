import type { ServerResponse } from 'node:http'
import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type {
  ProvisionerJob,
  ProvisionerJobLog,
  User,
  Workspace,
  WorkspaceBuild,
  WorkspaceStatus,
  WorkspaceTransition,
} from '@reeve/sdk'
import { type Asked, type Handlers, pageAfter } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { homeId } from './organization-handlers.ts'
import { minimal, type World } from './seed.ts'
import { diagnostic, resource } from './seed-workspaces.ts'
import { templatesOf } from './template-handlers.ts'
import { sharingHandlers } from './workspace-sharing-handlers.ts'
import { timeHandlers } from './workspace-time-handlers.ts'
import { agentHandlers, agentOf } from './workspace-agent.ts'

/**
 * Workspaces in the states that matter: one that runs, one whose template has gone on, one that is being started for ever,
 * one of a stranger that failed. A build that is begun here takes one look to begin and one more to end.
 */

interface Kept {
  workspace: Workspace
  builds: WorkspaceBuild[]
  parameters: { name: string; value: string }[]
}

const kept = new WeakMap<World, Kept[]>()

const minuteMs = 60_000
const at = (minutesAgo: number): string => new Date(systemClock.now().getTime() - minutesAgo * minuteMs).toISOString()

export function workspacesOf(asked: Pick<Asked, 'world'>): Kept[] {
  const found = kept.get(asked.world) ?? seed(asked.world)
  kept.set(asked.world, found)
  return found
}

function seed(world: World): Kept[] {
  const [dana, eli] = world.users
  const [small, odd] = templatesOf({ world })
  if (dana === undefined || eli === undefined || small === undefined || odd === undefined) return []
  const old = small.versions.find(({ active }) => !active) ?? small.versions[0]!
  return [
    make(world, dana, 'billing', 30, [
      { transition: 'start', status: 'succeeded', minutesAgo: 30 },
      { transition: 'stop', status: 'succeeded', minutesAgo: 900 },
      { transition: 'start', status: 'failed', minutesAgo: 1000 },
    ]),
    make(world, dana, 'old-desk', 60_000, [
      { transition: 'stop', status: 'succeeded', minutesAgo: 5000, version: { id: old.id, name: old.name } },
      { transition: 'start', status: 'succeeded', minutesAgo: 60_000, version: { id: old.id, name: old.name } },
    ]),
    make(world, dana, 'nightly', 1, [{ transition: 'start', status: 'running', minutesAgo: 0.5 }]),
    make(world, eli, hostileTexts[1]!, 200, [
      { transition: 'start', status: 'failed', minutesAgo: 190, version: { id: old.id, name: hostileTexts[9]! } },
    ]),
  ]
}

interface Seeded {
  readonly transition: WorkspaceTransition
  readonly status: ProvisionerJob['status']
  readonly minutesAgo: number
  readonly version?: { readonly id: string; readonly name: string }
}

function make(world: World, owner: User, name: string, minutesAgo: number, seeds: readonly Seeded[]): Kept {
  const { template } = templatesOf({ world })[0]!
  const id = uuidv7(new Date(at(minutesAgo)))
  const who = { id, name, owner }
  const builds = seeds.map((one, index) =>
    newBuild(who, seeds.length - index, one.transition, one.status, at(one.minutesAgo), {
      version: one.version ?? { id: template.active_version_id, name: template.active_version_name },
      reason: one.transition === 'start' ? 'cli' : 'dashboard',
    }),
  )
  const latest = builds[0]!
  const workspace: Workspace = {
    id,
    name,
    organization_id: homeId,
    organization_name: 'default',
    owner_id: owner.id,
    owner_name: owner.username,
    owner: minimal(owner),
    template_id: template.id,
    template_name: template.name,
    template_display_name: template.display_name,
    template_icon: '',
    template_active_version_id: template.active_version_id,
    template_require_active_version: false,
    template_allow_user_cancel_workspace_jobs: true,
    task_id: null,
    task_name: '',
    latest_build: latest,
    latest_app_status: null,
    outdated: latest.template_version_id !== template.active_version_id,
    autostart_schedule: null,
    next_start_at: null,
    ttl_ms: null,
    automatic_updates: 'never',
    last_used_at: latest.updated_at,
    dormant_at: null,
    deleting_at: null,
    favorite: false,
    created_at: at(minutesAgo),
    updated_at: latest.updated_at,
  }
  return { workspace, builds, parameters: [{ name: 'cpu', value: '4' }] }
}

interface More {
  readonly version: { readonly id: string; readonly name: string }
  readonly reason: string
}

function newBuild(
  { id, name, owner }: { id: string; name: string; owner: User },
  number: number,
  transition: WorkspaceTransition,
  job: ProvisionerJob['status'],
  when: string,
  { version, reason }: More,
): WorkspaceBuild {
  return {
    id: uuidv7(new Date(when)),
    workspace_id: id,
    workspace_name: name,
    workspace_owner_id: owner.id,
    workspace_owner_name: owner.username,
    build_number: number,
    transition,
    status: statusOf(job, transition),
    template_version_id: version.id,
    template_version_name: version.name,
    initiator_id: owner.id,
    initiator: minimal(owner),
    reason,
    job: jobOf(job, owner.id, when),
    deadline: transition === 'start' && job === 'succeeded' ? at(-120) : null,
    max_deadline: null,
    daily_cost: 0,
    created_at: when,
    updated_at: when,
  }
}

const doing = { start: 'starting', stop: 'stopping', delete: 'deleting' } as const
const done = { start: 'running', stop: 'stopped', delete: 'deleted' } as const

function statusOf(job: ProvisionerJob['status'], transition: WorkspaceTransition): WorkspaceStatus {
  if (job === 'running') return doing[transition]
  return job === 'succeeded' ? done[transition] : job
}

const isOver = (status: ProvisionerJob['status']): boolean => /^(?:succeeded|failed|canceled)$/.test(status)

const jobOf = (status: ProvisionerJob['status'], initiator: string, when: string): ProvisionerJob => ({
  id: uuidv7(new Date(when)),
  type: 'workspace_build',
  status,
  organization_id: homeId,
  initiator_id: initiator,
  file_id: null,
  created_at: when,
  started_at: status === 'pending' ? null : when,
  canceled_at: status === 'canceled' ? when : null,
  completed_at: isOver(status) ? new Date(new Date(when).getTime() + 41_000).toISOString() : null,
  error: status === 'failed' ? diagnostic : null,
  error_code: null,
  worker_id: null,
  worker_name: 'reeve-1',
  queue_position: status === 'pending' ? 1 : 0,
  queue_size: status === 'pending' ? 1 : 0,
  logs_overflowed: false,
})

/** The latest build of a workspace as another one. */
function put(found: Kept, build: WorkspaceBuild): WorkspaceBuild {
  found.builds = [build, ...found.builds.filter(({ id }) => id !== build.id)]
  found.workspace = {
    ...found.workspace,
    latest_build: build,
    outdated: build.template_version_id !== found.workspace.template_active_version_id,
  }
  return build
}

function turned(build: WorkspaceBuild, status: ProvisionerJob['status']): WorkspaceBuild {
  const job = jobOf(status, build.initiator_id ?? '', build.created_at)
  return { ...build, status: statusOf(status, build.transition), job: { ...job, id: build.job.id } }
}

/** What was begun here goes on by being looked at; what was seeded stays as it is. */
const begun = new WeakSet<Kept>()

function goOn(found: Kept): void {
  const [latest] = found.builds
  if (latest === undefined || !begun.has(found) || isOver(latest.job.status)) return
  put(found, turned(latest, latest.job.status === 'pending' ? 'running' : 'succeeded'))
}

const missing = (): Fault => new Fault('not_found', 'there is no such workspace')

const sees = ({ user }: Asked, { workspace }: Kept): boolean =>
  user.roles.some(({ name }) => name !== 'member') || workspace.owner_id === user.id

function find(asked: Asked, id: string): Kept {
  const found = workspacesOf(asked).find((one) => one.workspace.id === id && sees(asked, one))
  if (found === undefined || found.workspace.latest_build.status === 'deleted') throw missing()
  return found
}

function findBuild(asked: Asked, id: string): { found: Kept; build: WorkspaceBuild } {
  for (const found of workspacesOf(asked)) {
    const build = found.builds.find((one) => one.id === id)
    if (build !== undefined && sees(asked, found)) return { found, build }
  }
  throw missing()
}

function matches({ workspace }: Kept, q: string, me: string): boolean {
  return q.split(/\s+/).every((term) => {
    const [, key, value = ''] = /^(\w+):(.*)$/.exec(term) ?? []
    if (key === 'owner') return workspace.owner_name === (value === 'me' ? me : value)
    if (key === 'status') return value.split(',').includes(workspace.latest_build.status)
    if (key === 'template') return workspace.template_name === value
    if (key !== undefined && key !== 'name') {
      const problems = [{ field: 'q', detail: `there is no key ${key}; the keys are owner, template, name, status` }]
      throw new Fault('invalid', 'the search cannot be read', { problems })
    }
    return workspace.name.includes(key === 'name' ? value : term)
  })
}

function said(build: WorkspaceBuild): ProvisionerJobLog[] {
  const line = (id: number, stage: string, output: string, level: 'info' | 'error' = 'info'): ProvisionerJobLog => ({
    id,
    created_at: build.created_at,
    log_source: 'provisioner',
    log_level: level,
    stage,
    output,
  })
  if (build.job.status === 'pending') return []
  return [
    line(1, 'init', 'Terraform has been successfully initialized'),
    line(2, 'plan', 'docker_container.workspace[0]: Plan to create'),
    ...(build.job.error === null ? [] : [line(3, 'plan', diagnostic, 'error' as const)]),
    ...(build.job.status === 'succeeded' ? [line(3, 'apply', 'Apply complete')] : []),
  ]
}

/** What a build says while it is followed: of one that goes on for ever, one line more than the log has. */
export function followBuildLog(res: ServerResponse, asked: Asked, id: string): void {
  const { build } = findBuild(asked, id)
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  const line: ProvisionerJobLog = {
    ...said({ ...build, job: { ...build.job, status: 'running' } })[1]!,
    id: 9,
    stage: 'apply',
    output: 'docker_container.workspace[0]: Creating...',
  }
  res.write(`data: ${JSON.stringify(line)}\n\n`)
}

export const workspaceHandlers: Handlers = {
  listWorkspaces: ({ query }, asked) => {
    const { q = '' } = query
    const found = workspacesOf(asked).filter(
      (one) =>
        one.workspace.latest_build.status !== 'deleted' &&
        sees(asked, one) &&
        matches(one, q.trim(), asked.user.username),
    )
    for (const one of found) goOn(one)
    const rows = found.map(({ workspace }) => workspace).sort((a, b) => b.id.localeCompare(a.id))
    return { workspaces: pageAfter(rows, query.after_id, query.limit ?? 25), count: rows.length }
  },
  getWorkspace: ({ params }, asked) => {
    const found = find(asked, params.workspace)
    goOn(found)
    return find(asked, params.workspace).workspace
  },
  ...timeHandlers(find, put),
  ...sharingHandlers(find),
  ...agentHandlers,
  listWorkspaceBuilds: ({ params }, asked) => find(asked, params.workspace).builds,
  createWorkspace: ({ body }, asked) => {
    const all = workspacesOf(asked)
    if (all.some(({ workspace: { name, owner_id: owner } }) => name === body.name && owner === asked.user.id)) {
      throw new Fault('conflict', 'this person has a workspace of this name already', { fix: 'give it another name' })
    }
    const given = body.rich_parameter_values ?? []
    const bad = given.filter(({ name, value }) => name === 'cpu' && !/^\d+$/.test(value))
    if (bad.length > 0) {
      const problems = bad.map(({ name }) => ({ field: `rich_parameter_values.${name}`, detail: 'is no number' }))
      throw new Fault('invalid', 'the workspace cannot be built with these values', { problems })
    }
    const made = make(asked.world, asked.user, body.name, 0, [
      { transition: 'start', status: 'pending', minutesAgo: 0 },
    ])
    made.parameters = [...given]
    begun.add(made)
    all.push(made)
    return made.workspace
  },
  createWorkspaceBuild: ({ params, body }, asked) => {
    const found = find(asked, params.workspace)
    const { workspace, builds } = found
    if (!isOver(workspace.latest_build.job.status)) {
      throw new Fault('conflict', 'another build of this workspace has not ended')
    }
    const { latest_build: latest } = workspace
    const template = templatesOf(asked)[0]!.template
    const updated = body.template_version_id !== undefined
    begun.add(found)
    return put(
      found,
      newBuild(
        { id: workspace.id, name: workspace.name, owner: asked.user },
        builds.length + 1,
        body.transition,
        'pending',
        at(0),
        {
          version: updated
            ? { id: template.active_version_id, name: template.active_version_name }
            : { id: latest.template_version_id, name: latest.template_version_name },
          reason: body.reason ?? 'initiator',
        },
      ),
    )
  },
  cancelWorkspaceBuild: ({ params }, asked) => {
    const { found, build } = findBuild(asked, params.build)
    return put(found, turned(build, 'canceled'))
  },
  listWorkspaceBuildLogs: ({ params }, asked) => said(findBuild(asked, params.build).build),
  listWorkspaceBuildParameters: ({ params }, asked) => [...findBuild(asked, params.build).found.parameters],
  listWorkspaceAgents: ({ params }, asked) => {
    const { workspace } = find(asked, params.workspace)
    return workspace.latest_build.status === 'running' ? [agentOf(workspace)] : []
  },
  listWorkspaceBuildResources: ({ params }, asked) => {
    const { build } = findBuild(asked, params.build)
    return build.transition === 'start' && build.job.status === 'succeeded' ? [resource] : []
  },
}
