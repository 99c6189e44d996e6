import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '..')
const root = mkdtempSync(join(tmpdir(), 'reeve-bundle-'))
const cache = join(root, 'node_modules/.cache')
const bundle = join(cache, 'boundary/boundary.cjs')
const version = join(root, 'boundary/src/version.ts')

/** A checkout with the packages of this one. Its files are old: of what was changed just now no bundle is made. */
beforeAll(() => {
  mkdirSync(join(root, 'node_modules'))
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name.startsWith('.')) continue
    const [from, to] = [join(repository, 'node_modules', name), join(root, 'node_modules', name)]
    if (name === '@reeve') cpSync(from, to, { recursive: true, verbatimSymlinks: true })
    else symlinkSync(from, to)
  }
  for (const name of ['bin', 'scripts', 'base', 'policy', 'boundary', 'cli', 'package.json']) {
    cpSync(join(repository, name), join(root, name), { recursive: true })
  }
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!name.startsWith('node_modules')) age(join(root, name))
  }
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const age = (path: string) => utimesSync(path, 1_700_000_000, 1_700_000_000)

function saysItsVersion(env: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/boundary.mjs'), '--version'], {
    env: { ...process.env, ...env },
  })
  expect(String(stderr)).toBe('')
  return String(stdout).trim()
}

test('the first start makes the bundle, and the next runs it', () => {
  expect(existsSync(bundle)).toBe(false)
  expect(saysItsVersion()).toMatch(/^\d/)
  writeFileSync(
    bundle,
    `${readFileSync(bundle, 'utf8').split('\n')[0]}\nexports.runBoundary = () => console.log('bundle')`,
  )
  expect(saysItsVersion()).toBe('bundle')
})

test('a source that was changed is what runs', () => {
  writeFileSync(version, "export const version: string = '9.9.9-changed'\n")
  // It cannot be bundled yet: it may change again within the second.
  expect(saysItsVersion()).toBe('9.9.9-changed')
  age(version)
  expect(saysItsVersion()).toBe('9.9.9-changed')
  expect(readFileSync(bundle, 'utf8')).toContain('9.9.9-changed')
})

test('a checkout that was moved does not run what was made for another place', () => {
  const text = readFileSync(bundle, 'utf8')
  writeFileSync(bundle, text.replace(JSON.stringify(root), '"/elsewhere"').replaceAll('9.9.9-changed', 'elsewhere'))
  expect(saysItsVersion()).toBe('9.9.9-changed')
})

test('a bundle that is torn is made anew', () => {
  writeFileSync(bundle, readFileSync(bundle, 'utf8').slice(0, 5_000))
  expect(saysItsVersion()).toBe('9.9.9-changed')
})

test('what makes the bundle sees nothing of the environment', () => {
  rmSync(bundle)
  const bundler = join(root, 'scripts/bundle.mjs')
  const seen = join(root, 'seen')
  const made = readFileSync(bundler, 'utf8')
  writeFileSync(
    bundler,
    `import { writeFileSync as note } from 'node:fs'\nnote(${JSON.stringify(seen)}, JSON.stringify(process.env))\n${made}`,
  )
  saysItsVersion({ REEVE_TOKEN: 'canary' })
  writeFileSync(bundler, made)
  expect(existsSync(bundle)).toBe(true)
  expect(readFileSync(seen, 'utf8')).not.toContain('canary')
})

test('all are made ahead of their first start, and those that cannot be are named', () => {
  rmSync(bundle)
  const { stderr } = spawnSync(process.execPath, [join(root, 'scripts/build-programs.mjs')])
  // This checkout has no server.
  expect(String(stderr)).toBe('reeve: these start from their sources, more slowly: server, drain, gateway\n')
  for (const name of ['boundary', 'cli']) expect(existsSync(join(cache, name, `${name}.cjs`))).toBe(true)
})

test('where no bundle can be kept the sources run', () => {
  rmSync(cache, { recursive: true })
  writeFileSync(cache, 'a file where a folder should be')
  expect(saysItsVersion()).toBe('9.9.9-changed')
})
