import { type JsonObject, objectOf } from '../json.ts'
import { noUsage, type Usage } from '../observation.ts'
import { tokenCount as count } from '../token-count.ts'

/** Of each field the last value that the provider stated; null states nothing, zero does. */
export function mergeUsage(known: JsonObject | null, stated: JsonObject): JsonObject {
  const said = Object.entries(stated).filter(([, value]) => value !== null)
  return { ...known, ...Object.fromEntries(said) }
}

export function readUsage(raw: JsonObject): Usage {
  return {
    ...noUsage,
    input: count(raw['input_tokens']),
    output: count(raw['output_tokens']),
    cacheRead: count(raw['cache_read_input_tokens']),
    cacheWrite: count(raw['cache_creation_input_tokens']),
    cacheWrite1h: count(objectOf(raw['cache_creation'])['ephemeral_1h_input_tokens']),
  }
}
