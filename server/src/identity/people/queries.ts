import type { Uuid } from '@reeve/base'
import type { Tx } from '../../db/database.ts'

/** The service accounts for which this person answers, and which may act. */
export function selectLiveAccountsOf(tx: Tx, personId: Uuid): Promise<{ readonly id: Uuid }[]> {
  return tx
    .selectFrom('users')
    .select('id')
    .where('owner_id', '=', personId)
    .where('is_service_account', '=', true)
    .where('status', '<>', 'suspended')
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .execute()
}
