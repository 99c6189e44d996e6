import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { whySkipped } from '../support/why-skipped.ts'

/** The boundary of workspaces in a container as podman makes it by itself: rootless, where the tests are not root's. */

const root = resolve(import.meta.dirname, '../..')
let folder: string
let reason: string | null = null
let runtime: readonly string[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-container-'))
  // The programs are this machine's; everything else is the container's own.
  for (const name of ['usr', 'etc', 'proc', 'dev', 'tmp', 'sys', 'run', 'home', 'w']) {
    mkdirSync(join(folder, 'root', name), { recursive: true })
  }
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(folder, 'root', name))
  mkdirSync(join(folder, 'program'))
  copyFileSync(realpathSync(process.execPath), join(folder, 'node'))
  runtime = [[], ['--runtime', 'runc']].find((words) => inContainer('true', words).status === 0) ?? ['none']
  const why =
    runtime[0] === 'none' ? inContainer('true', []).stderr.trim().split('\n').at(-1) || 'podman is not there' : null
  reason = whySkipped('the boundary in a container', why)
  if (reason !== null) return
  const made = spawnSync(process.execPath, [
    join(root, 'scripts/bundle-workspace-boundary.mjs'),
    root,
    join(folder, 'program/boundary.cjs'),
  ])
  expect(made.status, String(made.stderr)).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach((context) => {
  if (reason !== null) context.skip(reason)
})

function inContainer(script: string, words: readonly string[] = runtime) {
  writeFileSync(join(folder, 'script'), script)
  const mounts = [
    '/usr:/usr:ro',
    `${folder}/script:/w/script:ro`,
    `${folder}/node:/w/node:ro`,
    `${folder}/program:/w/program`,
  ]
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096']
  const run = ['run', '--rm', '--network', 'host', ...limits, ...mounts.flatMap((one) => ['-v', one])]
  const storage = [
    '--root',
    join(folder, 'storage'),
    '--runroot',
    join(folder, 'storage-run'),
    '--storage-driver',
    'vfs',
  ]
  const argv = [...storage, ...words, ...run, '--rootfs', join(folder, 'root'), 'sh', '/w/script']
  return spawnSync('podman', argv, { encoding: 'utf8', timeout: 60_000 })
}

const boundary = (words: readonly string[]): string => {
  const start = `require('/w/program/boundary.cjs').runBoundary(${JSON.stringify(words)}, '/w/program/boundary.cjs')`
  return `export HOME=/w/home PATH=/usr/sbin:/usr/bin\nmkdir -p /w/home/project\ncd /w/home/project\n/w/node -e ${quoted(start)}\n`
}
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

test('it holds in tier 2 with the container’s defaults: there is no /proc of one’s own, and so no view of the files', () => {
  const checked = inContainer(boundary(['check', '--json']))
  expect(JSON.parse(checked.stdout), checked.stderr).toMatchObject({ tier: 2 })
  const words = [
    '--allow',
    'domain=docs.example',
    '--',
    'sh',
    '-c',
    'id -u; curl -s -o /dev/null -w "%{http_code}" http://pastebin.test/; touch made',
  ]
  const ran = inContainer(`${boundary(words)}ls`)
  expect(ran.stdout, ran.stderr).toMatch(/^\d+\n403made\n$/)
  expect(ran.stderr).toContain('tier 2, filter')
})
