/** A number of tokens that can be added up: never negative, never more than an integer holds, 0 when it is no number. */
export function tokenCount(value: unknown): number {
  if (typeof value !== 'number' || !(value > 0)) return 0
  return Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER)
}
