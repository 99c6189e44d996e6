import { useQuery } from '@tanstack/react-query'
import { eachEndpoint as endpoints } from '@reeve/sdk'
import { client } from '../api/client.ts'
import { asked } from '../api/lists.ts'

/** How often each rule of a policy decided in the last 30 days; null until it is known. */
export function useRuleHits(policy: string): ReadonlyMap<string, number> | null {
  const { data } = useQuery({
    queryKey: ['policy-hits', policy],
    queryFn: async ({ signal }) => {
      const query = { ...asked({ q: `policy:${policy}`, from: '-30d' }), limit: 1000 }
      const { rules } = await client.call(endpoints.listBoundaryRules, { query, signal })
      return new Map(rules.map(({ rule, hits }) => [rule, hits]))
    },
    staleTime: 60_000,
  })
  return data ?? null
}
