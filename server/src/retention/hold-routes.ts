import { endpoints, type LegalHold } from '@reeve/sdk'
import { demand } from '../http/demand.ts'
import { implement, type Route, signedIn } from '../http/implement.ts'
import { type HoldRow, selectHolds } from './hold-queries.ts'
import { endHold, type Holds, type NewHold, placeHold, previewHold, weighHold } from './holds.ts'

export function holdRoutes(holds: Holds): Route[] {
  return [
    implement(endpoints.listLegalHolds, async (_, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      return { holds: (await selectHolds(holds.db.sql)).map(presentHold) }
    }),

    implement(endpoints.getLegalHold, async ({ params: { id } }, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      const { hold, covers } = await weighHold(holds, id)
      return { ...presentHold(hold), covers }
    }),

    implement(endpoints.previewLegalHold, async ({ body }, scope) => {
      demand(signedIn(scope), 'audit_log:read', {})
      return { covers: await previewHold(holds, aboutOf(body)) }
    }),

    implement(endpoints.createLegalHold, async ({ body }, scope) =>
      presentHold(await placeHold(holds, scope, { ...aboutOf(body), reason: body.reason })),
    ),

    implement(endpoints.releaseLegalHold, async ({ params: { id }, body: { reason } }, scope) =>
      presentHold(await endHold(holds, scope, id, reason)),
    ),
  ]
}

function aboutOf({ user, session_id, from, to }: About): Omit<NewHold, 'reason'> {
  return {
    user: user ?? null,
    sessionId: session_id ?? null,
    from: from === undefined ? null : new Date(from),
    to: to === undefined ? null : new Date(to),
  }
}

interface About {
  readonly user?: string | undefined
  readonly session_id?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

function presentHold(row: HoldRow): LegalHold {
  const person = (id: string | null, username: string | null, name: string | null, avatarUrl: string | null) =>
    id === null ? null : { id, username: username ?? '', name: name ?? '', avatar_url: avatarUrl ?? '' }
  return {
    id: row.id,
    user: person(row.user_id, row.username, row.name, row.avatar_url),
    session_id: row.session_id,
    from: row.from_at?.toISOString() ?? null,
    to: row.to_at?.toISOString() ?? null,
    reason: row.reason,
    created_at: row.created_at.toISOString(),
    created_by: person(row.created_by, row.creator_username, row.creator_name, row.creator_avatar_url),
    released_at: row.released_at?.toISOString() ?? null,
    release_reason: row.release_reason,
  }
}
