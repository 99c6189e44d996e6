import type { Uuid } from '@reeve/base'
import { AiProviderSettings } from '@reeve/sdk'
import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

export type ProviderRow = Selectable<Schema['ai_providers']>
/** As it was written, by this release or another; what this one does not know is as if it were not set. */
export const settingsIn = ({ settings }: Pick<ProviderRow, 'settings'>): AiProviderSettings =>
  AiProviderSettings.safeParse(settings).data ?? {}

export type KeyRow = Selectable<Schema['ai_provider_keys']>

/** A provider with its keys in order. */
export interface ProviderWithKeys {
  readonly row: ProviderRow
  readonly keys: readonly KeyRow[]
}

export const providersChannel = 'reeve_ai_providers'

/** Told with the commit, so that every replica reads what is new. */
export async function tellChange(tx: Tx): Promise<void> {
  await sql`select pg_notify(${providersChannel}, '')`.execute(tx)
}

/** In one statement, so that no provider is read with the keys of a moment later. */
export async function selectProviders(db: Executor): Promise<ProviderWithKeys[]> {
  const rows = await db
    .selectFrom('ai_providers as p')
    .leftJoin('ai_provider_keys as k', 'k.provider_id', 'p.id')
    .selectAll('p')
    .select([
      'k.id as key_id',
      'k.position as key_position',
      'k.weight as key_weight',
      'k.value as key_value',
      'k.hint as key_hint',
      'k.created_at as key_created_at',
    ])
    .orderBy('p.name')
    .orderBy('k.position')
    .execute()
  const found = new Map<Uuid, { row: ProviderRow; keys: KeyRow[] }>()
  for (const { key_id, key_position, key_weight, key_value, key_hint, key_created_at, ...row } of rows) {
    const one = found.get(row.id) ?? { row, keys: [] }
    found.set(row.id, one)
    if (key_id === null || key_value === null || key_created_at === null) continue
    one.keys.push({
      id: key_id,
      provider_id: row.id,
      position: key_position ?? 0,
      weight: key_weight ?? 0,
      value: key_value,
      hint: key_hint ?? '',
      created_at: key_created_at,
    })
  }
  return [...found.values()]
}

/** By name or id; nobody else changes it until the transaction ends. */
export async function lockProvider(tx: Tx, given: string): Promise<ProviderWithKeys | undefined> {
  const row = await tx
    .selectFrom('ai_providers')
    .selectAll()
    .where((where) => where.or([where('name', '=', given), sql<boolean>`id::text = lower(${given})`]))
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return undefined
  const keys = await tx
    .selectFrom('ai_provider_keys')
    .selectAll()
    .where('provider_id', '=', row.id)
    .orderBy('position')
    .execute()
  return { row, keys }
}

export async function insertProvider(tx: Tx, row: Insertable<Schema['ai_providers']>): Promise<ProviderRow> {
  return tx.insertInto('ai_providers').values(row).returningAll().executeTakeFirstOrThrow()
}

export async function updateProvider(
  tx: Tx,
  id: Uuid,
  changes: Updateable<Schema['ai_providers']>,
): Promise<ProviderRow> {
  return tx.updateTable('ai_providers').set(changes).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
}

export async function deleteProvider(tx: Tx, id: Uuid): Promise<void> {
  await tx.deleteFrom('ai_providers').where('id', '=', id).execute()
}

/** The keys are exactly these afterwards. What is sealed in a kept one is not written again. */
export async function replaceKeys(tx: Tx, providerId: Uuid, keys: readonly KeyRow[]): Promise<void> {
  const ids = keys.map(({ id }) => id)
  const gone = tx.deleteFrom('ai_provider_keys').where('provider_id', '=', providerId)
  await (ids.length === 0 ? gone : gone.where('id', 'not in', ids)).execute()
  if (keys.length === 0) return
  await tx
    .insertInto('ai_provider_keys')
    .values([...keys])
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(({ ref }) => ({
        position: ref('excluded.position'),
        weight: ref('excluded.weight'),
      })),
    )
    .execute()
}
