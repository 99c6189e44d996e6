import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** SQL of the policies of boundaries, and of what is in force. */

export interface PolicyRow extends Selectable<Schema['boundary_policies']> {
  readonly organization_name: string | null
  readonly template_name: string | null
  /** Of the version in force. */
  readonly document: string
  readonly published_at: Date | null
  readonly publisher_id: Uuid | null
  readonly username: string | null
  readonly name_of_publisher: string | null
  readonly avatar_url: string | null
}

const policies = (db: Executor) =>
  db
    .selectFrom('boundary_policies as p')
    .leftJoin('organizations as o', 'o.id', 'p.organization_id')
    .innerJoin('boundary_policy_versions as v', (join) =>
      join.onRef('v.policy_id', '=', 'p.id').onRef('v.version', '=', 'p.version'),
    )
    .leftJoin('users as u', 'u.id', 'v.published_by')
    .leftJoin('templates as t', 't.id', 'p.template_id')
    .selectAll('p')
    .select([
      'o.name as organization_name',
      't.name as template_name',
      'v.document',
      'v.published_at',
      'u.id as publisher_id',
    ])
    .select(['u.username', 'u.name as name_of_publisher', 'u.avatar_url'])
    .where('p.deleted_at', 'is', null)

/** Those of the deployment hold for everybody and are nobody's secret. */
export const selectPolicies = (db: Executor, visible: Visibility, memberOf: readonly Uuid[]): Promise<PolicyRow[]> =>
  policies(db)
    .where((where) =>
      where.or([
        where('p.organization_id', 'is', null),
        sql<boolean>`p.organization_id = any(${memberOf}::uuid[])`,
        visibleRows(visible, { id: sql`p.id`, owner: null, organization: sql`p.organization_id`, accessList: null }),
      ]),
    )
    .orderBy(sql`o.name nulls first`)
    .orderBy(sql`t.name nulls first`)
    .orderBy('p.name')
    .execute()

export const findPolicy = (
  db: Executor,
  by: { readonly id: Uuid } | { readonly name: string },
): Promise<PolicyRow | undefined> =>
  policies(db)
    .where('id' in by ? sql<boolean>`p.id = ${by.id}::uuid` : sql<boolean>`p.name = ${by.name}`)
    .executeTakeFirst()

/** Nobody else publishes until the transaction ends. */
export const lockPolicy = (tx: Tx, id: Uuid): Promise<Selectable<Schema['boundary_policies']> | undefined> =>
  tx
    .selectFrom('boundary_policies')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()

export async function insertPolicy(tx: Tx, row: Insertable<Schema['boundary_policies']>): Promise<void> {
  await tx.insertInto('boundary_policies').values(row).execute()
}

export async function insertVersion(tx: Tx, row: Insertable<Schema['boundary_policy_versions']>): Promise<void> {
  await tx.insertInto('boundary_policy_versions').values(row).execute()
  await tx.updateTable('boundary_policies').set({ version: row.version }).where('id', '=', row.policy_id).execute()
}

export async function removePolicy(tx: Tx, id: Uuid, at: Date): Promise<void> {
  await tx.updateTable('boundary_policies').set({ deleted_at: at }).where('id', '=', id).execute()
}

export const selectVersions = (db: Executor, id: Uuid) =>
  db
    .selectFrom('boundary_policy_versions as v')
    .leftJoin('users as u', 'u.id', 'v.published_by')
    .selectAll('v')
    .select(['u.id as publisher_id', 'u.username', 'u.name as name_of_publisher', 'u.avatar_url'])
    .where('v.policy_id', '=', id)
    .orderBy('v.version', 'desc')
    .execute()

/** Denials, and what would have been denied, by the name of the policy that said so. */
export async function countDenials(
  db: Executor,
  names: readonly string[],
  since: Date,
): Promise<Map<string, { readonly denied: number; readonly observed: number }>> {
  const { rows } = await sql<{ name: string; denied: number; observed: number }>`
    select policy_name as name,
      coalesce(sum(times) filter (where decision = 'deny'), 0)::bigint as denied,
      coalesce(sum(times) filter (where decision = 'allow' and would <> 'allow'), 0)::bigint as observed
    from boundary_events
    where id >= uuidv7_floor(${since}) and denial is not null and policy_name = any(${names}::text[])
    group by policy_name`.execute(db)
  return new Map(rows.map((row) => [row.name, row]))
}

