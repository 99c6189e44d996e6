import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { builtInRoles } from './built-in-roles.ts'

test('the page about access names every built-in role with what it is for, in this order', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/admin/access.md'), 'utf8')
  const rows = [...page.matchAll(/^\| (everywhere|in an organization) *\| `([a-z-]+)` *\| (.+?) *\| (.+?) *\|$/gm)]
  expect(rows.map(([, held, name, displayName, description]) => ({ held, name, displayName, description }))).toEqual(
    builtInRoles.map(({ level, name, displayName, description }) => ({
      held: level === 'site' ? 'everywhere' : 'in an organization',
      name,
      displayName,
      description,
    })),
  )
})
