import type { Uuid } from '@reeve/base'
import type { Tx } from '../../db/database.ts'
import type { Scope } from '../../http/implement.ts'
import { networkOf } from '../../http/rate-limit.ts'
import { enqueue } from '../../outbox/outbox.ts'
import { isNewPlace } from './queries.ts'

/**
 * Remembers from where each person signs in, and tells him when it is from somewhere else. The first place of all is no
 * news: somebody has just made the account.
 */
export async function notePlace(
  tx: Tx,
  { sourceIp, userAgent }: Pick<Scope, 'sourceIp' | 'userAgent'>,
  userId: Uuid,
  at: Date,
): Promise<void> {
  if (!(await isNewPlace(tx, userId, networkOf(sourceIp), at))) return
  const facts = { ip: sourceIp ?? 'this machine', agent: userAgent ?? 'nothing' }
  await enqueue(tx, { event: 'new-sign-in', userIds: [userId], facts, at })
}
