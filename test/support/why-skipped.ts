/** Says why tests are not run, where whoever runs them sees it: a number of skipped tests alone tells nobody what to do. */
export function whySkipped(what: string, reason: string | null): string | null {
  if (reason !== null) process.stderr.write(`skipped: ${what}: ${reason}\n`)
  return reason
}
