import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { installScripts, strangers, undeclared } from './house/dependencies.ts'
import { repositoryTree, type Tree } from './house/sources.ts'
import { importCycles, throughWalls, upwardImports } from './house/walls.ts'
import { clockReaders, deadPaths, foreignPlaces, longFiles, placelessNames } from './house/words.ts'

const root = resolve(import.meta.dirname, '..')
const house = repositoryTree(root)

describe('the house', () => {
  test('no package imports what it must not know', () => expect(throughWalls(house)).toEqual([]))
  test('no room imports a floor above or beside it', () => expect(upwardImports(house)).toEqual([]))
  test('no imports go in a circle', () => expect(importCycles(house)).toEqual([]))
  test('no file is a place for things without a place', () => expect(placelessNames(house)).toEqual([]))
  test('no file is longer than 400 lines', () => expect(longFiles(house)).toEqual([]))
  test('every path that a page names exists', () => expect(deadPaths(house)).toEqual([]))
  test('no file names a package registry or a folder of somebody’s machine', () => {
    expect(foreignPlaces(house, root)).toEqual([])
  })
  test('only the clock asks for the time', () => expect(clockReaders(house)).toEqual([]))
  test('packages import only the libraries that they were allowed', () => expect(strangers(house)).toEqual([]))
  test('every dependency is on the list and pinned', () => expect(undeclared(house)).toEqual([]))
  test('no dependency needs an install script', () => {
    expect(installScripts(house.get('package-lock.json')!)).toEqual([])
  })
})

