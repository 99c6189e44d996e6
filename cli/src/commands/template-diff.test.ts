import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'
import { archiveOf } from '../testing-templates.ts'
import { differencesOf } from './template-differences.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-diff-'))
afterAll(() => rmSync(folder, { recursive: true }))

const before = { 'main.tf': 'one\ntwo\nthree\n', 'gone.sh': 'true\n', 'logo.png': new Uint8Array([0, 1]), same: 'x' }
const after = { 'main.tf': 'one\n2\nthree', 'new/file.txt': 'hello\n', 'logo.png': new Uint8Array([0, 2]), same: 'x' }
const id = (digit: string): string => `0197f3a2-0000-7000-8000-00000000000${digit}`

let answers: Partial<Record<Name, Handler>>
const nobody: Asked = { name: 'getTemplate', params: {}, query: {}, body: undefined, token: null }
beforeEach(() => {
  answers = everything(false)
  const version = Object(answers.getTemplateVersion?.(nobody))
  const named = (name: string) => ({ ...version, name, job: { ...version.job, file_id: id(name.slice(1)) } })
  answers.listTemplateVersions = () => [named('v2')]
  answers.getTemplateVersionByName = ({ params }) => named(params['name']!)
  answers.downloadFile = async ({ params }) =>
    params['file'] === id('1') ? archiveOf(before) : gzipSync(await archiveOf(after))
})

async function diff(...argv: readonly string[]) {
  await using deployment = await serveContract(answers)
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  return await runCli(['templates', 'diff', 'agent-small', ...argv], { env, cwd: folder, home: folder })
}

const seen = (path: string, files: Readonly<Record<string, string | Uint8Array>>): void => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, name, '..'), { recursive: true })
    writeFileSync(join(folder, path, name), content)
  }
}

test('without names the active version is compared with the newest, and git takes the patch', async () => {
  const ran = await diff('--exit-code')
  expect(ran.code, ran.stderr).toBe(1)
  expect(ran.stdout).toContain('Binary files a/logo.png and b/logo.png differ\n')
  expect(ran.stdout).toContain('deleted file mode 100644\n--- a/gone.sh\n+++ /dev/null\n')
  expect(ran.stdout).not.toContain('same')
  seen('applied', before)
  // Of files that are no text a patch says no more than that they differ.
  const text = ran.stdout.replace(/^diff --git a\/logo[^]*?(?=^diff )/m, '')
  execFileSync('git', ['apply', '-'], { cwd: join(folder, 'applied'), input: text, env: { PATH: process.env['PATH'] } })
  expect(readFileSync(join(folder, 'applied/main.tf'), 'utf8')).toBe(after['main.tf'])
  expect(readFileSync(join(folder, 'applied/new/file.txt'), 'utf8')).toBe('hello\n')
})

test('as JSON it is one document, and a version is the same as itself', async () => {
  const document = JSON.parse((await diff('v1', 'v2', '-o', 'json')).stdout)
  expect(document).toMatchObject({ from: 'v1', to: 'v2', differ: true })
  expect(document.files).toMatchObject([
    { path: 'gone.sh', change: 'removed', added: 0, removed: 1 },
    { path: 'logo.png', change: 'changed', binary: true },
    { path: 'main.tf', change: 'changed', added: 2, removed: 2 },
    { path: 'new/file.txt', change: 'added', added: 1, removed: 0 },
  ])
  const same = await diff('v2', 'v2', '--exit-code')
  expect(same).toMatchObject({ code: 0, stdout: '' })
  expect(same.stderr).toContain('v2 and v2 are the same')
})

test('a folder is compared as it would be pushed', async () => {
  seen('template', { ...before, 'main.tf': 'one\ntwo\nthree\nfour\n', 'terraform.tfstate': 'secret' })
  const ran = await diff('v1', '--dir', 'template')
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stdout).toContain('+four\n')
  expect(ran.stdout).not.toContain('secret')
  const both = await diff('v1', 'v2', '--dir', 'template')
  expect(both).toMatchObject({ code: 2, stdout: '' })
})

test('on a terminal it has colours, and a file cannot drive it', async () => {
  answers.downloadFile = async ({ params }) =>
    archiveOf({ 'main.tf': params['file'] === id('1') ? '--- old\n' : '\u001b[2J\tnew\n' })
  await using deployment = await serveContract(answers)
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  const { stdout } = await runCli(['templates', 'diff', 'agent-small'], { env, columns: 80 })
  expect(stdout).toContain('\u001b[31m---- old\u001b[39m\n')
  expect(stdout).toContain('\u001b[32m+\\e[2J    new\u001b[39m\n')
})

test('an archive that is none is told as that', async () => {
  answers.downloadFile = () => gzipSync('no archive at all').subarray(0, 12)
  const ran = await diff()
  expect(ran.code).toBe(9)
  expect(ran.stderr).toContain('the archive cannot be read')
})

test('texts with nothing in common are shown as one in place of the other', async () => {
  const file = (text: string) => new Map([['a', { content: Buffer.from(text), executable: false }]])
  const lines = (word: string): string => Array.from({ length: 2_000 }, (_, at) => `${word} ${at}`).join('\n')
  const [found] = await differencesOf(file(lines('old')), file(`${lines('new')}\n`))
  expect(found).toMatchObject({ added: 2_000, removed: 2_000 })
  expect(found?.patch).toContain('@@ -1,2000 +1,2000 @@\n-old 0\n')
  expect(found?.patch).toContain('-old 1999\n\\ No newline at end of file\n+new 0\n')
})

test('that a file may be run is a difference of its own', async () => {
  const file = (executable: boolean) => new Map([['start.sh', { content: Buffer.from('true\n'), executable }]])
  const [found] = await differencesOf(file(false), file(true))
  expect(found?.patch).toBe('diff --git a/start.sh b/start.sh\nold mode 100644\nnew mode 100755\n')
})
