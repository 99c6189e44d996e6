import { type Outcome, SessionStatus } from '@reeve/sdk'

/** The outcomes of the latest turn with which a session has each status. */
export const outcomesOf: Readonly<Record<SessionStatus, readonly Outcome[]>> = {
  live: ['live'],
  done: ['ok', 'client_disconnected'],
  denied: ['denied'],
  error: ['upstream_error', 'upstream_aborted', 'timeout', 'refused', 'interrupted'],
}

/** While anything is open it is live, whatever the last turn came to. Until a turn has ended nothing has gone wrong. */
export function statusOf(row: { readonly open_requests: number; readonly last_outcome: string }): SessionStatus {
  if (row.open_requests > 0) return 'live'
  const status = SessionStatus.options.find((each) => outcomesOf[each].some((outcome) => outcome === row.last_outcome))
  return status === 'live' ? 'done' : (status ?? 'error')
}
