import type { ProviderStanding } from '@reeve/bridge'
import { AiKeyStanding, AiStanding } from '@reeve/sdk'
import { z } from 'zod'

/** As a gateway writes it: the contract's own words, without what is known of keys where they are read. */
export const WrittenStanding = AiStanding.extend({ keys: z.array(AiKeyStanding.omit({ masked: true, state: true })) })
export type WrittenStanding = z.infer<typeof WrittenStanding>

/** What a gateway tells with its heartbeat, by the names of its providers. */
export function writeStandings(standings: readonly ProviderStanding[]): string {
  return JSON.stringify(Object.fromEntries(standings.map((one) => [one.name, written(one)])))
}

const written = ({ requests, keys, models, leftOut }: ProviderStanding): WrittenStanding => ({
  requests,
  keys: keys.map(({ id, usedAt, rests }) => ({
    id,
    used_at: usedAt?.toISOString() ?? null,
    rests: rests.map((rest) => ({ ...rest, until: rest.until.toISOString() })),
  })),
  models: models.map((one) => ({ ...one, until: one.until?.toISOString() ?? null })),
  left_out: leftOut,
})
