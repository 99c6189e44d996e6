import type { Clock } from '@reeve/base'
import type { GatewayFacts } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { findGateways, type GatewayRow } from './gateway-queries.ts'
import { beatMs } from './heartbeat.ts'
import type { BridgeStatus } from './status.ts'

/** So many beats may get lost before a gateway counts as silent. */
export const silentMs = 4 * beatMs

/**
 *   running ──an orderly end──▶ stopped ──started again──▶ running
 *   running ──not heard of for some beats──▶ silent ──heard of again──▶ running
 */
export async function listGateways(db: Executor, clock: Clock): Promise<readonly GatewayFacts[]> {
  const now = clock.now().getTime()
  return (await findGateways(db)).map((row) => present(row, now))
}

const stateOf = (row: GatewayRow, now: number): GatewayFacts['state'] => {
  if (row.stopped_at !== null) return 'stopped'
  return now - row.seen_at.getTime() > silentMs ? 'silent' : 'running'
}

const present = (row: GatewayRow, now: number): GatewayFacts => ({
  id: row.replica_id,
  host: row.host,
  process: row.process,
  version: row.version,
  state: stateOf(row, now),
  healthy: row.healthy,
  detail: row.detail,
  started_at: row.started_at.toISOString(),
  seen_at: row.seen_at.toISOString(),
  pending_records: row.pending_records,
  pending_bytes: row.pending_bytes,
  drain_lag_seconds: row.drain_lag_seconds,
  open_requests: row.open_requests,
})

/** The state of the record where a server has no journal of its own: that of all gateways together. */
export function journalOfAll(gateways: readonly GatewayFacts[]): BridgeStatus['journal'] {
  const there = gateways.filter(({ state, pending_records: pending }) => state === 'running' || pending > 0)
  const detail = there.flatMap(({ host, process, state, pending_records: pending, detail: told }) => {
    if (state === 'running') return told === '' ? [] : [`${host} (${process}): ${told}`]
    return [`${host} (${process}) is ${state} and has ${pending} records that are not in PostgreSQL.`]
  })
  if (!gateways.some(({ state }) => state === 'running')) detail.unshift('No gateway is running.')
  return {
    healthy: detail.length === 0,
    detail: detail.join(' '),
    pending_bytes: there.reduce((sum, { pending_bytes: bytes }) => sum + bytes, 0),
    drain_lag_seconds: Math.max(0, ...there.map(({ drain_lag_seconds: lag }) => lag)),
  }
}
