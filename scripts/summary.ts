/** What a run of tests came to. */
export interface Summary {
  passed: number
  failed: number
  /** What failed, with the first line of why. */
  readonly failures: { readonly test: string; readonly reason: string }[]
  readonly skipped: { readonly test: string; readonly reason: string }[]
}

export function isSummary(value: unknown): value is Summary {
  const { passed, failed, failures, skipped } = Object(value)
  return Number.isInteger(passed) && Number.isInteger(failed) && Array.isArray(failures) && Array.isArray(skipped)
}
