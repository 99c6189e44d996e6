import type { Uuid } from '@reeve/base'
import { type Insertable, type Selectable, sql } from 'kysely'
import type { Visibility } from '../access/policy.ts'
import { visibleRows } from '../access/sql-filter.ts'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

/** All SQL of rules. The migration has triggers that notify each replica of a change, and of one of a group's members. */
export const rulesChannel = 'reeve_ai_rules'

export type StoredRules = Selectable<Schema['ai_rules']>

export interface RulesRow extends StoredRules {
  readonly organization_name: string
  readonly group_name: string | null
}

/** Of an organization, or of one of its groups. */
export interface Holder {
  readonly organization_id: Uuid
  readonly group_id: Uuid | null
}

const rules = (db: Executor) =>
  db
    .selectFrom('ai_rules as r')
    .innerJoin('organizations as o', 'o.id', 'r.organization_id')
    .leftJoin('groups as g', 'g.id', 'r.group_id')
    .selectAll('r')
    .select(['o.name as organization_name', 'g.name as group_name'])
    .where('o.deleted_at', 'is', null)
    .orderBy('o.name')
    .orderBy(sql`lower(g.name) nulls first`)

export const selectVisibleRules = (db: Executor, visible: Visibility): Promise<RulesRow[]> =>
  rules(db)
    .where(
      visibleRows(visible, {
        id: sql`coalesce(r.group_id, r.organization_id)`,
        // The rules that hold for somebody are not his.
        owner: null,
        organization: sql`r.organization_id`,
        accessList: null,
      }),
    )
    .execute()

export const findRules = (db: Executor, { organization_id, group_id }: Holder): Promise<RulesRow | undefined> =>
  rules(db)
    .where('r.organization_id', '=', organization_id)
    .where('r.group_id', 'is not distinct from', group_id)
    .executeTakeFirst()

/** Of the organization, and of those of its groups that the person is in. */
export const selectRulesOf = (db: Executor, organizationId: Uuid, userId: Uuid): Promise<RulesRow[]> =>
  rules(db)
    .where('r.organization_id', '=', organizationId)
    .where((where) =>
      where.or([
        where('r.group_id', 'is', null),
        where.exists(
          where
            .selectFrom('group_members as m')
            .select('m.user_id')
            .whereRef('m.group_id', '=', 'r.group_id')
            .where('m.user_id', '=', userId),
        ),
      ]),
    )
    .execute()

/**
 * Everything, with who is in the groups, by one statement, so that nobody is in two groups while he is moved. The members
 * are one text of ids with spaces between them: of a hundred thousand, the driver would be busy for a second.
 */
export const selectAllRules = (db: Executor): Promise<(RulesRow & { readonly members: string })[]> =>
  rules(db)
    .select(
      sql<string>`coalesce((select string_agg(m.user_id::text, ' ' order by m.user_id)
        from group_members m where m.group_id = r.group_id), '')`.as('members'),
    )
    .execute()

/** Nobody else changes them until the transaction ends. */
export async function lockRules(tx: Tx, holder: Holder): Promise<RulesRow | undefined> {
  await tx
    .selectFrom('ai_rules')
    .select('version')
    .where('organization_id', '=', holder.organization_id)
    .where('group_id', 'is not distinct from', holder.group_id)
    .forUpdate()
    .execute()
  return findRules(tx, holder)
}

export async function insertRules(tx: Tx, row: Insertable<Schema['ai_rules']>): Promise<void> {
  await tx.insertInto('ai_rules').values(row).execute()
}

export async function updateRules(tx: Tx, row: StoredRules): Promise<void> {
  const { organization_id, group_id, ...set } = row
  await tx
    .updateTable('ai_rules')
    .set(set)
    .where('organization_id', '=', organization_id)
    .where('group_id', 'is not distinct from', group_id)
    .execute()
}

export async function deleteRules(tx: Tx, { organization_id, group_id }: Holder): Promise<void> {
  await tx
    .deleteFrom('ai_rules')
    .where('organization_id', '=', organization_id)
    .where('group_id', 'is not distinct from', group_id)
    .execute()
}

export interface UsedModelRow {
  readonly provider_name: string
  readonly model: string
  readonly requests: number
  readonly people: number
}

/** What was asked in the organization, or by who is in the group now; of it what somebody may see of the usage. */
export async function selectUsedModels(
  db: Executor,
  { organization_id, group_id }: Holder,
  { since, visible, limit }: { readonly since: Date; readonly visible: Visibility; readonly limit: number },
): Promise<readonly UsedModelRow[]> {
  const sight = visibleRows(visible, {
    id: sql`null`,
    owner: sql`u.user_id`,
    organization: sql`u.organization_id`,
    accessList: null,
  })
  const within = sql`${group_id}::uuid is null or exists (
    select from group_members m where m.group_id = ${group_id}::uuid and m.user_id = u.user_id)`
  const { rows } = await sql<UsedModelRow>`
    select provider_name, model, least(sum(requests), 9e15)::bigint as requests, count(distinct user_id)::integer as people
    from usage_hourly u
    where organization_id = ${organization_id} and hour >= ${since} and (${within}) and ${sight}
    group by provider_name, model
    order by requests desc, provider_name, model
    limit ${limit}`.execute(db)
  return rows
}
