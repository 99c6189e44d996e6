import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { AccessObject } from '../access/policy.ts'
import { contextOf } from '../keyring/keyring.ts'
import { check, type Entry, type Place, reached } from './matrix-entry.ts'
import { heldTemplateOf, objectOf, templateOf } from './matrix-templates.ts'

/** The routes of workspaces: each with a start that went well, of a template of its own. */

interface Made {
  readonly workspaceId: Uuid
  readonly versionId: Uuid
  readonly name: string
  readonly buildId: Uuid
  readonly template: AccessObject
  readonly object: AccessObject
}

export async function workspaceOf(place: Place): Promise<Made> {
  const { db } = place.world
  const { templateId, versionId } = await heldTemplateOf(place)
  const now = systemClock.now()
  const [workspaceId, buildId, jobId] = [uuidv7(now), uuidv7(now), uuidv7(now)]
  const { organizationId, holder } = place
  const name = place.world.unique('workspace')
  const times = { created_at: now, updated_at: now }
  const workspace = { id: workspaceId, organization_id: organizationId, owner_id: holder.id, template_id: templateId }
  await db.sql
    .insertInto('workspaces')
    .values({ ...workspace, name, ...times })
    .execute()
  const job = { id: jobId, type: 'workspace_build', organization_id: organizationId, input: '{}' }
  await db.sql
    .insertInto('provisioner_jobs')
    .values({ ...job, ...times, started_at: now, completed_at: now })
    .execute()
  const build = { id: buildId, workspace_id: workspaceId, number: 1, transition: 'start', reason: 'initiator' }
  await db.sql
    .insertInto('workspace_builds')
    .values({ ...build, template_version_id: versionId, job_id: jobId, initiator_id: holder.id, ...times })
    .execute()
  const object = { id: workspaceId, ownerId: holder.id, organizationId }
  return { workspaceId, versionId, name, buildId, template: objectOf(templateId, place), object }
}

const build: Entry = async (place) => {
  const { buildId, object } = await workspaceOf(place)
  return { params: { build: buildId }, checks: [check('workspace:read', object, 404)] }
}

const workspace: Entry = async (place) => {
  const { workspaceId, object } = await workspaceOf(place)
  return { params: { workspace: workspaceId }, checks: [check('workspace:read', object, 404)] }
}

const changing =
  (body: object | undefined, answers?: number): Entry =>
  async (place) => {
    const { workspaceId, object } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:update', object, 403)]
    return { params: { workspace: workspaceId }, body, checks, ...(answers === undefined ? {} : { answers }) }
  }

const agent: Entry = async (place) => {
  const { agentId, object } = await agentOf(place)
  return { params: { agent: agentId }, checks: [check('workspace:read', object, 404)] }
}

async function agentOf(place: Place) {
  const { buildId, object } = await workspaceOf(place)
  const { db } = place.world
  const now = systemClock.now()
  const [resourceId, agentId] = [uuidv7(now), uuidv7(now)]
  const resource = { id: resourceId, build_id: buildId, address: 'a.b', type: 'a', name: 'b', hide: false, icon: '' }
  await db.sql
    .insertInto('workspace_resources')
    .values({ ...resource, daily_cost: 0, metadata: '[]' })
    .execute()
  const row = {
    id: agentId,
    resource_id: resourceId,
    name: 'main',
    os: 'linux',
    arch: 'amd64',
    directory: '',
    apps: '[]',
  }
  const plan = {
    auth: 'token',
    sealed_plan: place.world.keyring.seal(
      '{"apps":[],"scripts":[],"metadata":[],"startupScript":""}',
      contextOf('workspace_agents', 'sealed_plan', agentId),
    ),
    created_at: now,
    connection_timeout_seconds: 120,
  }
  await db.sql
    .insertInto('workspace_agents')
    .values({ ...row, ...plan })
    .execute()
  return { agentId, object }
}

