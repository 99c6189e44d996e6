import type { Uuid } from '@reeve/base'
import { DataClass } from '@reeve/sdk'
import { type Insertable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'
import type { Decision } from './policies.ts'

/** SQL of retention policies. */

export interface DecisionRow extends Decision {
  readonly username: string | null
  readonly name: string | null
  readonly avatar_url: string | null
}

/** In the order in which they were made. A class that another release knew is left alone. */
export async function selectDecisions(db: Executor): Promise<DecisionRow[]> {
  const rows = await db
    .selectFrom('retention_policies as p')
    .leftJoin('users as u', 'u.id', 'p.set_by')
    .select(['p.version', 'p.data_class', 'p.organization_id', 'p.keep_days', 'p.set_at', 'p.effective_at', 'p.set_by'])
    .select(['u.username', 'u.name', 'u.avatar_url'])
    .orderBy('p.version')
    .execute()
  return rows.flatMap((row) => {
    const data_class = DataClass.safeParse(row.data_class)
    return data_class.success ? [{ ...row, data_class: data_class.data }] : []
  })
}

export async function insertDecision(tx: Tx, row: Insertable<Schema['retention_policies']>): Promise<void> {
  await tx.insertInto('retention_policies').values(row).execute()
}

export interface OrganizationName {
  readonly id: Uuid
  readonly name: string
  readonly display_name: string
}

/** All that there are, and those of these that were deleted: what they left ages as before. */
export async function selectOrganizations(db: Executor, also: readonly Uuid[] = []): Promise<OrganizationName[]> {
  return db
    .selectFrom('organizations')
    .select(['id', 'name', 'display_name'])
    .where((where) => where.or([where('deleted_at', 'is', null), sql<boolean>`id = any(${also}::uuid[])`]))
    .orderBy('name')
    .execute()
}

export async function selectOrganization(db: Executor, given: string): Promise<OrganizationName | undefined> {
  return db
    .selectFrom('organizations')
    .select(['id', 'name', 'display_name'])
    .where('deleted_at', 'is', null)
    .where(sql<boolean>`(id::text = lower(${given}) or lower(name) = lower(${given}))`)
    .executeTakeFirst()
}
