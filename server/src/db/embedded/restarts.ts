const perWindow = 5
const windowMs = 60_000
const firstDelayMs = 100

/**
 * How long to wait before starting again what has ended, given when it was started before: at once for a lone crash,
 * twice as long for each further one, and never more than five starts in any minute.
 */
export function nextRestart(startedAtMs: readonly number[], nowMs: number): number {
  const recent = startedAtMs.filter((at) => at > nowMs - windowMs)
  const backoffMs = recent.length === 0 ? 0 : firstDelayMs * 2 ** (recent.length - 1)
  const oldest = recent.at(-perWindow)
  return oldest === undefined ? backoffMs : Math.max(backoffMs, oldest + windowMs - nowMs)
}
