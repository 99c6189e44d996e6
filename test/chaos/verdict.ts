import type { Truth } from './traffic.ts'

/** A row of the record, whoever kept it. */
export interface Recorded {
  readonly id: string
  readonly requestSha256: string | null
  /** The control does not keep answers. */
  readonly responseSha256: string | 'not kept' | null
  readonly outcome: string
  readonly ended: boolean
}

/** The figures of a run. Everything but the first three must be 0 for a record that can be relied on. */
export interface Verdict {
  readonly sent: number
  readonly providerSaw: number
  readonly clientsComplete: number
  readonly sawWithoutRecord: number
  readonly completeWithoutEnd: number
  readonly duplicates: number
  readonly startsWithoutEnd: number
  readonly untruthfulEnds: readonly string[]
}

export function judge(truths: ReadonlyMap<string, Truth>, rows: readonly Recorded[]): Verdict {
  const byRequest = Map.groupBy(rows, (row) => row.requestSha256 ?? '')
  const all = [...truths.values()]
  const rowOf = (truth: Truth): Recorded | undefined => byRequest.get(truth.requestSha256)?.[0]
  const saw = all.filter((truth) => truth.providerSaw)
  const complete = all.filter((truth) => truth.client === 'complete')
  const ids = new Set(rows.map((row) => row.id))
  return {
    sent: all.length,
    providerSaw: saw.length,
    clientsComplete: complete.length,
    sawWithoutRecord: saw.filter((truth) => rowOf(truth) === undefined).length,
    completeWithoutEnd: complete.filter((truth) => rowOf(truth)?.ended !== true).length,
    duplicates: rows.length - ids.size + [...byRequest.values()].reduce((sum, same) => sum + same.length - 1, 0),
    startsWithoutEnd: rows.filter((row) => !row.ended).length,
    untruthfulEnds: rows.flatMap((row) => {
      const truth = truths.get(row.requestSha256 ?? '')
      const lie = truth === undefined ? 'a request that nobody sent' : lieIn(row, truth)
      return lie === null ? [] : [`${row.id} ${row.outcome}: ${lie}`]
    }),
  }
}

/** What in a recorded end contradicts what client and provider know; null when nothing does. */
function lieIn(row: Recorded, truth: Truth): string | null {
  if (truth.client === 'complete' && row.outcome !== 'ok') return 'the client has the complete answer'
  switch (row.outcome) {
    case 'ok':
      if (truth.providerSent !== 'all') return `the provider had sent ${truth.providerSent}`
      if (row.responseSha256 === 'not kept' || row.responseSha256 === truth.answerSha256) return null
      return 'the recorded answer is not the one that was sent'
    case 'client_disconnected':
      return truth.client === 'hung up' ? null : `the client is ${truth.client}`
    case 'upstream_aborted':
      return truth.providerSent === 'broke off' ? null : `the provider had sent ${truth.providerSent}`
    case 'interrupted':
      return null
    case 'refused':
      return truth.providerSaw ? 'the provider was asked' : null
    default:
      return `the provider had sent ${truth.providerSent}, the client is ${truth.client}`
  }
}

export function figures(name: string, verdict: Verdict, crashes: { servers: number; databases: number }): string {
  const lies = verdict.untruthfulEnds
  return [
    `${name}: ${verdict.sent} sent, provider saw ${verdict.providerSaw}, clients complete ${verdict.clientsComplete},`,
    `${crashes.servers} server kills, ${crashes.databases} PostgreSQL crashes;`,
    `seen without a record ${verdict.sawWithoutRecord}, complete without an end ${verdict.completeWithoutEnd},`,
    `duplicates ${verdict.duplicates}, starts without an end ${verdict.startsWithoutEnd},`,
    `untruthful ends ${lies.length}${lies.length === 0 ? '' : ` (${lies.slice(0, 5).join('; ')})`}`,
  ].join(' ')
}
