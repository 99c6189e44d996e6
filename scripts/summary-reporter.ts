import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'
import type { Summary } from './summary.ts'

/** A vitest reporter: writes what a run came to into the file that REEVE_TEST_SUMMARY names. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const summary: Summary = { passed: 0, failed: errors.length, skipped: [] }
    for (const module of modules) count(module, summary)
    writeFileSync(process.env['REEVE_TEST_SUMMARY']!, JSON.stringify(summary))
  }
}

function count(module: TestModule, summary: Summary): void {
  // Errors outside of tests: a file that does not load, a hook that fails, something left running.
  summary.failed += module.errors().length
  for (const suite of module.children.allSuites()) summary.failed += suite.errors().length
  for (const test of module.children.allTests()) {
    const result = test.result()
    if (result.state === 'passed') summary.passed++
    else if (result.state === 'failed') summary.failed++
    else {
      const reason = (result.state === 'skipped' ? result.note : undefined) ?? 'no reason given'
      summary.skipped.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason })
    }
  }
}
