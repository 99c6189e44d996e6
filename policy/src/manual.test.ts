import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { lintPolicy } from './lint.ts'
import { parsePolicy } from './parse.ts'
import { runTests } from './run-tests.ts'
import { noon } from './testing.ts'

test('the policy that the manual shows can be published as it stands there', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/admin/boundary-policies.md'), 'utf8')
  const text = /```yaml\n([^]*?)```/.exec(page)?.[1] ?? ''
  const { policy, problems } = parsePolicy(text)
  expect(problems).toEqual([])
  expect(runTests(policy!, noon).filter(({ passed }) => !passed)).toEqual([])
  expect(lintPolicy(policy!, noon)).toEqual([])
})
