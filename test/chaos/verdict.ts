import { noTokens, same, type Tokens } from './turn.ts'
import type { Truth, Truths } from './truth.ts'

/** A row of the record, whoever kept it. */
export interface Recorded {
  readonly id: string
  readonly requestSha256: string | null
  /** The control does not keep answers. */
  readonly responseSha256: string | 'not kept' | null
  readonly outcome: string
  readonly ended: boolean
  /** Null where nobody counts. */
  readonly tokens: Tokens | null
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
  readonly miscounted: readonly string[]
}

export function judge(truths: Truths, rows: readonly Recorded[]): Verdict {
  const byRequest = Map.groupBy(rows, (row) => row.requestSha256 ?? '')
  const all = [...truths.values()]
  const rowOf = (truth: Truth): Recorded | undefined => byRequest.get(truth.requestSha256)?.[0]
  const saw = all.filter((truth) => truth.providerSaw)
  const complete = all.filter((truth) => truth.client === 'complete')
  const ids = new Set(rows.map((row) => row.id))
  const against = (what: (row: Recorded, truth: Truth) => string | null): string[] =>
    rows.flatMap((row) => {
      const truth = truths.get(row.requestSha256 ?? '')
      const lie = truth === undefined ? 'a request that nobody sent' : what(row, truth)
      return lie === null ? [] : [`${row.id} ${truth?.format} ${row.outcome}: ${lie}`]
    })
  return {
    sent: all.length,
    providerSaw: saw.length,
    clientsComplete: complete.length,
    sawWithoutRecord: saw.filter((truth) => rowOf(truth) === undefined).length,
    completeWithoutEnd: complete.filter((truth) => rowOf(truth)?.ended !== true).length,
    duplicates: rows.length - ids.size + [...byRequest.values()].reduce((sum, same) => sum + same.length - 1, 0),
    startsWithoutEnd: rows.filter((row) => !row.ended).length,
    untruthfulEnds: against(lieIn),
    miscounted: against(miscountIn),
  }
}

/** What in a recorded end contradicts what client and provider know; null when nothing does. */
function lieIn(row: Recorded, truth: Truth): string | null {
  if (truth.client === 'complete' && row.outcome !== 'ok') return 'the client has the complete answer'
  switch (row.outcome) {
    case 'ok':
      if (truth.providerSent !== 'all') return `the provider had sent ${truth.providerSent}`
      if (row.responseSha256 === 'not kept' || row.responseSha256 === truth.keptSha256) return null
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

/**
 * Of a complete answer the count must be the provider's last. Of one that was cut off it is one that the provider had
 * stated, as far as its answer had come, or none.
 */
function miscountIn({ outcome, tokens }: Recorded, { stated }: Truth): string | null {
  if (tokens === null) return null
  const right = outcome === 'ok' ? stated.slice(-1) : [noTokens, ...stated]
  if (right.some((count) => same(count, tokens))) return null
  return `${JSON.stringify(tokens)} is recorded, the provider counted ${JSON.stringify(stated)}`
}

export function figures(name: string, verdict: Verdict, strikes: Readonly<Record<string, number>>): string {
  const shown = (found: readonly string[]): string =>
    `${found.length}${found.length === 0 ? '' : ` (${found.slice(0, 5).join('; ')})`}`
  return [
    `${name}: ${verdict.sent} sent, provider saw ${verdict.providerSaw}, clients complete ${verdict.clientsComplete};`,
    `${Object.entries(strikes)
      .map(([what, times]) => `${what} ${times}`)
      .join(', ')};`,
    `seen without a record ${verdict.sawWithoutRecord}, complete without an end ${verdict.completeWithoutEnd},`,
    `duplicates ${verdict.duplicates}, starts without an end ${verdict.startsWithoutEnd},`,
    `untruthful ends ${shown(verdict.untruthfulEnds)}, miscounted ${shown(verdict.miscounted)}`,
  ].join(' ')
}