/** Every rule is seen to bite: a small tree with one violation and what is lawful beside it. */
describe('the rules of the house', () => {
  const tree = (files: Record<string, string>): Tree => new Map(Object.entries(files))
  // Written so that this file does not break the rules that it plants breaches of.
  const from = (specifier: string) => `import type { X } from '${specifier}'\n`

  test('walls', () => {
    const lawful = { 'sdk/src/a.ts': from('@reeve/base'), 'bin/reeve.mjs': from('../server/src/main.ts') }
    expect(throughWalls(tree({ ...lawful, 'bridge/src/a.ts': from('@reeve/sdk') }))).toEqual([
      'bridge/src/a.ts imports @reeve/sdk',
    ])
    expect(throughWalls(tree({ 'cli/src/a.ts': from('../../server/src/a.ts') }))).toEqual([
      'cli/src/a.ts reaches into server/src/a.ts',
    ])
    expect(throughWalls(tree({ 'cli/src/a.ts': `await import('@reeve/server')` }))).toEqual([
      'cli/src/a.ts imports @reeve/server',
    ])
    expect(throughWalls(tree({ 'cli/src/a.ts': `export * ${from('@reeve/base/src/ids.ts').slice(16)}` }))).toEqual([
      'cli/src/a.ts imports @reeve/base/src/ids.ts, past the index of the package',
    ])
    expect(throughWalls(tree({ 'cli/src/a.test.ts': from('../../test/support/server.ts') }))).toEqual([])
    expect(throughWalls(tree({ 'cli/src/a.ts': from('../../test/support/server.ts') }))).toHaveLength(1)
    expect(throughWalls(tree({ 'bench/a.ts': from('../test/support/server.ts') }))).toEqual([])
    expect(throughWalls(tree({ 'bench/a.ts': from('../test/chaos/truth.ts') }))).toEqual([
      'bench/a.ts reaches into test/chaos/truth.ts',
    ])
    expect(throughWalls(tree({ 'cli/src/a.ts': from('./testing.ts') }))).toEqual([
      'cli/src/a.ts imports cli/src/testing.ts, which is for tests',
    ])
  })

  test('floors', () => {
    const lawful = {
      'server/src/app.ts': from('./gateway/gateway.ts'),
      'server/src/identity/users.ts': from('../audit/journal.ts') + from('./queries.ts'),
    }
    expect(upwardImports(tree({ ...lawful, 'server/src/http/serve.ts': from('../identity/users.ts') }))).toEqual([
      'server/src/http/serve.ts (floor 2) imports server/src/identity/users.ts (floor 4)',
    ])
    expect(upwardImports(tree({ 'server/src/db/pool.ts': from('../journal/journal.ts') }))).toHaveLength(1)
    expect(upwardImports(tree({ 'server/src/gateway/gateway.ts': from('../config.ts') }))).toHaveLength(1)
    expect(upwardImports(tree({ 'server/src/cellar/a.ts': from('../db/pool.ts') }))).toEqual([
      'the room of server/src/cellar/a.ts has no floor',
    ])
  })

  test('cycles', () => {
    const files = { 'base/src/a.ts': from('./b.ts'), 'base/src/b.ts': from('./c.ts'), 'base/src/d.ts': from('./a.ts') }
    expect(importCycles(tree({ ...files, 'base/src/c.ts': '' }))).toEqual([])
    expect(importCycles(tree({ ...files, 'base/src/c.ts': from('./a.ts') }))).toEqual([
      'base/src/a.ts → base/src/b.ts → base/src/c.ts → base/src/a.ts',
    ])
  })

  test('names and sizes', () => {
    expect(
      placelessNames(tree({ 'cli/src/utils.ts': '', 'cli/src/string-util.ts': '', 'cli/src/utilisation.ts': '' })),
    ).toEqual(['cli/src/utils.ts', 'cli/src/string-util.ts'])
    const files = { 'a.ts': '\n'.repeat(401), 'b.ts': '\n'.repeat(400), 'x/__generated__/c.ts': '\n'.repeat(999) }
    expect(longFiles(tree(files))).toEqual(['a.ts'])
  })

  test('paths', () => {
    const page = 'See `server/src/gone.ts`, `server/src/here.ts`, `server/src/`, `application/json` and [a](docs/b.md).'
    expect(deadPaths(tree({ 'README.md': page, 'server/src/here.ts': '' }))).toEqual([
      'README.md names server/src/gone.ts',
      'README.md names docs/b.md',
    ])
    expect(
      deadPaths(tree({ 'docs/admin/a.md': '[b](b.md#part) [c](../c.md) [d](https://x)', 'docs/c.md': '' })),
    ).toEqual(['docs/admin/a.md names docs/admin/b.md'])
  })

  test('places', () => {
    const home = ['', 'home', 'somebody'].join('/')
    const pages = { 'a.md': `cd ${home}/reeve`, 'b.md': 'cd /home/dana/reeve', 'c.md': 'see /srv/checkout/README.md' }
    expect(foreignPlaces(tree(pages), '/srv/checkout')).toEqual([`a.md: ${home}`, 'c.md: /srv/checkout'])
    const host = ['registry', 'npmjs', 'org'].join('.')
    expect(foreignPlaces(tree({ 'package-lock.json': `"https://${host}/zod"` }), '/x')).toEqual([
      `package-lock.json: ${host}`,
    ])
  })

  test('time', () => {
    const files = {
      'base/src/clock.ts': 'new Date()',
      'cli/src/a.test.ts': 'Date.now()',
      'cli/src/b.ts': '// new Date()',
    }
    for (const reading of ['new Date()', 'Date.now()', 'performance.now()']) {
      expect(clockReaders(tree({ ...files, 'server/src/db/a.ts': reading, 'sdk/src/c.ts': 'new Date(0)' }))).toEqual([
        'server/src/db/a.ts',
      ])
    }
  })

  test('dependencies', () => {
    const files = { 'server/src/a.ts': from('pg') + from('node:fs'), 'base/src/a.test.ts': from('vitest') }
    expect(strangers(tree({ ...files, 'base/src/a.ts': from('zod'), 'cli/src/a.ts': from('vitest') }))).toEqual([
      'base/src/a.ts imports zod',
      'cli/src/a.ts imports vitest',
    ])
    expect(undeclared(tree({ 'sdk/package.json': '{"dependencies":{"zod":"^4.0.0","left-pad":"1.0.0"}}' }))).toEqual([
      'sdk/package.json: zod is not pinned: ^4.0.0',
      'sdk/package.json needs left-pad',
    ])
    const lock = { packages: { 'node_modules/a': { hasInstallScript: true }, 'node_modules/b': {} } }
    expect(installScripts(JSON.stringify(lock))).toEqual(['node_modules/a'])
  })
})
