import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { providerReference } from './reference.ts'

test('the reference page of the provider is what its schema says; `npm run gen` writes it', () => {
  const page = join(import.meta.dirname, '../../../../../docs/reference/terraform-provider.md')
  expect(readFileSync(page, 'utf8')).toBe(providerReference())
})
