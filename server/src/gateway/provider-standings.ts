import type { Clock, Log } from '@reeve/base'
import type { AiGatewayStanding, AiKeyStanding, AiProvider, AiStanding } from '@reeve/sdk'
import type { Executor } from '../db/database.ts'
import { findStandings, type StandingRow } from './gateway-queries.ts'
import { silentMs } from './gateways.ts'
import { WrittenStanding } from './written-standings.ts'

/** How a provider does at each gateway that was heard of lately: what the others told last is over. */
export async function standingOf(
  { db, clock, log }: { readonly db: Executor; readonly clock: Clock; readonly log: Log },
  provider: Pick<AiProvider, 'name' | 'api_keys'>,
): Promise<readonly AiGatewayStanding[]> {
  const rows = await findStandings(db, provider.name, new Date(clock.now().getTime() - silentMs))
  return rows.map((row) => present(row, provider, log))
}

function present(row: StandingRow, provider: Pick<AiProvider, 'name' | 'api_keys'>, log: Log): AiGatewayStanding {
  const read = WrittenStanding.nullable().safeParse(row.standing)
  // A gateway of another release may write it in another way, which is no reason to tell nothing of the rest.
  if (!read.success) log.warn({ gateway: row.replica_id, err: read.error }, 'what a gateway tells cannot be read')
  return {
    gateway: row.replica_id,
    host: row.host,
    process: row.process,
    seen_at: row.seen_at.toISOString(),
    standing: read.data == null ? null : withKeys(read.data, provider.api_keys),
  }
}

const withKeys = (standing: WrittenStanding, known: AiProvider['api_keys']): AiStanding => ({
  ...standing,
  keys: standing.keys.map((key) => ({
    ...key,
    masked: known.find(({ id }) => id === key.id)?.masked ?? '',
    state: worstOf(key.rests),
  })),
})

const worstOf = (rests: WrittenStanding['keys'][number]['rests']): AiKeyStanding['state'] =>
  (['refused', 'limited', 'busy'] as const).find((state) => rests.some((rest) => rest.state === state)) ?? 'usable'
