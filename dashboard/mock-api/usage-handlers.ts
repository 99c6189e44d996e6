import { systemClock } from '@reeve/base'
import type { Interception, UsageCounts, UsageReport, UsageRow } from '@reeve/sdk'
import { daysAfter } from '../app/usage/period.ts'
import { type Asked, type Handlers, visible } from './handlers.ts'
import { hostileTexts } from './hostile.ts'

/** Usage added up from the requests of the seeded sessions, and a model and a group that try to act on the reader. */

/** A day as the calendar of a place shows it. */
const dayIn = (zone: string, at: Date): string => new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(at)

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
  const { zone = 'UTC' } = query
  const today = dayIn(zone, systemClock.now())
  const last = query.to === undefined ? today : daysAfter(query.to.slice(0, 10), -1)
  const first = query.from?.slice(0, 10) ?? daysAfter(last, -29)
  const dayOf = ({ ended_at }: Interception): string => (ended_at === null ? '' : dayIn(zone, new Date(ended_at)))
  const used = visible(asked)
    .flatMap(({ interceptions }) => interceptions)
    .filter((one) => dayOf(one) >= first && dayOf(one) <= last)
  const rows = new Map<string, { name: string; of: Interception[] }>()
  const add = (key: string, name: string, one?: Interception) => {
    const row = rows.get(key) ?? { name, of: [] }
    rows.set(key, row)
    if (one !== undefined) row.of.push(one)
  }
  const by = groupings[query.group_by ?? 'day']
  if (by === undefined) {
    for (let day = first; day <= last; day = daysAfter(day, 1)) add(day, day)
  }
  for (const one of used) {
    const day = dayOf(one)
    for (const [key, name] of by?.(one) ?? [[day, day] as const]) add(key, name, one)
  }
  const shown: UsageRow[] = [...rows].map(([key, { name, of }]) => ({ key, name, ...counts(of) }))
  if (by !== undefined) shown.sort((a, b) => b.total_tokens - a.total_tokens)
  return {
    // As if the day began everywhere when it does in UTC: no page reads these two.
    from: `${first}T00:00:00.000Z`,
    to: `${daysAfter(last, 1)}T00:00:00.000Z`,
    zone,
    // SAFETY: the endpoint's schema has read it.
    group_by: (query.group_by ?? 'day') as UsageReport['group_by'],
    total: counts(used),
    rows: shown,
    other: query.group_by === 'client' ? { ...counts([]), count: 2 } : null,
    overlapping: shown.reduce((sum, { requests }) => sum + requests, 0) > used.length,
  }
}

export const usageHandlers: Handlers = { getUsage: ({ query }, asked) => report(asked, query) }
