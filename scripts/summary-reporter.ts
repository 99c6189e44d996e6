import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'
import type { Summary } from './summary.ts'

/**
 * A vitest reporter: writes what a run came to into the file that REEVE_TEST_SUMMARY names. What fails is said when it
 * does, whole: a run that is cut off later has told it.
 */
export default class SummaryReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const result = test.result()
    if (result.state !== 'failed') return
    for (const { message, stack } of result.errors.slice(0, 1)) {
      process.stdout.write(
        `failed now: ${test.module.relativeModuleId} > ${test.fullName}\n${message}\n${stack ?? ''}\n`,
      )
    }
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const summary: Summary = { passed: 0, failed: 0, failures: [], skipped: [] }
    fail(summary, 'outside of the tests', errors)
    for (const module of modules) count(module, summary)
    writeFileSync(process.env['REEVE_TEST_SUMMARY']!, JSON.stringify(summary))
  }
}

function count(module: TestModule, summary: Summary): void {
  const file = module.relativeModuleId
  // Errors outside of tests: a file that does not load, a hook that fails, something left running.
  fail(summary, file, module.errors())
  for (const suite of module.children.allSuites()) fail(summary, `${file} > ${suite.fullName}`, suite.errors())
  for (const test of module.children.allTests()) {
    const result = test.result()
    const name = `${file} > ${test.fullName}`
    if (result.state === 'passed') summary.passed++
    else if (result.state === 'failed') fail(summary, name, result.errors.slice(0, 1))
    else summary.skipped.push({ test: name, reason: (result.state === 'skipped' && result.note) || 'no reason given' })
  }
}

function fail(summary: Summary, test: string, errors: readonly { readonly message: string }[]): void {
  for (const { message } of errors) {
    summary.failed++
    summary.failures.push({ test, reason: message.split('\n', 1)[0]! })
  }
}
