import { type JsonObject, objectOf } from '../../wire/json.ts'
import type { KnownCapability } from './capability.ts'

/** How much of the answer may be thoughts, by how hard the model is to try. */
const shares: Readonly<Record<string, number>> = { low: 0.2, medium: 0.5, high: 0.8, max: 0.95 }
/** A budget below this is refused. */
const budgetMin = 1024

/**
 * What takes the place of the `thinking` of a request for a model that wants it otherwise: `as_is`, another value, or
 * null for none at all. Nothing can be made of adaptive thinking without a bound on the answer.
 */
export function thinkingFor(
  wanted: KnownCapability['thinking'],
  given: JsonObject,
  body: { readonly maxTokens: unknown; readonly outputConfig: unknown },
): JsonObject | 'as_is' | null {
  if (wanted === 'adaptive' && given['type'] === 'enabled') return { type: 'adaptive' }
  // The models that only know this one way of thinking refuse to be told not to.
  if (wanted === 'adaptive' && given['type'] === 'disabled') return null
  if (wanted !== 'budget' || given['type'] !== 'adaptive' || typeof body.maxTokens !== 'number') return 'as_is'
  const { effort } = objectOf(body.outputConfig)
  const share = (typeof effort === 'string' && Object.hasOwn(shares, effort) ? shares[effort] : undefined) ?? 0.8
  const budget = Math.floor(body.maxTokens * share)
  return budget < budgetMin ? { type: 'disabled' } : { type: 'enabled', budget_tokens: budget }
}
