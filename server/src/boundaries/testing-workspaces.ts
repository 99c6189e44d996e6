import { createHash, randomUUID } from 'node:crypto'
import { silentLog, type Uuid, uuidv7 } from '@reeve/base'
import { sql } from 'kysely'
import { greet } from '../agents/hear.ts'
import { findByToken } from '../agents/queries.ts'
import { endWorkspaceTokens } from '../identity/tokens/workspace-tokens.ts'
import { contextOf } from '../keyring/keyring.ts'
import type { TestIdentity } from '../identity/testing.ts'
import { endAgentTokens } from '../workspaces/build-queries.ts'

/** A workspace that was started, as the database has it, and its agent, which has said hello. */
export interface TestWorkspace {
  readonly id: Uuid
  readonly templateId: Uuid
  readonly versionId: Uuid
  readonly buildId: Uuid
  readonly agentId: Uuid
  /** What the agent's boundaries register with. */
  readonly token: string
  readonly gatewayToken: string
  /** The task that has it from now on, with a policy of its own. */
  task(name: string, policy: string): Promise<Uuid>
  stop(): Promise<void>
}

const noPlan = { env: {}, envs: [], scripts: [], metadata: [], apps: [], startupScript: '', shutdownScript: '' }

export async function testWorkspace(
  { db, keyring, clock }: TestIdentity,
  { owner, name, template, templateId = uuidv7(clock.now()) }: NewWorkspace,
): Promise<TestWorkspace> {
  const at = clock.now()
  const [id, versionId, buildId, agentId] = [uuidv7(at), uuidv7(at), uuidv7(at), uuidv7(at)]
  const [file, importJob, buildJob, resource] = [uuidv7(at), uuidv7(at), uuidv7(at), uuidv7(at)]
  const agentToken = randomUUID()
  await db.transaction(async (tx) => {
    const who = await sql<{ user: Uuid; organization: Uuid }>`
      select u.id as user, m.organization_id as organization from users u join organization_members m on m.user_id = u.id
      where u.username = ${owner} limit 1`.execute(tx)
    const { user, organization } = who.rows[0]!
    await sql`insert into uploaded_files (id, sha256, content_type, content, created_by, created_at)
      values (${file}, ${createHash('sha256').update(file).digest()}, 'application/x-tar', '', ${user}, ${at})`.execute(
      tx,
    )
    for (const job of [importJob, buildJob]) {
      await sql`insert into provisioner_jobs (id, type, organization_id, input, created_at, updated_at)
        values (${job}, 'test', ${organization}, '{}', ${at}, ${at})`.execute(tx)
    }
    await sql`insert into template_versions (id, organization_id, name, message, file_id, job_id, created_at, updated_at)
      values (${versionId}, ${organization}, ${versionId}, '', ${file}, ${importJob}, ${at}, ${at})`.execute(tx)
    await sql`insert into templates (id, organization_id, name, display_name, description, icon, active_version_id, created_at, updated_at)
      values (${templateId}, ${organization}, ${template}, '', '', '', ${versionId}, ${at}, ${at}) on conflict (id) do nothing`.execute(
      tx,
    )
    await sql`insert into workspaces (id, organization_id, owner_id, template_id, name, created_at, updated_at)
      values (${id}, ${organization}, ${user}, ${templateId}, ${name}, ${at}, ${at})`.execute(tx)
    await sql`insert into workspace_builds (id, workspace_id, number, transition, template_version_id, job_id, reason, created_at, updated_at)
      values (${buildId}, ${id}, 1, 'start', ${versionId}, ${buildJob}, 'initiator', ${at}, ${at})`.execute(tx)
    await sql`insert into workspace_resources (id, build_id, address, type, name, hide, icon, daily_cost, metadata)
      values (${resource}, ${buildId}, 'terraform_data.m', 'terraform_data', 'm', false, '', 0, '[]')`.execute(tx)
    const plan = keyring.seal(JSON.stringify(noPlan), contextOf('workspace_agents', 'sealed_plan', agentId))
    const sha256 = createHash('sha256').update(agentToken).digest()
    await sql`insert into workspace_agents (id, resource_id, name, os, arch, directory, apps, auth, token_sha256, sealed_plan, created_at, connection_timeout_seconds)
      values (${agentId}, ${resource}, 'main', 'linux', 'amd64', '', '[]', 'token', ${sha256}, ${plan}, ${at}, 120)`.execute(
      tx,
    )
  })
  const program = { path: '/bin/reeve-boundary.js', sha256: '0'.repeat(64) }
  const unlinked = {
    externalAuth: { db, providers: [] },
    accessTokenFor: () => Promise.reject(new Error('nobody links an account')),
  }
  const room = {
    db,
    // Nobody follows what this agent says.
    notices: { on: () => ({ [Symbol.dispose]() {} }) },
    keyring,
    accessUrl: 'https://reeve.test',
    wildcard: null,
    boundary: program,
    ...unlinked,
    clock,
    log: silentLog,
  }
  const agent = await findByToken(db.sql, agentToken)
  const order = await greet(
    room,
    agent!,
    { kind: 'hello', protocol: 1, version: 'test' },
    { id: uuidv7(at), relayUrl: '' },
  )
  if (order.kind !== 'manifest') throw new Error('an agent that says hello is told what to do')
  const scope = { actor: null, requestId: 'stop', sourceIp: null, userAgent: null }
  return {
    id,
    templateId,
    versionId,
    buildId,
    agentId,
    token: order.manifest.boundary?.token ?? '',
    gatewayToken: order.manifest.gateway_token,
    async task(task, policy) {
      const taskId = uuidv7(clock.now())
      await sql`insert into tasks (id, organization_id, owner_id, name, workspace_id, template_version_id, prompt, boundary_policy, noted_at, created_at, updated_at)
        select ${taskId}, organization_id, owner_id, ${task}, id, ${versionId}, 'do it', ${policy}, ${at}, ${at}, ${at}
        from workspaces where id = ${id}`.execute(db.sql)
      return taskId
    },
    stop: () =>
      db.transaction(async (tx) => {
        await endAgentTokens(tx, id)
        await endWorkspaceTokens(tx, id, { now: clock.now(), scope })
      }),
  }
}

interface NewWorkspace {
  readonly owner: string
  readonly name: string
  readonly template: string
  /** Of one that is there already. */
  readonly templateId?: Uuid
}
