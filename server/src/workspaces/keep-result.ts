import { isUuid, uuidv7 } from '@reeve/base'
import { createHash } from 'node:crypto'
import { appendAudit } from '../audit/journal.ts'
import type { Tx } from '../db/database.ts'
import { endWorkspaceTokens } from '../identity/tokens/workspace-tokens.ts'
import { findJob } from '../jobs/queries.ts'
import { abandonedMessage } from '../jobs/worker.ts'
import { contextOf, type Keyring } from '../keyring/keyring.ts'
import { countBuild } from '../licensing/ledger.ts'
import type { FinishedBuild } from '../licensing/counts.ts'
import type { AgentPlan, Resource } from '../provisioning/resource.ts'
import type { BuildResult } from '../provisioning/run.ts'
import {
  type BuildRow,
  endAgentTokens,
  findTaskOf,
  insertResource,
  keepParameters,
  keepState,
  selectBuilds,
  updateBuild,
} from './build-queries.ts'
import { type KeptTiming, workspaceOf } from './builds.ts'
import { endsOf, type Times } from './deadlines.ts'
import { workspaceDeleted } from './events.ts'
import { markDeleted } from './queries.ts'
import { sealState } from './state.ts'
import { tellOfDeletion, tellOfFailure, tellOfUpdate } from './tell-owner.ts'
import { findLasting, setEnds } from './time-queries.ts'

/** What a build leaves behind, in the transaction that ends its job. */

interface Kept {
  readonly keyring: Pick<Keyring, 'seal'>
  readonly build: BuildRow
  readonly result: BuildResult
  readonly times: Times
  readonly at: Date
}

export async function keepResult(tx: Tx, { keyring, build, result, times, at }: Kept): Promise<void> {
  const { state, failure, resources, aiTasks, parameters, timings, dailyCost } = result
  if (state !== null) await keepState(tx, build.id, sealState(keyring, build.id, state), at)
  const kept = timings.map(({ stage, resource, action, source, startedAt, endedAt }): KeptTiming => {
    const [started_at, ended_at] = [startedAt.toISOString(), endedAt.toISOString()]
    return { stage, resource, action, source, started_at, ended_at }
  })
  // One that failed leaves some of it behind, which costs what was found when it was planned.
  const cost = failure === null ? { daily_cost: bounded(dailyCost) } : {}
  await updateBuild(tx, build.id, { ...cost, timings: JSON.stringify(storable(kept)), updated_at: at })
  const job = await findJob(tx, build.job_id)
  const isCanceled = job?.canceled_at != null
  if (failure === null) {
    if (build.transition !== 'delete') await keepParameters(tx, build.id, new Map(storable([...parameters])))
    if (build.transition === 'start') await keepEnds(tx, build, times, at)
    const apps = new Map<string, TaskApp>()
    for (const resource of resources) {
      for (const [id, app] of await keepResource(tx, keyring, build, resource, at)) apps.set(id, app)
    }
    const app = aiTasks.map(({ appId }) => apps.get(appId)).find((found) => found !== undefined)
    if (app !== undefined && build.transition === 'start') await updateBuild(tx, build.id, app)
    // Also where somebody canceled it too late: what is gone is gone.
    if (build.transition === 'delete') {
      await markDeleted(tx, build.workspace_id, at)
      const scope = { actor: null, requestId: uuidv7(at), sourceIp: null, userAgent: null }
      await appendAudit(tx, { scope, at, ...workspaceDeleted(workspaceOf(build), build.orphan) })
      await tellOfDeletion(tx, build, at)
    }
  }
  const ended = isCanceled ? 'canceled' : failure === null ? 'succeeded' : 'failed'
  await conclude(tx, build, ended, at)
  if (ended === 'failed') await tellOfFailure(tx, build, failure?.message ?? '', at)
}

async function keepEnds(tx: Tx, build: BuildRow, times: Times, at: Date): Promise<void> {
  const lasting = await findLasting(tx, build.workspace_id)
  if (lasting !== undefined) await setEnds(tx, build.id, endsOf(lasting, times, at), at)
  if (build.reason !== 'autostart') return
  const [, before] = await selectBuilds(tx, build.workspace_id, { afterId: null, limit: 2 })
  if (before?.template_version_id !== build.template_version_id) await tellOfUpdate(tx, build, at)
}

