import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../../cli/src/testing.ts'
import { zip } from '../../server/src/provisioning/testing-zip.ts'
import { workshop } from '../support/workshop.ts'

/** A folder of Terraform becomes a template by one command, through a whole server and the real Terraform. */

const shop = workshop('templates through the whole product')

const head = 'terraform {\n  required_providers {\n    coder = { source = "coder/coder" }\n  }\n}\n'
const template = `${head}
data "coder_workspace" "me" {}

variable "zone" {
  type    = string
  default = "a"
}

data "coder_parameter" "cpu" {
  name    = "cpu"
  type    = "number"
  default = 2
  mutable = true
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = "amd64"
}

resource "terraform_data" "workspace" {
  count = data.coder_workspace.me.start_count
  input = [coder_agent.main.init_script, var.zone, data.coder_parameter.cpu.value]
}
`

function folderOf(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(shop.folder, name)
  mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

const reeveWith = (stdin: string | Uint8Array, ...argv: string[]) =>
  runCli(argv, {
    env: { REEVE_URL: shop.server.url, REEVE_TOKEN: shop.server.ownerToken },
    cwd: shop.folder,
    home: shop.folder,
    stdin,
  })
const reeve = (...argv: string[]) => reeveWith('', ...argv)

test('a folder is pushed, imported, and pulled again byte for byte', async () => {
  const path = folderOf('agent-small', { 'main.tf': template, 'README.md': '# Small', 'terraform.tfstate': 'secret' })
  const pushed = await reeve('templates', 'push', path, '--message', 'the first one', '-o', 'json')
  expect(pushed.code, pushed.stderr).toBe(0)
  expect(pushed.stderr).toContain('2 files')
  expect(pushed.stderr).toContain('parameters + cpu (number, default 2)')
  expect(JSON.parse(pushed.stdout)).toMatchObject({
    name: 'v1',
    active: true,
    readme: '# Small',
    job: { status: 'succeeded' },
  })
  const { id } = JSON.parse(pushed.stdout)
  const { json: resources } = await shop.server.api('GET', `/api/v2/templateversions/${id}/resources`)
  expect(resources).toMatchObject([
    { workspace_transition: 'start', address: 'terraform_data.workspace[0]', agents: [{ name: 'main' }] },
  ])
  expect((await reeve('templates', 'pull', 'agent-small', '--out', 'pulled.tar')).code).toBe(0)
  const names = execFileSync('tar', ['-tf', join(shop.folder, 'pulled.tar')], { encoding: 'utf8' })
    .trim()
    .split('\n')
  expect(names).toEqual(['README.md', 'main.tf'])
  expect(readFileSync(join(shop.folder, 'pulled.tar')).includes('secret')).toBe(false)
})

test('the next version waits until it is promoted', async () => {
  const path = folderOf('agent-next', { 'main.tf': template })
  await reeve('templates', 'push', path)
  writeFileSync(join(path, 'main.tf'), template.replace('default = 2', 'default = 4'))
  const next = await reeve('templates', 'push', path, '--activate', 'none')
  expect(next.code, next.stderr).toBe(0)
  expect(next.stderr).toContain('parameters + cpu (number, default 4)')
  expect(next.stderr).toContain('parameters - cpu (number, default 2)')
  const different = await reeve('templates', 'diff', 'agent-next', '--exit-code')
  expect(different.code, different.stderr).toBe(1)
  expect(different.stdout).toContain('-  default = 2\n+  default = 4\n')
  const archive = zip({ name: 'main.tf', text: template, mode: 0o100644, deflate: true })
  const same = await reeveWith(archive, 'templates', 'diff', 'agent-next', 'v1', '--dir', '-', '--exit-code')
  expect(same, same.stderr).toMatchObject({ code: 0, stdout: '' })
  const shown = async () => JSON.parse((await reeve('templates', 'show', basename(path), '-o', 'json')).stdout)
  expect((await shown()).active_version_name).toBe('v1')
  expect((await reeve('templates', 'promote', 'agent-next', 'v2')).code).toBe(0)
  expect((await shown()).active_version_name).toBe('v2')
})

test('what is wrong with a template is told with its file, its line and its words', async () => {
  const path = folderOf('agent-broken', { 'main.tf': template.replace('"linux"', '"amiga"') })
  const pushed = await reeve('templates', 'push', path)
  expect(pushed.code).not.toBe(0)
  expect(pushed.stderr).toContain('main.tf')
  expect(pushed.stderr).toMatch(/line \d+/)
  expect(pushed.stderr).toContain('amiga')
  expect((await reeve('templates', 'show', 'agent-broken')).code).not.toBe(0)
})

test('a plan in CI changes nothing', async () => {
  const path = folderOf('agent-plan', { 'main.tf': template })
  const planned = await reeve('templates', 'push', path, '--plan-only')
  expect(planned.code, planned.stderr).toBe(0)
  expect(planned.stderr).toContain('nothing was changed')
  expect((await reeve('templates', 'show', 'agent-plan')).code).not.toBe(0)
})

test('a workspace is planned before it is made, and refused where a build would be', async () => {
  const path = folderOf('agent-tried', { 'main.tf': template })
  await reeve('templates', 'push', path)
  const planned = await reeve('templates', 'plan', 'agent-tried', '--parameter', 'cpu=8', '-o', 'json')
  expect(planned.code, planned.stderr).toBe(0)
  expect(planned.stderr).toContain('terraform_data.workspace')
  expect(JSON.parse(planned.stdout)).toMatchObject([
    { address: 'terraform_data.workspace[0]', agents: [{ name: 'main' }] },
  ])
  const refused = await reeve('templates', 'plan', 'agent-tried', '--parameter', 'cpu=many')
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('"many" is not a number')
  expect((await shop.server.api('GET', '/api/v2/workspaces')).json).toMatchObject({ count: 0 })
})

test('the form of a version is made by a server with Terraform, with the values that are in it', async () => {
  const chained = template.replace('default = 2', 'default = length(data.coder_workspace_owner.me.name)')
  const path = folderOf('agent-form', { 'main.tf': `${chained}\ndata "coder_workspace_owner" "me" {}\n` })
  const { id, dynamic_parameters: isDynamic } = JSON.parse(
    (await reeve('templates', 'push', path, '-o', 'json')).stdout,
  )
  expect(isDynamic).toBe(true)
  const body = { id: 3, inputs: { cpu: '4' } }
  const { json } = await shop.server.api('POST', `/api/v2/templateversions/${id}/dynamic-parameters/evaluate`, body)
  expect(json).toMatchObject({
    id: 3,
    diagnostics: [],
    parameters: [{ name: 'cpu', value: { value: '4', valid: true } }],
  })
})
