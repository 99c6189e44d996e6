import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliReference } from './reference.ts'

test('the reference page is what the commands are; npm run gen renews it', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/cli.md'), 'utf8')
  expect(page).toBe(cliReference())
})
