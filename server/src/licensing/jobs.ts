import { enqueue } from '../outbox/outbox.ts'
import { noteMoment, noteTold } from './queries.ts'
import { type Licensing, lookAtLicenses } from './standing.ts'
import { isUsedUp } from './warnings.ts'

/** Remembers how late it is, and tells administrators when builds are used up: once for each allowance. */
export async function tendLicenses(room: Licensing): Promise<void> {
  const { db, clock } = room
  await noteMoment(db.sql, clock.now())
  const { allowance, used } = await lookAtLicenses(db.sql, room)
  if (!isUsedUp(allowance, used)) return
  const at = clock.now()
  await db.transaction(async (tx) => {
    const isNews = await noteTold(tx, { kind: 'agent-workspace-builds', period: allowance.key, told_at: at })
    if (!isNews) return
    await enqueue(tx, {
      event: 'agent-workspace-builds-used',
      userIds: 'owners',
      facts: { used: String(used), limit: String(allowance.limit), source: allowance.source },
      at,
    })
  })
}