export const workspaceEntries = {
  createWorkspace: async (place) => {
    const { templateId } = await templateOf(place)
    const { holder, organizationId } = place
    return {
      params: { user: holder.id },
      body: { name: place.world.unique('made'), template_id: templateId },
      checks: [
        check('user:read', { ownerId: holder.id }, 404),
        ...reached('template:read', 'template:use', objectOf(templateId, place)),
        check('workspace:create', { ownerId: holder.id, organizationId }, 403),
      ],
    }
  },
  listWorkspaces: async (place) => {
    const { workspaceId, object } = await workspaceOf(place)
    const known = [{ id: workspaceId, permission: 'workspace:read' as const, object }]
    // SAFETY: a page of workspaces.
    const ids = (json: unknown) => (json as { workspaces: { id: string }[] }).workspaces.map(({ id }) => id)
    return { list: { ids, known } }
  },
  getWorkspace: workspace,
  getWorkspaceByName: async (place) => {
    const { name, object } = await workspaceOf(place)
    return { params: { user: place.holder.id, name }, checks: [check('workspace:read', object, 404)] }
  },
  renameWorkspace: async (place) => {
    const { workspaceId, object } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:update', object, 403)]
    return { params: { workspace: workspaceId }, body: { name: place.world.unique('renamed') }, checks }
  },
  setWorkspaceAutostart: changing({ schedule: 'CRON_TZ=Europe/Berlin 30 9 * * 1-5' }),
  setWorkspaceTtl: changing({ ttl_ms: 3_600_000 }),
  setWorkspaceAutomaticUpdates: changing({ automatic_updates: 'always' }),
  // It does not stop by itself.
  extendWorkspace: changing({ deadline: '2100-01-01T00:00:00Z' }, 409),
  setWorkspaceDormant: changing({ dormant: true }),
  favorWorkspace: workspace,
  unfavorWorkspace: workspace,
  noteWorkspaceUsage: async (place) => {
    const { workspaceId, object } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:application_connect', object, 403)]
    return { params: { workspace: workspaceId }, body: {}, checks }
  },
  resolveWorkspaceAutostart: workspace,
  watchWorkspace: workspace,
  getWorkspaceQuota: ({ which, holder, world: { home } }) => ({
    params: { user: holder.id },
    checks: [
      check('user:read', { ownerId: holder.id }, 404),
      check('organization:read', { id: home, organizationId: home }, 404),
    ],
    ...(which === 'other organization' ? { answers: 404 } : {}),
  }),
  getMemberWorkspaceQuota: ({ holder, organizationId }) => ({
    params: { user: holder.id, organization: organizationId },
    checks: [
      check('user:read', { ownerId: holder.id }, 404),
      check('organization:read', { id: organizationId, organizationId }, 404),
    ],
  }),
  getWorkspaceAcl: changing(undefined),
  updateWorkspaceAcl: changing({ user_roles: {} }),
  deleteWorkspaceAcl: changing(undefined),
  listWorkspacePortShares: workspace,
  // Its template lets no port be shared.
  shareWorkspacePort: changing({ agent_name: 'main', port: 3000, share_level: 'public' }, 400),
  unshareWorkspacePort: changing({ agent_name: 'main', port: 3000 }, 404),
  listWorkspaceTimings: workspace,
  putWorkspaceBuildState: async (place) => {
    const { buildId, object, template } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('template:update', template, 403)]
    const state = Buffer.from(JSON.stringify({ version: 4, serial: 1, resources: [] })).toString('base64')
    return { params: { build: buildId }, body: { state }, checks }
  },
  createWorkspaceBuild: async (place) => {
    const { workspaceId, object } = await workspaceOf(place)
    return {
      params: { workspace: workspaceId },
      body: { transition: 'stop' },
      checks: [check('workspace:read', object, 404), check('workspace:stop', object, 403)],
    }
  },
  listWorkspaceBuilds: workspace,
  getWorkspaceBuild: build,
  cancelWorkspaceBuild: async (place) => {
    const { buildId, object } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:start', object, 403)]
    // It has ended.
    return { params: { build: buildId }, checks, answers: 409 }
  },
  listWorkspaceBuildParameters: build,
  listWorkspaceBuildResources: build,
  listWorkspaceBuildTimings: build,
  getWorkspaceBuildState: async (place) => {
    const { buildId, object, template } = await workspaceOf(place)
    const checks = [check('workspace:read', object, 404), check('template:update', template, 403)]
    // Nothing was made by it.
    return { params: { build: buildId }, checks, answers: 404 }
  },
  listWorkspaceBuildLogs: build,
  followWorkspaceBuildLogs: build,
  listWorkspaceAgents: workspace,
  getWorkspaceAgent: agent,
  listWorkspaceAgentLogs: agent,
  // Its agent has ended, and so does what is followed.
  followWorkspaceAgentLogs: agent,
  // Its agent has ended.
  watchAgentMetadata: agent,
  getAgentConnection: agent,
  // No agent is connected.
  listAgentContainers: async (place) => {
    const { agentId, object } = await agentOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:application_connect', object, 403)]
    return { params: { agent: agentId }, checks, answers: 409 }
  },
  listListeningPorts: async (place) => {
    const { agentId, object } = await agentOf(place)
    const checks = [check('workspace:read', object, 404), check('workspace:application_connect', object, 403)]
    return { params: { agent: agentId }, checks, answers: 409 }
  },
  openApp: () => ({ query: 'redirect_uri=https://evil.example/&state=x', answers: 400 }),
  patchAgentLogs: () => ({ body: { logs: [{ created_at: '2026-01-01T00:00:00Z', output: 'hello' }] }, answers: 401 }),
  patchAgentAppStatus: () => ({ body: { app_slug: 'chat', state: 'idle', message: '' }, answers: 401 }),
  getAgentExternalAuth: () => ({ query: 'id=github', answers: 401 }),
  getAgentGitSshKey: () => ({ answers: 401 }),
  getInitScript: () => ({ params: { os: 'linux', arch: 'amd64' } }),
} satisfies Record<string, Entry>
