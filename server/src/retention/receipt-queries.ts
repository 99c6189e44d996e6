import type { Insertable, Selectable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Executor, Tx } from '../db/database.ts'

export type ReceiptRow = Selectable<Schema['retention_receipts']>

export async function selectLastReceipt(tx: Tx): Promise<ReceiptRow | null> {
  const row = await tx
    .selectFrom('retention_receipts')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ?? null
}

export async function insertReceipt(tx: Tx, row: Insertable<Schema['retention_receipts']>): Promise<void> {
  await tx.insertInto('retention_receipts').values(row).execute()
}

/** Newest first, or in order from behind a number on. */
export async function selectReceipts(
  db: Executor,
  page: { readonly before: number | null; readonly after: number | null; readonly limit: number },
): Promise<ReceiptRow[]> {
  let query = db.selectFrom('retention_receipts').selectAll().limit(page.limit)
  if (page.before !== null) query = query.where('number', '<', page.before)
  query =
    page.after === null ? query.orderBy('number', 'desc') : query.where('number', '>', page.after).orderBy('number')
  return query.execute()
}
