import { Fault, Secret, uuidv7 } from '@reeve/base'
import type { AgentManifest } from '@reeve/sdk'
import type { Tx } from '../db/database.ts'
import { mintWorkspaceToken } from '../identity/tokens/workspace-tokens.ts'
import { contextOf } from '../keyring/keyring.ts'
import type { AgentPlan } from '../provisioning/resource.ts'
import type { AgentRoom } from './agent-room.ts'
import { appHosts } from './apps/app-hosts.ts'
import { type AgentRow, updateLive } from './queries.ts'

/** What the template says of it; its token is not among that. */
export type KeptPlan = Omit<AgentPlan, 'token'>

export function planOf({ keyring }: Pick<AgentRoom, 'keyring'>, { id, sealed_plan: sealed }: AgentRow): KeptPlan {
  // SAFETY: sealed by the end of the build, from this type.
  return JSON.parse(keyring.open(sealed, contextOf('workspace_agents', 'sealed_plan', id)).reveal()) as KeptPlan
}

/** What the agent is to do, from what its template says. */
export function manifestOf(room: AgentRoom, agent: AgentRow, tokens: AgentTokens): AgentManifest {
  const plan = planOf(room, agent)
  return {
    agent_id: agent.id,
    agent_name: agent.name,
    workspace_id: agent.workspace_id,
    workspace_name: agent.workspace_name,
    owner_name: agent.owner_username,
    access_url: room.accessUrl,
    directory: plan.directory,
    env: [
      ...Object.entries(plan.env).map(([name, value]) => ({ name, value, merge: 'replace' as const })),
      ...plan.envs.map(({ name, value, mergeStrategy }) => ({ name, value, merge: mergeOf(mergeStrategy) })),
    ],
    gateway_token: tokens.gateway.reveal(),
    boundary: room.boundary === null ? null : { token: tokens.boundary.reveal(), program: room.boundary },
    scripts: scriptsOf(plan),
    metadata: plan.metadata.map(({ key, script, intervalSeconds, timeoutSeconds }) => ({
      key,
      script,
      interval_seconds: intervalSeconds,
      timeout_seconds: timeoutSeconds,
    })),
    apps: plan.apps.map(({ slug, healthcheck }) => ({
      slug,
      healthcheck:
        healthcheck === null
          ? null
          : {
              url: healthcheck.url,
              interval_seconds: healthcheck.intervalSeconds,
              threshold: Math.trunc(healthcheck.threshold),
            },
    })),
    task: taskOf(plan, agent),
    port_proxy_uri: portProxyOf(room, agent),
    log_next: agent.said_next,
  }
}

/** As programs with a web page of their own take it: the longest port stands in for any. */
function portProxyOf({ wildcard, accessUrl }: AgentRoom, agent: AgentRow): string {
  const { name, workspace_name: workspace, owner_username: owner } = agent
  const longest = '65535'
  const hosts = wildcard === null ? null : appHosts(wildcard, accessUrl)
  return hosts?.originOf({ app: longest, agent: name, workspace, owner })?.replace(longest, '{{port}}') ?? ''
}

function taskOf({ apps }: KeptPlan, { task_id: id, task_app_slug: slug }: AgentRow): AgentManifest['task'] {
  const app = apps.find((each) => each.slug === slug)
  return id === null || app === undefined ? null : { id, app_slug: app.slug, app_url: app.url }
}

/** Those of the agent itself go before its `coder_script`s. */
function scriptsOf(plan: KeptPlan): AgentManifest['scripts'] {
  const always = { cron: '', log_path: '', timeout_seconds: 0, id: '', after: [] }
  const own = [
    { source: 'Startup Script', script: plan.startupScript, stages: ['start' as const], ...always },
    { source: 'Shutdown Script', script: plan.shutdownScript, stages: ['stop' as const], ...always },
  ]
  const named = plan.scripts.map(({ displayName, runOnStart, runOnStop, cron, logPath, timeoutSeconds, ...rest }) => ({
    source: displayName,
    script: rest.script,
    // A plan of an earlier release has neither.
    id: rest.address ?? '',
    after: [...(rest.after ?? [])],
    stages: [
      ...(runOnStart ? ['start' as const] : []),
      ...(runOnStop ? ['stop' as const] : []),
      ...(cron.trim() === '' ? [] : ['cron' as const]),
    ],
    cron: cron.trim(),
    log_path: logPath,
    timeout_seconds: timeoutSeconds,
  }))
  return [...own, ...named].filter(({ script, stages }) => script.trim() !== '' && stages.length > 0)
}

/** Whether shells are to wait for what runs at the start: for the agent's own script, or for one of its `coder_script`s. */
export const blocksShells = ({ startupScript, startupScriptBehavior, scripts }: KeptPlan): boolean =>
  (startupScriptBehavior === 'blocking' && startupScript.trim() !== '') ||
  scripts.some(({ runOnStart, startBlocksLogin }) => runOnStart && startBlocksLogin)

const merges = ['replace', 'append', 'prepend', 'error'] as const
const mergeOf = (given: string) => merges.find((merge) => merge === given) ?? 'replace'

/** It ends with the stop; this is for a workspace that nobody ever stops. */
const tokenLifetimeMs = 365 * 86_400_000

/** What the agent has beside its own token; each does one thing. */
export interface AgentTokens {
  readonly gateway: Secret
  readonly boundary: Secret
}

/** Made when it first connects, and the same until the workspace is stopped. */
export const tokensOf = async (tx: Tx, room: AgentRoom, agent: AgentRow): Promise<AgentTokens> => ({
  gateway: await tokenOf(tx, room, agent, 'gateway'),
  boundary: await tokenOf(tx, room, agent, 'boundary'),
})

async function tokenOf(tx: Tx, room: AgentRoom, agent: AgentRow, use: keyof AgentTokens): Promise<Secret> {
  const { keyring, clock } = room
  const column = use === 'gateway' ? 'sealed_gateway_token' : 'sealed_boundary_token'
  const context = contextOf('workspace_agents', column, agent.id)
  const kept = agent[column]
  if (kept !== null) return keyring.open(kept, context)
  const now = clock.now()
  const { id, token } = await mintWorkspaceToken(tx, {
    userId: agent.owner_id,
    workspaceId: agent.workspace_id,
    use,
    lifetimeMs: tokenLifetimeMs,
    now,
    scope: { actor: null, requestId: uuidv7(now), sourceIp: null, userAgent: null },
  })
  // By the id of the key it is known later which agent a boundary belongs to.
  const key = use === 'boundary' ? { boundary_key_id: id } : {}
  if (!(await updateLive(tx, agent.id, { [column]: keyring.seal(token, context), ...key }))) {
    throw new Fault('unauthenticated', 'this agent has ended')
  }
  return new Secret(token)
}
