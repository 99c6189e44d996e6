import type { UsageCounts, UsageReport } from '@reeve/sdk'
import { type TokenColumns, tokensOfColumns } from '../gateway/record/token-classes.ts'
import type { CountRow, UsageFilter } from './queries.ts'

export function presentUsage(rows: readonly CountRow[], { from, to, zone, groupBy }: UsageFilter): UsageReport {
  const total = rows.find(({ part }) => part === 'total')
  const other = rows.find(({ part }) => part === 'other')
  if (total === undefined) throw new Error('a sum without rows is a row all the same')
  const counted = rows.reduce((sum, { part, requests }) => (part === 'total' ? sum : sum + requests), 0)
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    zone,
    group_by: groupBy,
    total: presentCounts(total),
    rows: rows.flatMap((row) =>
      row.part === 'row' ? [{ key: row.key ?? '', name: row.name ?? '', ...presentCounts(row) }] : [],
    ),
    other: other === undefined ? null : { ...presentCounts(other), count: other.count },
    overlapping: counted > total.requests,
  }
}

/** The parts of a class stand beside it and are not added again. */
function presentCounts(row: TokenColumns & { readonly requests: number; readonly errors: number }): UsageCounts {
  const tokens = tokensOfColumns(row)
  const read = tokens.input + tokens.cacheRead + tokens.cacheWrite
  return {
    requests: row.requests,
    errors: row.errors,
    input_tokens: tokens.input,
    output_tokens: tokens.output,
    cache_read_input_tokens: tokens.cacheRead,
    cache_write_input_tokens: tokens.cacheWrite,
    cache_write_1h_input_tokens: tokens.cacheWrite1h,
    reasoning_tokens: tokens.reasoning,
    audio_input_tokens: tokens.audioInput,
    audio_output_tokens: tokens.audioOutput,
    read_tokens: read,
    total_tokens: read + tokens.output,
  }
}
