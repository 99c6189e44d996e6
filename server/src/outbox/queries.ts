import { type Insertable, sql } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Tx } from '../db/database.ts'

/** All SQL of the outbox; what becomes of its rows is in `notifications`. */

/** Does nothing when the event was told under the same key before. The waiting notifiers hear of it at the commit. */
export async function insertMessage(
  tx: Tx,
  row: Insertable<Schema['outbox_messages']>,
  channel: string,
): Promise<void> {
  await tx
    .insertInto('outbox_messages')
    .values(row)
    .onConflict((conflict) => conflict.columns(['event', 'dedupe_key']).doNothing())
    .execute()
  await sql`select pg_notify(${channel}, '')`.execute(tx)
}
