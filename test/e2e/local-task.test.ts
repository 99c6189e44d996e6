import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { runCli } from '../../cli/src/testing.ts'
import { installAgents } from '../support/agents.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { whySkipped } from '../support/why-skipped.ts'

/**
 * The starters `local-claude` and `local-codex` as somebody tries them: the real Terraform, the real jail, the real agent
 * behind the real boundary, the gateway, and in place of a model the provider that is built in.
 */

const root = resolve(import.meta.dirname, '../..')
const noTerraform = whyNoTerraform('tasks on the server’s own machine')
let noJail: string | null = null
let server: RunningServer
let folder: string
let agents: string

beforeAll(async () => {
  if (noTerraform !== null) return
  agents = (await installAgents()).bin
  expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
  folder = mkdtempSync(join(tmpdir(), 'reeve-local-task-'))
  server = await startServer({ env: { REEVE_LOCAL_WORKSPACES_READABLE: dirname(agents) } })
  const said = /workspaces do not run on this machine.*/.exec(server.output())?.[0] ?? null
  noJail = whySkipped('tasks on this machine', said)
  // Where this machine has the agents; usually they lie where programs lie, or are installed into the home.
  const document = `apiVersion: reeve/v1\nname: programs\nfiles: { read: ${JSON.stringify([dirname(agents)])} }\n`
  const made = await server.api('POST', '/api/v2/boundaries/policies', { document, message: 'begin' })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
}, 300_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
  if (noJail !== null) context.skip(noJail)
})

const reeve = (...argv: string[]) =>
  runCli(argv, { env: { REEVE_URL: server.url, REEVE_TOKEN: server.ownerToken }, cwd: folder, home: folder })

async function ran(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await reeve(...argv)
  expect(code, `${argv.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

/** What tests say beside the starter: no model is asked, and Claude Code asks nobody for anything but that. */
const scripted = (variable: string, provider: string) => `
resource "coder_env" "provider" {
  agent_id = coder_agent.main.id
  name     = "${variable}"
  value    = "${'${data.coder_workspace.me.access_url}'}/api/v2/ai-gateway/${provider}"
}
resource "coder_env" "quiet" {
  agent_id = coder_agent.main.id
  name     = "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"
  value    = "1"
}
`

test.each([
  ['claude', 'ANTHROPIC_BASE_URL', 'scripted'],
  ['codex', 'OPENAI_BASE_URL', 'scripted-openai/v1'],
])(
  'a task of local-%s works, is paused, and goes on where it was',
  { timeout: 240_000 },
  async (agent, variable, provider) => {
    const name = `local-${agent}`
    await ran('templates', 'init', name)
    writeFileSync(join(folder, name, 'test.tf'), scripted(variable, provider))
    await ran('templates', 'push', name, '--variable', `path=${agents}`)
    await ran('tasks', 'create', '-t', name, '--name', agent, 'Show me that it works')
    await ran('tasks', 'wait', agent, '--until', 'idle', '--timeout', '120s')
    const first = await ran('tasks', 'logs', agent)
    expect(first).toContain('Show me that it works')
    const { workspace_id: id } = JSON.parse(await ran('tasks', 'status', agent, '-o', 'json'))
    const home = join(server.dataDir, 'workspaces', id, 'home')
    expect(JSON.parse(readFileSync(join(home, '.reeve/conversation.json'), 'utf8'))).toBeTruthy()

    await ran('tasks', 'pause', agent, '--yes')
    await ran('tasks', 'resume', agent)
    await ran('tasks', 'wait', agent, '--until', 'idle', '--timeout', '60s')
    await ran('tasks', 'send', agent, 'And once more')
    await ran('tasks', 'wait', agent, '--until', 'idle', '--timeout', '60s')
    const second = await ran('tasks', 'logs', agent)
    expect(second).toContain('Show me that it works')
    expect(second).toContain('And once more')
    await ran('tasks', 'delete', agent, '--yes')
    await expect.poll(() => existsSync(dirname(home)), { timeout: 60_000, interval: 250 }).toBe(false)
  },
)
