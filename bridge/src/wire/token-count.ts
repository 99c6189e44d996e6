import type { JsonObject } from './json.ts'

/** A number of tokens that can be added up: never negative, never more than an integer holds, 0 when it is no number. */
export function tokenCount(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) return 0
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER)
}

/** Of each field the last value that the provider stated; null states nothing, zero does. */
export function mergeUsage(known: JsonObject | null, stated: JsonObject): JsonObject {
  const said = Object.entries(stated).filter(([, value]) => value !== null)
  return { ...known, ...Object.fromEntries(said) }
}
