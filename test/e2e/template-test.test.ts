import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, type RunOptions } from '../../cli/src/testing.ts'
import { workshop } from '../support/workshop.ts'

/** `reeve templates test` with the real Terraform, the real jail and the real agent: nothing of a test is left. */

const root = resolve(import.meta.dirname, '../..')
const shop = workshop('tests of templates', { local: true })

const reeve = (argv: readonly string[], options: RunOptions = {}) =>
  runCli(argv, {
    env: { REEVE_URL: shop.server.url, REEVE_TOKEN: shop.server.ownerToken },
    cwd: shop.folder,
    home: shop.folder,
    ...options,
  })

/** The starter, with something more. */
function folderWith(name: string, more: string): string {
  mkdirSync(join(shop.folder, name), { recursive: true })
  const source = readFileSync(join(root, 'templates/local/main.tf'), 'utf8')
  writeFileSync(join(shop.folder, name, 'main.tf'), `${source}\n${more}`)
  return name
}

const script = (text: string): string => `
resource "coder_script" "more" {
  agent_id     = coder_agent.main.id
  display_name = "More"
  script       = "${text}"
  run_on_start = true
}
`
const plain = 'resource "terraform_data" "disk" {}\n'

const stepsOf = (stdout: string): string[] =>
  JSON.parse(stdout).steps.map(({ name, ok }: { name: string; ok: boolean }) => `${name} ${ok ? 'ok' : 'failed'}`)

async function nothingLeft(): Promise<void> {
  expect((await shop.server.api('GET', '/api/v2/workspaces')).json.count).toBe(0)
  expect((await reeve(['templates', 'list', '-o', 'id'])).stdout).toBe('desk\n')
}

test('a folder is tried in a workspace of its own, of which nothing is left', async () => {
  mkdirSync(join(shop.folder, 'desk'))
  writeFileSync(join(shop.folder, 'desk/main.tf'), plain)
  expect((await reeve(['templates', 'push', 'desk'])).code).toBe(0)
  const argv = ['templates', 'test', join(root, 'templates/local'), '--name', 'desk', '--param', 'repository=']
  const ran = await reeve([...argv, '--preset', 'Empty', '-o', 'json', '--', 'echo said by', 'the command; pwd'])
  expect(ran.code, ran.stderr).toBe(0)
  expect(stepsOf(ran.stdout)).toEqual(
    ['import', 'build', 'agents', 'scripts', 'command', 'delete'].map((name) => `${name} ok`),
  )
  expect(JSON.parse(ran.stdout)).toMatchObject({ version: 'v2', ok: true })
  expect(ran.stderr).toContain('said by the command\n/home/user\n')
  expect(ran.stderr).toContain('reeve templates promote desk v2')
  await nothingLeft()
  // A start by a person, as any other: on record, and not counted.
  const { json } = await shop.server.api('GET', '/api/v2/agent-workspace-builds?counted=all')
  expect(json.builds).toMatchObject([{ counted: false, reason: 'no_task' }])
})

test('a command that fails fails the test, and a version that there was stays', async () => {
  const ran = await reeve(['templates', 'test', '--name', 'desk', '--version', 'v2', '--', 'exit 9'])
  expect(ran.code, ran.stderr).toBe(1)
  expect(ran.stderr).toContain('the step command does not hold: the command ended with exit code 9')
  expect(ran.stderr).toMatch(/fix: +give --keep/)
  expect(ran.stdout).toMatch(/\ncommand\tfalse\t/)
  await nothingLeft()
})

test('a start script that fails is named, and its version is archived', async () => {
  const path = folderWith('scripted', script('echo no such tool; exit 3'))
  const ran = await reeve(['templates', 'test', path, '--name', 'desk', '-o', 'json'])
  expect(ran.code, ran.stderr).toBe(1)
  expect(stepsOf(ran.stdout)).toEqual(['import ok', 'build ok', 'agents ok', 'scripts failed', 'delete ok', 'tidy ok'])
  expect(ran.stderr).toContain('no such tool')
  expect(ran.stderr).toContain('the step scripts does not hold: the script \\"More\\" of main ended with exit code 3')
  await nothingLeft()
  const versions = await reeve(['templates', 'versions', 'desk', '--archived', '-o', 'json'])
  expect(JSON.parse(versions.stdout)).toMatchObject([
    { name: 'v3', archived: true, active: false },
    { name: 'v2', archived: false, active: false },
    { name: 'v1', archived: false, active: true },
  ])
})

test('a build that fails is told with the words of Terraform, and what cannot be deleted is left where it is', async () => {
  mkdirSync(join(shop.folder, 'unbuilt'))
  const provisioner = (words: string) => `  provisioner "local-exec" {\n${words}\n  }\n`
  const stays = `resource "terraform_data" "stays" {\n${provisioner('when = destroy\ncommand = "exit 5"')}}\n`
  const fails = provisioner('command = "echo no more disks; exit 4"')
  const last = `resource "terraform_data" "last" {\n  depends_on = [terraform_data.stays]\n${fails}}\n`
  writeFileSync(join(shop.folder, 'unbuilt/main.tf'), stays + last)
  const ran = await reeve(['templates', 'test', 'unbuilt', '-o', 'json'])
  expect(ran.code, ran.stderr).toBe(1)
  expect(stepsOf(ran.stdout)).toEqual(['import ok', 'build failed', 'delete failed', 'tidy ok'])
  expect(ran.stderr).toContain('no more disks')
  expect(ran.stderr).toContain('the step build does not hold')
  expect(ran.stderr).toContain('is left where it is')
  await nothingLeft()
})

test('Ctrl-C and the end of the time take everything away as well', async () => {
  const slow = folderWith('slow', script('echo begun; sleep 600'))
  const lifecycle = async (): Promise<unknown> => {
    const [workspace] = (await shop.server.api('GET', '/api/v2/workspaces')).json.workspaces
    if (workspace === undefined) return null
    return (await shop.server.api('GET', `/api/v2/workspaces/${workspace.id}/agents`)).json[0]?.lifecycle_state
  }
  const begun = async (): Promise<void> => {
    await expect.poll(lifecycle, { interval: 500 }).toBe('starting')
  }
  const stopped = await reeve(['templates', 'test', slow, '-o', 'json'], { stopWhen: begun() })
  expect(stopped.code, stopped.stderr).toBe(130)
  expect(stepsOf(stopped.stdout).slice(-2)).toEqual(['delete ok', 'tidy ok'])
  expect(stopped.stderr).toContain('interrupted')
  await nothingLeft()
  // Wherever it is then: in its import, its build or its scripts.
  const late = await reeve(['templates', 'test', slow, '--timeout', '1s'])
  expect(late.code, late.stderr).toBe(7)
  expect(late.stderr).toContain('it was not over after 1s')
  await nothingLeft()
})
