import type { Scan } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'

const bytesMax = 8192

/**
 * What a body says about its session. Codex repeats the facts of its turn in `client_metadata`; other clients have only
 * the key of the prompt cache, which they choose per conversation. A key that is a mere word is the same for everything
 * that a program asks, and says nothing.
 */
export function sessionHint(body: Buffer, scan: Scan): string | null {
  const named = stringOf(turnMetadata(body, scan)['session_id'])
  if (named !== null) return named
  const key = stringOf(valueAt(body, memberOf(scan, 'prompt_cache_key'), bytesMax))
  return key !== null && key.length >= 16 && /\d/.test(key) ? key : null
}

/** What Codex says about the turn that it asks for; empty when nobody says anything. */
export function turnMetadata(body: Buffer, scan: Scan): JsonObject {
  const stated = objectOf(valueAt(body, memberOf(scan, 'client_metadata'), bytesMax))
  const nested = parseJson(stringOf(stated['x-codex-turn-metadata']) ?? '')
  return isObject(nested) ? { ...stated, ...nested } : stated
}
