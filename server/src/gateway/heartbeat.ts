import { hostname } from 'node:os'
import { type Clock, type Log, toError, type Uuid } from '@reeve/base'
import type { ProviderStanding } from '@reeve/bridge'
import type { Database } from '../db/database.ts'
import { forgetGateways, saveGateway } from './gateway-queries.ts'
import { writeStandings } from './written-standings.ts'

/** What a gateway says of itself, as it is at this moment. */
export interface GatewayPulse {
  readonly healthy: boolean
  readonly detail: string
  /** The last frame of its journal that is durable. */
  readonly journalSeq: number
  readonly pendingBytes: number
  readonly drainLagSeconds: number
  readonly openRequests: number
  /** How its providers do. */
  readonly standings: readonly ProviderStanding[]
}

export interface HeartbeatOptions {
  readonly db: Database
  readonly replicaId: Uuid
  /** Which process of this machine; 1 where there is one. */
  readonly process: number
  readonly version: string
  readonly pulse: () => GatewayPulse
  readonly clock: Clock
  readonly log: Log
}

export const beatMs = 5_000
const rememberedMs = 30 * 86_400_000

/**
 * Tells the database every few seconds that this gateway is there and how far its journal has come. Whoever looks after
 * a gateway that does not come back knows from it how much of the record is on that machine's disk and nowhere else.
 * A beat that fails is not repeated: the next one says more.
 */
export function startHeartbeat(options: HeartbeatOptions): AsyncDisposable {
  const { db, replicaId, version, pulse, clock, log } = options
  const startedAt = clock.now()
  let isHeard = true
  let beating: Promise<void> | null = null

  async function beat(stoppedAt: Date | null): Promise<void> {
    const { healthy, detail, journalSeq, pendingBytes, drainLagSeconds, openRequests, standings } = pulse()
    await saveGateway(db.sql, {
      replica_id: replicaId,
      host: hostname(),
      process: options.process,
      version,
      started_at: startedAt,
      seen_at: clock.now(),
      stopped_at: stoppedAt,
      healthy,
      detail,
      journal_seq: journalSeq,
      pending_bytes: pendingBytes,
      drain_lag_seconds: drainLagSeconds,
      open_requests: openRequests,
      provider_standings: stoppedAt === null ? writeStandings(standings) : null,
    })
  }

  async function attempt(stoppedAt: Date | null): Promise<void> {
    try {
      // The first time, the gateway is only just being put together.
      await Promise.resolve()
      await beat(stoppedAt)
      isHeard = true
    } catch (thrown) {
      if (isHeard) log.warn({ err: toError(thrown) }, 'the list of gateways does not hear of this one')
      isHeard = false
    }
  }
  const next = (): void => {
    beating ??= attempt(null).finally(() => (beating = null))
  }
  const timer = setInterval(next, beatMs)
  timer.unref()
  beating = attempt(null)
    .then(() => forgetGateways(db.sql, new Date(clock.now().getTime() - rememberedMs)))
    .catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'gateways of long ago stay in the list'))
    .finally(() => (beating = null))
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await beating
      await attempt(clock.now())
    },
  }
}
