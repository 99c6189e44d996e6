import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, Refusal, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-changes-'))
writeFileSync(join(folder, 'main.tf'), 'resource "x" "y" {}\n')
writeFileSync(join(folder, 'values.tfvars'), 'image = "node:24"\n')
afterAll(() => rmSync(folder, { recursive: true }))

let answers: Partial<Record<Name, Handler>>
let asked: readonly Asked[]
const nobody: Asked = { name: 'getTemplate', params: {}, query: {}, body: undefined, token: null }
const fresh = '0197f3a2-0000-7000-8000-00000000f4e5'

beforeEach(() => {
  answers = everything(false)
  const [resource] = Object(answers.listTemplateVersionResources?.(nobody))
  const version = Object(answers.getTemplateVersion?.(nobody))
  const made = (...addresses: readonly string[]) => addresses.map((address) => ({ ...resource, address }))
  answers.createTemplateVersion = () => ({ ...version, id: fresh })
  answers.getTemplateVersion = () => ({ ...version, id: fresh })
  answers.listTemplateVersionResources = ({ params }) =>
    params['version'] === fresh
      ? made('docker_volume.home', 'docker_container.ws')
      : made('docker_volume.home', 'vm.old')
  answers.listWorkspaces = ({ query }) => ({ workspaces: [], count: query['q']?.includes('running') ? 38 : 212 })
})

async function push(...more: readonly string[]) {
  await using deployment = await serveContract(answers)
  asked = deployment.asked
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  return await runCli(['templates', 'push', '.', '--name', 'agent-small', ...more], { env, cwd: folder, home: folder })
}

test('before a version is the active one it is said what it makes different, and for whom', async () => {
  const ran = await push('-m', 'node 24', '--var-file', 'values.tfvars', '--plan-only', '-o', 'id')
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).toContain('resources  + docker_container.ws\n')
  expect(ran.stderr).toContain('resources  - vm.old\n')
  expect(ran.stderr).not.toContain('docker_volume.home')
  expect(ran.stderr).toContain('affects    212 workspaces (38 running), unchanged until updated')
  expect(asked.find(({ name }) => name === 'createTemplateVersion')?.body).toMatchObject({
    message: 'node 24',
    user_variable_values: [{ name: 'image', value: 'node:24' }],
  })
})

test('who may not see workspaces pushes all the same', async () => {
  answers.listWorkspaces = () => new Refusal(403, { message: 'this credential may not do that', code: 'forbidden' })
  const ran = await push('--plan-only', '-o', 'id')
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).not.toContain('affects')
})
