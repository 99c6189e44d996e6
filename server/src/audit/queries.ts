import type { Insertable } from 'kysely'
import type { Schema } from '../db/__generated__/schema.ts'
import type { Tx } from '../db/database.ts'

export async function insertAuditEvent(tx: Tx, row: Insertable<Schema['audit_events']>): Promise<void> {
  await tx.insertInto('audit_events').values(row).execute()
}
