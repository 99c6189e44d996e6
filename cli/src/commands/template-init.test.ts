import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Handler, type Name, runCli, serveContract } from '../testing.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reeve-init-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const example = { id: 'local', name: 'A process', description: 'Small', icon: '', tags: ['local'], markdown: '# A' }
const files = [
  { path: 'main.tf', content: 'resource "x" "y" {}\n' },
  { path: 'scripts/start.sh', content: 'true\n' },
]

async function init(sent: readonly object[], ...argv: string[]) {
  const handlers: Partial<Record<Name, Handler>> = {
    listTemplateExamples: () => [example],
    getTemplateExample: () => ({ ...example, files: sent }),
  }
  await using server = await serveContract(handlers)
  const env = { REEVE_URL: server.url, REEVE_TOKEN: 'reeve_test' }
  return await runCli(['templates', 'init', ...argv], { env, cwd: folder, home: folder })
}

test('a starter is written into a folder of its name, and what comes next is said', async () => {
  const ran = await init(files, 'local')
  expect(ran.code, ran.stderr).toBe(0)
  expect(readFileSync(join(folder, 'local/scripts/start.sh'), 'utf8')).toBe('true\n')
  expect(ran.stderr).toContain('reeve templates push local')
})

test('without a name the starters are listed, and nothing is written', async () => {
  const ran = await init(files)
  expect(ran.stdout).toContain('local')
  expect(readdirSync(folder)).toEqual([])
})

test('what is in a folder already stays as it is', async () => {
  mkdirSync(join(folder, 'mine'))
  writeFileSync(join(folder, 'mine', 'main.tf'), 'mine')
  const ran = await init(files, 'local', 'mine')
  expect(ran.code).not.toBe(0)
  expect(readFileSync(join(folder, 'mine/main.tf'), 'utf8')).toBe('mine')
})

test.each(['../evil.tf', '/etc/evil', 'a/../../evil', '.ssh/authorized_keys', 'a//b', '..'])(
  'a server cannot have %s written',
  async (path) => {
    const ran = await init([...files, { path, content: 'x' }], 'local')
    expect(ran.code).not.toBe(0)
    expect(readdirSync(folder)).toEqual([])
  },
)
