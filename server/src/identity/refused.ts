import { Fault } from '@reeve/base'
import { appendAudit } from '../audit/journal.ts'
import type { Scope } from '../http/implement.ts'
import type { IdentityEvent } from './events.ts'
import type { Identity } from './identity.ts'

/**
 * Somebody who tries to take more than he has is worth knowing, though nothing comes of it. What was refused for want of
 * rights, or as it would have ended the last owner, is put on record by itself: its own transaction was undone.
 */
export async function refusalOnRecord<T>(
  identity: Pick<Identity, 'db' | 'clock'>,
  scope: Scope,
  attempt: IdentityEvent,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof Fault && (thrown.code === 'forbidden' || thrown.code === 'conflict')) {
      const diff = { ...attempt.diff, refused: { old: null, new: thrown.message } }
      const entry = { ...attempt, diff, outcome: 'refused' as const, scope, at: identity.clock.now() }
      await identity.db.transaction((tx) => appendAudit(tx, entry))
    }
    throw thrown
  }
}
