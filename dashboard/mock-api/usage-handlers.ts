import { systemClock } from '@reeve/base'
import type { Interception, UsageCounts, UsageReport, UsageRow } from '@reeve/sdk'
import { type Asked, type Handlers, visible } from './handlers.ts'
import { hostileTexts } from './hostile.ts'

/** Usage added up from the requests of the seeded sessions, and a model and a group that try to act on the reader. */

const dayMs = 86_400_000
const [script = '', , , , markdown = ''] = hostileTexts

const classes = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_write_input_tokens',
  'cache_write_1h_input_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
] as const

function counts(of: readonly Interception[]): UsageCounts {
  const sum = (name: (typeof classes)[number]) => of.reduce((all, { token_usage }) => all + token_usage[name], 0)
  const input_tokens = sum('input_tokens')
  const output_tokens = sum('output_tokens')
  const cache_read_input_tokens = sum('cache_read_input_tokens')
  const cache_write_input_tokens = sum('cache_write_input_tokens')
  const read_tokens = input_tokens + cache_read_input_tokens + cache_write_input_tokens
  return {
    requests: of.length,
    errors: of.filter(({ outcome }) => outcome !== 'ok' && outcome !== 'client_disconnected').length,
    input_tokens,
    output_tokens,
    cache_read_input_tokens,
    cache_write_input_tokens,
    cache_write_1h_input_tokens: sum('cache_write_1h_input_tokens'),
    reasoning_tokens: sum('reasoning_tokens'),
    audio_input_tokens: sum('audio_input_tokens'),
    audio_output_tokens: sum('audio_output_tokens'),
    read_tokens,
    total_tokens: read_tokens + output_tokens,
  }
}

type Named = readonly [key: string, name: string]

const groupings: Readonly<Record<string, (one: Interception) => readonly Named[]>> = {
  user: ({ initiator }) => [[initiator.id, initiator.username]],
  group: ({ initiator }) => [
    ['platform', 'Platform'],
    ...(initiator.username === 'dana' ? [['sre', markdown] as const] : []),
  ],
  organization: () => [['home', 'Everybody here']],
  model: ({ model, streaming }) => (streaming ? [[model, model]] : [['script', script]]),
  provider: ({ provider_name }) => [[provider_name, provider_name]],
  client: ({ client }) => [[client, client]],
}

function report(
  asked: Asked,
  query: {
    from?: string | undefined
    to?: string | undefined
    group_by?: string | undefined
    zone?: string | undefined
  },
): UsageReport {
  const to = query.to === undefined ? systemClock.now() : new Date(query.to)
  const from = new Date(query.from ?? `${new Date(to.getTime() - 29 * dayMs).toISOString().slice(0, 10)}T00:00:00Z`)
  const used = visible(asked)
    .flatMap(({ interceptions }) => interceptions)
    .filter(({ ended_at }) => ended_at !== null && new Date(ended_at) >= from && new Date(ended_at) < to)
  const rows = new Map<string, { name: string; of: Interception[] }>()
  const add = (key: string, name: string, one?: Interception) => {
    const row = rows.get(key) ?? { name, of: [] }
    rows.set(key, row)
    if (one !== undefined) row.of.push(one)
  }
  const by = groupings[query.group_by ?? 'day']
  if (by === undefined) {
    for (let at = from.getTime(); at < to.getTime(); at += dayMs) {
      const day = new Date(at).toISOString().slice(0, 10)
      add(day, day)
    }
  }
  for (const one of used) {
    const day = (one.ended_at ?? '').slice(0, 10)
    for (const [key, name] of by?.(one) ?? [[day, day] as const]) add(key, name, one)
  }
  const shown: UsageRow[] = [...rows].map(([key, { name, of }]) => ({ key, name, ...counts(of) }))
  if (by !== undefined) shown.sort((a, b) => b.total_tokens - a.total_tokens)
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    zone: query.zone ?? 'UTC',
    // SAFETY: the endpoint's schema has read it.
    group_by: (query.group_by ?? 'day') as UsageReport['group_by'],
    total: counts(used),
    rows: shown,
    other: query.group_by === 'client' ? { ...counts([]), count: 2 } : null,
    overlapping: shown.reduce((sum, { requests }) => sum + requests, 0) > used.length,
  }
}

export const usageHandlers: Handlers = { getUsage: ({ query }, asked) => report(asked, query) }