/** The next number of what is in force. Whoever counts up waits for whoever did before, so that numbers come in order. */
export async function nextBundleVersion(tx: Tx): Promise<number> {
  const { version } = await tx
    .updateTable('boundary_bundle_version')
    .set({ version: sql`version + 1` })
    .returning('version')
    .executeTakeFirstOrThrow()
  return version
}

export async function bundleVersion(db: Executor): Promise<number> {
  const { version } = await db.selectFrom('boundary_bundle_version').select('version').executeTakeFirstOrThrow()
  return version
}

export interface LayerRow {
  readonly scope: 'deployment' | 'organization' | 'template' | 'task' | 'grant'
  readonly name: string
  readonly version: number
  readonly document: string
}

export interface InForce {
  readonly version: number
  readonly organization: string
  readonly layers: readonly LayerRow[]
  /** Of approved requests: the id, the rule, and until when. */
  readonly grants: readonly { readonly id: Uuid; readonly rule: unknown; readonly expires_at: string }[]
}

/** For whom: a person in an organization, one session of his, and what the workspace that it runs in is made of. */
export interface ForWhom {
  readonly organizationId: Uuid
  readonly templateId: Uuid | null
  /** Of the workspace. */
  readonly taskId: Uuid | null
  readonly userId: Uuid | null
  readonly sessionId: Uuid | null
}

const scopeOfPolicy = sql`case when p.template_id is not null then 'template'
  when p.organization_id is not null then 'organization' else 'deployment' end`

const holdsFor = ({ organizationId, templateId }: Pick<ForWhom, 'organizationId' | 'templateId'>) => sql`(
  p.organization_id is null or (p.organization_id = ${organizationId}::uuid
    and (p.template_id is null or p.template_id = ${templateId}::uuid)))`

/** Given with the task, and the same as long as there is one. */
const layerOfTask = (taskId: Uuid | null) => sql`coalesce((
  select jsonb_agg(jsonb_build_object('scope', 'task', 'name', 'task-' || right(id::text, 12), 'version', 1,
    'document', boundary_policy))
  from tasks where id = ${taskId}::uuid and boundary_policy is not null), '[]')`

/** By one statement: the number and what it is the number of belong together. */
export async function selectInForce(
  db: Executor,
  { organizationId, templateId, taskId, userId, sessionId }: ForWhom,
  now: Date,
): Promise<InForce> {
  const { rows } = await sql<InForce>`
    select b.version, coalesce((select name from organizations where id = ${organizationId}), '') as organization,
      coalesce((
        select jsonb_agg(jsonb_build_object('scope', ${scopeOfPolicy}, 'name', p.name, 'version', p.version, 'document', v.document)
          order by p.organization_id nulls first, p.template_id nulls first, p.name)
        from boundary_policies p join boundary_policy_versions v on v.policy_id = p.id and v.version = p.version
        where p.deleted_at is null and ${holdsFor({ organizationId, templateId })}), '[]') || ${layerOfTask(taskId)} as layers,
      coalesce((
        select jsonb_agg(jsonb_build_object('id', r.id, 'rule', r.granted_rule, 'expires_at', r.expires_at) order by r.id)
        from boundary_access_requests r
        where r.status = 'approved' and r.organization_id = ${organizationId} and r.expires_at > ${now}
          and r.granted_rule is not null
          and (r.granted_scope = 'organization' or (r.granted_scope = 'user' and r.user_id = ${userId}::uuid)
            or (r.granted_scope = 'session' and r.session_id = ${sessionId}::uuid))), '[]') as grants
    from boundary_bundle_version b`.execute(db)
  const [row] = rows
  if (row === undefined) throw new Error('the number of what is in force is gone from the database')
  return row
}

/** The layers as they were at an instant, also of policies that were taken out of force since. */
export async function selectLayersAt(
  db: Executor,
  whom: Pick<ForWhom, 'organizationId' | 'templateId' | 'taskId'>,
  at: Date,
): Promise<LayerRow[]> {
  const { rows } = await sql<LayerRow>`
    select ${scopeOfPolicy} as scope, p.name, v.version, v.document
    from boundary_policies p
    cross join lateral (
      select version, document from boundary_policy_versions v
      where v.policy_id = p.id and v.published_at <= ${at} order by version desc limit 1) as v
    where (p.deleted_at is null or p.deleted_at > ${at}) and ${holdsFor(whom)}
    order by p.organization_id nulls first, p.template_id nulls first, p.name`.execute(db)
  const { rows: ofTask } = await sql<{ layers: LayerRow[] }>`select ${layerOfTask(whom.taskId)} as layers`.execute(db)
  return [...rows, ...ofTask.flatMap(({ layers }) => layers)]
}
