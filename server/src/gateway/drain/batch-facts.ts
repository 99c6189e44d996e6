import { tokenKinds } from '../record/token-classes.ts'
import type { BatchFacts } from './messages.ts'
import type { Written } from './write.ts'

export const nothingWritten: BatchFacts = {
  starts: 0,
  ends: 0,
  rejects: 0,
  bodiesLost: 0,
  masked: 0,
  prompts: [],
  toolCalls: [],
  tokens: [],
}

/** What metrics count of a batch. Told after its commit, so that nothing is counted that is not in the database. */
export function factsOf({ starts, ends, bodiesLost, masked }: Written, rejects: number): BatchFacts {
  const isHuman = ({ kind, origin }: { kind: string; origin: string }) => kind === 'prompt' && origin === 'human'
  return {
    starts: starts.length,
    ends: ends.length,
    rejects,
    bodiesLost,
    masked,
    prompts: sums(
      starts.map(({ row, items }) => {
        const said = { provider: row.provider_name, model: row.model, client: row.client }
        return [said, items.filter(isHuman).length]
      }),
    ),
    toolCalls: sums(
      ends.map(({ row, known }) => [{ provider: known.providerName, model: known.model }, row.tool_calls]),
    ),
    tokens: sums(
      ends.flatMap(({ row, known }) =>
        tokenKinds.map(
          ([kind, column]) => [{ provider: known.providerName, model: known.model, kind }, row[column]] as const,
        ),
      ),
    ),
  }
}

/** One entry for all counts of the same. */
function sums<Of extends object>(counts: readonly (readonly [Of, number])[]): (Of & { count: number })[] {
  const all = new Map<string, Of & { count: number }>()
  for (const [of, count] of counts) {
    const key = JSON.stringify(of)
    all.set(key, { ...of, count: (all.get(key)?.count ?? 0) + count })
  }
  return [...all.values()]
}
