import { failedChecks } from './checks.ts'
import { tool } from './run.ts'

/** `npm run check`: types, lint, format, and the rules of the house. */
const failed = await failedChecks()
if (!(await tool('vitest/vitest.mjs', ['run', 'test/house.test.ts']))) failed.push('house')
if (failed.length > 0) {
  process.stderr.write(`failed: ${failed.join(', ')}\n`)
  process.exitCode = 1
}
