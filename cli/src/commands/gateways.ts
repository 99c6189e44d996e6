import { endpoints, type GatewayFacts } from '@reeve/sdk'
import type { Context } from '../context.ts'
import { type Answer, type Column, table } from '../output/answer.ts'
import { instantColumn } from '../output/fields.ts'

const columns: readonly Column<GatewayFacts>[] = [
  { name: 'host', value: (row) => row.host, priority: 0 },
  { name: 'process', value: (row) => row.process, priority: 0 },
  { name: 'state', value: (row) => row.state, priority: 0, tone: toneOf },
  { name: 'pending_records', value: (row) => row.pending_records, priority: 0 },
  { name: 'pending_bytes', value: (row) => row.pending_bytes, priority: 2 },
  { name: 'lag_seconds', value: (row) => row.drain_lag_seconds, priority: 1 },
  { name: 'open_requests', value: (row) => row.open_requests, priority: 1 },
  { name: 'version', value: (row) => row.version, priority: 1 },
  instantColumn('seen', (row) => row.seen_at, 0),
  instantColumn('started', (row) => row.started_at, 3),
  { name: 'detail', value: (row) => row.detail, priority: 1, elastic: true },
  { name: 'id', value: (row) => row.id, priority: 4 },
]

/** One that ended in order and left something is as grave as one that is silent. */
function toneOf({ state, healthy, pending_records: pending }: GatewayFacts) {
  if (state === 'running') return healthy ? 'green' : 'yellow'
  return pending > 0 || state === 'silent' ? 'red' : 'dim'
}

export async function listGateways(context: Context): Promise<Answer> {
  const client = await context.client()
  const { gateways } = await client.call(endpoints.listGateways, { signal: context.io.signal })
  return table(gateways, columns, (row) => row.id, 'no gateway was ever started')
}
