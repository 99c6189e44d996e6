/** What a run of tests came to. */
export interface Summary {
  passed: number
  failed: number
  readonly skipped: { readonly test: string; readonly reason: string }[]
}

export function isSummary(value: unknown): value is Summary {
  const { passed, failed, skipped } = Object(value)
  return Number.isInteger(passed) && Number.isInteger(failed) && Array.isArray(skipped)
}
