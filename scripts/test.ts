import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks, failedChecks } from './checks.ts'
import { databaseTests } from './database-tests.ts'
import { debianPostgres, startDebianPostgres } from './debian-postgres.ts'
import { root, succeeds, tool, wasInterrupted } from './run.ts'
import { type Summary, isSummary } from './summary.ts'

/**
 * `npm test`: the checks, every test on the built-in PostgreSQL, and those that are about the database once more on
 * Debian's. The last line sums all of it up; each check counts as one test.
 */
const total: Summary = { passed: 0, failed: 0, failures: [], skipped: [] }

function add(part: Summary): void {
  total.passed += part.passed
  total.failed += part.failed
  total.failures.push(...part.failures)
  total.skipped.push(...part.skipped)
}

function addFailure(test: string, reason: string): void {
  add({ passed: 0, failed: 1, failures: [{ test, reason }], skipped: [] })
}

/** One run of vitest. Files limit it to themselves. */
async function run(files: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-summary-'))
  const file = join(folder, 'summary.json')
  try {
    const reporters = ['--reporter=default', '--reporter=./scripts/summary-reporter.ts']
    const ended = await tool('vitest/vitest.mjs', ['run', ...reporters, ...files], { ...env, REEVE_TEST_SUMMARY: file })
    const summary: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
    if (isSummary(summary)) add(summary)
    if (!isSummary(summary) || (!ended && summary.failed === 0))
      addFailure('vitest', 'ended badly without naming a test')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// Tests start many programs at once: else each of the first would make what all of them start from.
await succeeds(process.execPath, ['scripts/build-programs.mjs'])
if (!(await succeeds('sh', ['scripts/build-dashboard.sh']))) addFailure('console', 'cannot be built')
const failed = await failedChecks()
add({ passed: checks.length - failed.length, failed: 0, failures: [], skipped: [] })
for (const name of failed) addFailure(`check of ${name}`, 'its output is above')

await run(process.argv.slice(2))

const onDebian = databaseTests(root, process.argv.slice(2))
if (!existsSync(join(debianPostgres, 'postgres'))) {
  const reason = `there is no ${debianPostgres} (apt-get install postgresql-15)`
  total.skipped.push(...onDebian.map((file) => ({ test: `${file} on Debian's PostgreSQL`, reason })))
} else if (onDebian.length > 0 && !wasInterrupted()) {
  process.stdout.write("\nOnce more on Debian's PostgreSQL 15\n")
  await using postgres = await startDebianPostgres()
  await run(onDebian, { REEVE_TEST_POSTGRES_URL: postgres.url })
}

for (const { test, reason } of total.skipped) process.stdout.write(`skipped: ${test}: ${reason}\n`)
for (const { test, reason } of total.failures) process.stdout.write(`failed: ${test}: ${reason}\n`)
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped\n`)
process.exitCode = wasInterrupted() ? 130 : total.failed > 0 ? 1 : 0
