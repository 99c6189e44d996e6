import type { Clock } from '@reeve/base'
import { removalText, toBase64 } from '@reeve/sdk'
import type { Database } from '../db/database.ts'
import { insertRemoval, removeEvents } from './checkpoint-queries.ts'
import { eventsRemoved } from './events.ts'
import { appendAudit } from './journal.ts'
import type { Signer } from './signing-key.ts'

const stepRows = 5_000

/**
 * Removes audit events from the old end, up to the first that is held. Each step leaves a signed record of what it
 * removed, from whose last hash the chain goes on, and an event. Returns how many went.
 */
export async function removeOldEvents(
  { db, clock, signer }: { readonly db: Database; readonly clock: Clock; readonly signer: Signer },
  before: Date,
): Promise<number> {
  let total = 0
  for (;;) {
    const count = await db.transaction(async (tx) => {
      const gone = await removeEvents(tx, before, stepRows)
      if (gone === null) return 0
      const now = clock.now()
      const text = removalText({
        origin: signer.origin,
        lastSeq: gone.last_seq,
        lastHash: toBase64(gone.last_hash),
        firstSeq: gone.first_seq,
        firstHash: toBase64(gone.first_hash),
        count: gone.removed,
        time: now.toISOString(),
      })
      const { first_seq, last_seq } = gone
      await insertRemoval(tx, { first_seq, last_seq, note: signer.sign(text), created_at: now })
      const scope = { actor: null, requestId: 'retention', sourceIp: null, userAgent: null }
      await appendAudit(tx, { scope, at: now, ...eventsRemoved(first_seq, last_seq, gone.removed) })
      return gone.removed
    })
    total += count
    if (count < stepRows) return total
  }
}
