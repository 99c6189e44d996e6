import { type JsonObject, objectOf } from '../json.ts'
import { noUsage, type Usage } from '../observation.ts'
import { tokenCount as count } from '../token-count.ts'

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
