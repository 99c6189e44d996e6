import type { LegalHold } from '@reeve/sdk'
import { Time } from '../ui/facts.tsx'
import { shortId } from '../ui/format.ts'
import { HostileLine } from '../ui/hostile-text.tsx'

/** What a hold is for, in words: it has no name. Each part narrows it. */
export function HoldTarget({ hold: { user, session_id, from, to } }: { hold: LegalHold }) {
  return (
    <span className="inline-flex min-w-0 flex-wrap gap-x-1">
      <span className="min-w-0 truncate">
        {user === null ? session_id === null ? 'Everything' : 'All' : <HostileLine text={user.username} />}
      </span>
      {session_id !== null && <span title={session_id}>in session {shortId(session_id)}</span>}
      {from !== null && (
        <span>
          from <Time at={from} />
        </span>
      )}
      {to !== null && (
        <span>
          to <Time at={to} />
        </span>
      )}
    </span>
  )
}

/** The same where only text can stand. */
export const holdTitle = ({ user, session_id }: LegalHold): string =>
  user !== null ? `Hold on ${user.username}` : session_id !== null ? 'Hold on a session' : 'Hold on a time'
