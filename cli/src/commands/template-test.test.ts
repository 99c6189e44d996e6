import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, Refusal, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

/** What is made and taken away again; with the real Terraform and the real agent it is in `test/e2e`. */

const folder = mkdtempSync(join(tmpdir(), 'reeve-trial-'))
writeFileSync(join(folder, 'main.tf'), 'resource "x" "y" {}\n')
afterAll(() => rmSync(folder, { recursive: true }))

let answers: Partial<Record<Name, Handler>>
let asked: readonly Asked[]
const nobody: Asked = { name: 'getTemplate', params: {}, query: {}, body: undefined, token: null }
beforeEach(() => {
  // Without agents: streams to them are none of the contract.
  answers = everything(true)
})

async function trial(...argv: readonly string[]) {
  await using deployment = await serveContract(answers)
  asked = deployment.asked
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  return await runCli(['templates', 'test', ...argv], { env, cwd: folder, home: folder })
}

const bodies = (name: Name): unknown[] => asked.filter((one) => one.name === name).map(({ body }) => body)
const gone = new Refusal(404, { message: 'there is no such thing', code: 'not_found' })

test('a template that there was not is made for the test alone, closed to others, and removed', async () => {
  let made: unknown
  answers.createTemplate = ({ body }) => {
    made = Object(body).name
    return answers.getTemplate?.(nobody)
  }
  answers.getTemplateByName = ({ params }) => (params['name'] === made ? answers.getTemplate?.(nobody) : gone)
  const ran = await trial('.', '--name', 'agent-small', '-o', 'json')
  expect(ran.code, ran.stderr).toBe(0)
  expect(bodies('createTemplate')).toMatchObject([{ disable_everyone_group_access: true }])
  expect(made).toMatch(/^agent-small-test-[0-9a-f]{8}$/)
  expect(asked.slice(-2).map(({ name }) => name)).toEqual(['getTemplateByName', 'deleteTemplate'])
})

test('without a folder the words after -- are the command, and it needs an agent', async () => {
  const ran = await trial('--', 'echo', 'hi')
  expect(ran.code, ran.stderr).toBe(1)
  expect(ran.stderr).toContain('the step command does not hold: the workspace has no agent')
  expect(bodies('createWorkspaceBuild')).toMatchObject([{ transition: 'delete' }])
})

test('a workspace whose making was not answered is looked for and deleted', async () => {
  answers.createWorkspace = () => new Refusal(502, 'a proxy gave up')
  const ran = await trial('.', '-o', 'json')
  expect(ran.code, ran.stderr).toBe(1)
  expect(JSON.parse(ran.stdout).steps).toMatchObject([
    { name: 'import', ok: true },
    { name: 'build', ok: false },
    { name: 'delete', ok: true },
    { name: 'tidy', ok: true },
  ])
  expect(bodies('createWorkspaceBuild')).toMatchObject([{ transition: 'delete' }])
  expect(bodies('archiveTemplateVersion')).toHaveLength(1)
})

test('a build that is under way is canceled before its workspace is deleted', async () => {
  const workspace = Object(answers.getWorkspace?.(nobody))
  const { latest_build: build } = workspace
  answers.getWorkspaceByName = () => ({
    ...workspace,
    latest_build: { ...build, job: { ...build.job, status: 'running' } },
  })
  answers.cancelWorkspaceBuild = () => build
  const ran = await trial()
  expect(ran.code, ran.stderr).toBe(0)
  const names = asked.map(({ name }) => name)
  expect(names.indexOf('cancelWorkspaceBuild')).toBeGreaterThan(0)
  expect(names.indexOf('createWorkspaceBuild')).toBeGreaterThan(names.indexOf('cancelWorkspaceBuild'))
})

test('with --keep everything stays, and it is said how it goes', async () => {
  const ran = await trial('--keep')
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).toMatch(/when done: reeve workspaces delete test-[0-9a-f]{8}\n/)
  expect([...bodies('createWorkspaceBuild'), ...bodies('archiveTemplateVersion')]).toEqual([])
})

test('a preset that there is not fails the build, and says which there are', async () => {
  const ran = await trial('--preset', 'Huge')
  expect(ran.code, ran.stderr).toBe(1)
  expect(ran.stderr).toContain('the step build does not hold: the template has no preset Huge')
  expect(ran.stderr).toContain('fix:   choose from Large')
})

test.each([
  [['--version', 'v1'], '--version is of a template that there is'],
  [['.', '--name', 'a', '--version', 'v1'], '--version is of a template that there is'],
  [['--name', 'a', '--version', 'v1', '--var', 'zone=a'], 'the variables of a version were given when it was pushed'],
  [['--param', 'cpu'], '"cpu" is not name=value'],
  [['nowhere'], 'cannot read'],
])('%j is refused before anything is made', async (argv, why) => {
  const ran = await trial(...argv)
  expect(ran).toMatchObject({ code: 2, stdout: '' })
  expect(ran.stderr).toContain(why)
  expect(asked).toEqual([])
})
