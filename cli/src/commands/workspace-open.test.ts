import { beforeEach, expect, test } from 'vitest'
import { type Asked, type Handler, type Name, runCli, type RunOptions, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

let answers: Partial<Record<Name, Handler>>
let asked: readonly Asked[]
let url: string
const nobody: Asked = { name: 'getWorkspace', params: {}, query: {}, body: undefined, token: null }
const workspace = () => Object(answers.getWorkspaceByName?.(nobody))
const app = { display_name: '', health: 'healthy', hidden: false, statuses: [] }

beforeEach(() => {
  answers = everything(false)
  const agents = Object(answers.listWorkspaceAgents?.(nobody))
  const apps = [
    { ...app, slug: 'code', url: 'https://code--desk.apps.example.com/', no_url: null },
    { ...app, slug: 'db', url: null, no_url: 'no_domain' },
  ]
  answers.listWorkspaceAgents = () => [{ ...agents[0], apps }]
})

async function reeve(argv: readonly string[], options: RunOptions = {}) {
  await using deployment = await serveContract(answers)
  ;({ asked, url } = deployment)
  return await runCli(['workspaces', ...argv], {
    ...options,
    env: { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' },
  })
}

test('the browser is shown the page of a workspace, or one of its apps', async () => {
  const opened: string[] = []
  const page = await reeve(['open', 'billing'], { opened })
  expect(page.stdout).toBe(`${url}/workspaces/${workspace().id}\n`)
  await reeve(['open', 'billing', '--app', 'code'], { opened })
  expect(opened).toEqual([page.stdout.trim(), 'https://code--desk.apps.example.com/'])
  await reeve(['open', 'billing', '--print'], { opened })
  expect(opened).toHaveLength(2)
})

test('an app that is not there is answered with those that are, and one without an address with why', async () => {
  const none = await reeve(['open', 'billing', '--app', 'web'])
  expect(none).toMatchObject({ code: 3, stdout: '' })
  expect(none.stderr).toContain('choose from code, db')
  const unserved = await reeve(['open', 'billing', '--app', 'db'])
  expect(unserved).toMatchObject({ code: 10, stdout: '' })
  expect(unserved.stderr).toContain('no domain')
})

test('a terminal is one of this terminal, and no address', async () => {
  expect(await reeve(['open', 'billing', '--terminal', '--print'])).toMatchObject({ code: 2, stdout: '' })
  const ran = await reeve(['open', 'billing', '--terminal'])
  expect(ran.stderr).toContain('there is no terminal here')
})

test('an update starts with the version that new workspaces get, and keeps what is not named', async () => {
  const ran = await reeve(['update', 'billing', '--parameter', 'cpu=8', '--detach', '-o', 'json'])
  expect(ran.code, ran.stderr).toBe(0)
  expect(asked.find(({ name }) => name === 'createWorkspaceBuild')?.body).toMatchObject({
    transition: 'start',
    template_version_id: workspace().template_active_version_id,
    rich_parameter_values: [{ name: 'cpu', value: '8' }],
  })
})