/** Its worker is not heard of: the state that it kept last is what the next build goes on from. */
export async function keepAbandoned(
  tx: Tx,
  { build, isCanceled, at }: { readonly build: BuildRow; readonly isCanceled: boolean; readonly at: Date },
): Promise<void> {
  await conclude(tx, build, isCanceled ? 'canceled' : 'failed', at)
  if (!isCanceled) await tellOfFailure(tx, build, abandonedMessage, at)
}

/** The app that a task is talked to through. */
type TaskApp = { readonly task_agent_id: string; readonly task_app_slug: string }

/** Credentials live as long as a workspace that was started well; and a start is metered once. */
async function conclude(tx: Tx, build: BuildRow, job: FinishedBuild['job'], at: Date): Promise<void> {
  if (build.transition !== 'start' || job !== 'succeeded') {
    const scope = { actor: null, requestId: uuidv7(at), sourceIp: null, userAgent: null }
    await endAgentTokens(tx, build.workspace_id)
    await endWorkspaceTokens(tx, build.workspace_id, { now: at, scope })
  }
  const task = await findTaskOf(tx, build.workspace_id)
  const finished: FinishedBuild = {
    id: build.id,
    job,
    // SAFETY: the column has no other values.
    transition: build.transition as FinishedBuild['transition'],
    number: build.number,
    reason: build.reason,
    organization: { id: build.organization_id, name: build.organization_name },
    template: { id: build.template_id, name: build.template_name },
    templateVersion: { id: build.template_version_id, name: build.version_name },
    owner: { id: build.owner_id, name: build.owner_username },
    workspace: { id: build.workspace_id, name: build.workspace_name },
    task: task === undefined ? null : { id: task.id, name: task.name, isDeleted: task.deleted_at !== null },
  }
  await countBuild(tx, finished, at)
}

async function keepResource(
  tx: Tx,
  keyring: Pick<Keyring, 'seal'>,
  build: BuildRow,
  resource: Resource,
  at: Date,
): Promise<[string, TaskApp][]> {
  const id = uuidv7(at)
  const metadata = resource.metadata.map(({ key, value, sensitive }) => ({
    key,
    value: sensitive ? '' : (value ?? ''),
    sensitive,
  }))
  const { address, type, name, hide, icon, dailyCost } = resource
  const row = storable({ address, type, name, hide, icon, metadata: JSON.stringify(storable(metadata)) })
  const agents = resource.agents.map((agent) =>
    agentRow(keyring, build, agent, { id: uuidv7(at), resource_id: id, created_at: at }),
  )
  await insertResource(tx, { id, build_id: build.id, daily_cost: bounded(dailyCost), ...row }, agents)
  return resource.agents.flatMap(({ apps }, index) =>
    apps.flatMap(({ id: appId, slug }): [string, TaskApp][] =>
      appId === null ? [] : [[appId, storable({ task_agent_id: agents[index]!.id, task_app_slug: slug })]],
    ),
  )
}

function agentRow(
  keyring: Pick<Keyring, 'seal'>,
  build: BuildRow,
  { token, ...plan }: AgentPlan,
  ids: { readonly id: string; readonly resource_id: string; readonly created_at: Date },
) {
  const apps = plan.apps.map(({ slug, displayName, icon, url, external, hidden }) => {
    return { slug, display_name: displayName, icon, url, external, hidden }
  })
  // Whether one is well that is looked at, nobody knows before the first look.
  const health = plan.apps.flatMap(({ slug, healthcheck }) => (healthcheck === null ? [] : [[slug, 'initializing']]))
  const { name, os, arch, directory, auth, instanceId } = plan
  const text = token?.reveal() ?? ''
  const tokenSha256 = build.transition === 'start' && isUuid(text) ? createHash('sha256').update(text).digest() : null
  return {
    ...ids,
    ...storable({ name, os, arch, directory, auth, instance_id: instanceId, apps: JSON.stringify(storable(apps)) }),
    connection_timeout_seconds: bounded(plan.connectionTimeoutSeconds),
    app_health: JSON.stringify(storable(Object.fromEntries(health))),
    token_sha256: tokenSha256,
    sealed_plan: keyring.seal(JSON.stringify(plan), contextOf('workspace_agents', 'sealed_plan', ids.id)),
  }
}

const costMax = 1_000_000_000
const bounded = (cost: number): number => Math.trunc(Math.max(-costMax, Math.min(costMax, cost)))

/** What templates say, as PostgreSQL can hold it: text of it has neither NUL nor half a surrogate pair. */
function storable<T>(value: T): T {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' ? inner.replaceAll('\0', '\uFFFD').toWellFormed() : inner,
  )
  // SAFETY: plain data, of which only characters differ.
  return JSON.parse(text) as T
}
