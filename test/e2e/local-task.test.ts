import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { workshop } from '../support/workshop.ts'

/**
 * The starters `local-claude` and `local-codex` as somebody tries them: the real Terraform, the real jail, the real agent
 * behind the real boundary, the gateway, and in place of a model the provider that is built in.
 */

let agents: string
const shop = workshop('tasks on the server’s own machine', {
  local: true,
  async prepare() {
    agents = (await installAgents()).bin
    return { REEVE_LOCAL_WORKSPACES_READABLE: dirname(agents) }
  },
  async ready({ server }) {
    // Where this machine has the agents; usually they lie where programs lie, or are installed into the home.
    const document = `apiVersion: reeve/v1\nname: programs\nfiles: { read: ${JSON.stringify([dirname(agents)])} }\n`
    const made = await server.api('POST', '/api/v2/boundaries/policies', { document, message: 'begin' })
    expect(made.status, JSON.stringify(made.json)).toBe(201)
  },
})
const { ran } = shop

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
    writeFileSync(join(shop.folder, name, 'test.tf'), scripted(variable, provider))
    await ran('templates', 'push', name, '--variable', `path=${agents}`)
    await ran('tasks', 'create', '-t', name, '--name', agent, 'Show me that it works')
    await ran('tasks', 'wait', agent, '--until', 'idle', '--timeout', '120s')
    const first = await ran('tasks', 'logs', agent)
    expect(first).toContain('Show me that it works')
    const { workspace_id: id } = JSON.parse(await ran('tasks', 'status', agent, '-o', 'json'))
    const home = join(shop.server.dataDir, 'workspaces', id, 'home')
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
