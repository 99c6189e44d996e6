import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { agentBundlePath, agentCloseCodes, agentSocketPath } from '@reeve/sdk'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startServer } from '../support/server.ts'
import { workshop } from '../support/workshop.ts'
import { makeWorkspace, type Started } from '../support/workspace-machine.ts'

/**
 * The agent of a workspace through the whole product: a template that the real Terraform builds, a process in place of the
 * machine that runs the init script, and what people see of it.
 */

const command = resolve(import.meta.dirname, '../../bin/reeve.mjs')
const shop = workshop('the agents of workspaces', { ready: ({ push }) => push('desk', template) })
const { reeve, boot } = shop

const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = <<-EOT
    echo "hello from $CODER_WORKSPACE_NAME"
    echo "models at $ANTHROPIC_BASE_URL"
    echo "token $\${CODER_AGENT_TOKEN:-hidden}"
    echo "colour $COLOUR"
  EOT
  env            = { COLOUR = "teal" }
  metadata {
    key      = "greeting"
    script   = "echo good morning"
    interval = 60
    timeout  = 5
  }
}
resource "coder_script" "bye" {
  agent_id     = coder_agent.main.id
  display_name = "Bye"
  script       = "touch \\"$HOME/stopped\\""
  run_on_stop  = true
}
resource "coder_script" "broken" {
  agent_id     = coder_agent.main.id
  display_name = "Broken"
  script       = "echo oh no >&2; exit 3"
  run_on_start = true
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = { token = coder_agent.main.token, script = coder_agent.main.init_script }
}
`

const startedWorkspace = (name: string): Promise<Started> =>
  makeWorkspace(shop.server, reeve, { name, template: 'desk' })

const agentsOf = async (id: string) => (await shop.server.api('GET', `/api/v2/workspaces/${id}/agents`)).json
const logOf = async (agent: string): Promise<string[]> =>
  (await shop.server.api('GET', `/api/v2/workspaceagents/${agent}/logs`)).json.map(
    ({ source, output }: { source: string; output: string }) => `${source}: ${output}`,
  )

/** The command as a process of its own, of which can be seen what it has said so far. */
function follow(workspace: string) {
  const argv = [command, 'workspaces', 'agent-logs', workspace, '--follow', '-o', 'jsonl']
  const env = { HOME: shop.folder, REEVE_URL: shop.server.url, REEVE_TOKEN: shop.server.ownerToken }
  const child = spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  const said = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .map(({ source, output }) => `${source}: ${output}`)
  return { said, ended: once(child, 'close') }
}

test('the agent connects, runs its scripts, and the stop ends it', async () => {
  const started = await startedWorkspace('billing')
  expect(await agentsOf(started.id)).toMatchObject([{ name: 'main', status: 'connecting', lifecycle_state: 'created' }])
  const machine = boot(started, 'home')
  await expect.poll(() => agentsOf(started.id)).toMatchObject([{ status: 'connected', lifecycle_state: 'start_error' }])
  const [agent] = await agentsOf(started.id)
  await expect.poll(() => logOf(agent.id)).toHaveLength(6)
  const lines = await logOf(agent.id)
  expect(lines).toContain('Startup Script: hello from billing')
  expect(lines).toContain(`Startup Script: models at ${shop.server.url}/api/v2/ai-gateway/anthropic`)
  expect(lines).toContain('Startup Script: token hidden')
  expect(lines).toContain('Startup Script: colour teal')
  expect(lines).toContain('Broken: oh no')
  expect(lines).toContain('Broken: failed with exit code 3')
  await expect
    .poll(() => agentsOf(started.id))
    .toMatchObject([{ metadata: [{ key: 'greeting', value: 'good morning' }] }])

  const following = follow('billing')
  await expect.poll(following.said).toHaveLength(6)
  expect((await reeve('workspaces', 'stop', 'billing')).code).toBe(0)
  expect(await machine.ended).toBe(0)
  expect(spawnSync('test', ['-e', join(shop.folder, 'home/stopped')]).status).toBe(0)
  // What is followed ends with the agent, and nothing of it is missing.
  const followed = await fetch(`${shop.server.url}/api/v2/workspaceagents/${agent.id}/logs/stream?after=1`, {
    headers: { 'Reeve-Session-Token': shop.server.ownerToken },
  })
  const told = (await followed.text()).matchAll(/^data: (.*)$/gm).map(([, json = '']) => JSON.parse(json))
  expect(told.map(({ source, output }) => `${source}: ${output}`).toArray()).toEqual((await logOf(agent.id)).slice(1))
  await following.ended
  expect(following.said()).toEqual(await logOf(agent.id))
  const { status } = await fetch(`${shop.server.url}/api/v2/workspaceagents/me/logs`, {
    method: 'PATCH',
    headers: { 'Coder-Session-Token': started.token, 'Content-Type': 'application/json' },
    body: JSON.stringify({ logs: [{ created_at: '2026-01-01T00:00:00Z', output: 'still here' }] }),
  })
  expect(status).toBe(401)
})

test('a server that starts again finds its agent again, and no line is lost or said twice', async () => {
  const started = await startedWorkspace('again')
  boot(started, 'again')
  await expect.poll(() => agentsOf(started.id)).toMatchObject([{ status: 'connected', lifecycle_state: 'start_error' }])
  await shop.server.kill()
  await shop.server.start()
  const [agent] = await agentsOf(started.id)
  const before = agent.last_connected_at
  await expect.poll(async () => (await agentsOf(started.id))[0].last_connected_at > before).toBe(true)
  // What it could not say meanwhile comes after it is connected.
  await expect.poll(() => logOf(agent.id)).toHaveLength(6)
})

test('what is not of the protocol, or of no agent, is refused', async () => {
  const { id, token } = await startedWorkspace('hostile')
  const closedWith = (credential: string, ...frames: string[]): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { 'Coder-Session-Token': credential }
      const socket = new WebSocket(`${shop.server.url.replace('http', 'ws')}${agentSocketPath}`, { headers })
      socket.once('open', () => frames.forEach((frame) => socket.send(frame)))
      socket.once('close', resolve).once('error', reject)
    })
  const { ended, nonsense } = agentCloseCodes
  expect(await closedWith('6f8c1a52-7a8e-4e0d-9f0e-1f1b2c3d4e5f')).toBe(ended)
  await expect(closedWith(shop.server.ownerToken)).rejects.toThrow('401')
  expect(await closedWith(token, 'not JSON')).toBe(nonsense)
  expect(await closedWith(token, JSON.stringify({ kind: 'stats' }))).toBe(nonsense)
  const hello = JSON.stringify({ kind: 'hello', protocol: 1, version: 'test' })
  expect(await closedWith(token, hello, hello)).toBe(nonsense)
  expect(await closedWith(token, JSON.stringify({ kind: 'hello', protocol: 99, version: 'test' }))).toBe(nonsense)
  await expect.poll(() => agentsOf(id)).toMatchObject([{ status: 'disconnected', version: 'test' }])
  // The token of an agent is nobody's at the management API, and none that calls models.
  expect((await shop.server.api('GET', '/api/v2/workspaces', undefined, token)).status).toBe(401)
})

test('lines and states over HTTP are taken from whoever has the token, within bounds', async () => {
  const { id, token } = await startedWorkspace('over-http')
  const [agent] = await agentsOf(id)
  const logs = [{ created_at: '2026-01-01T00:00:00Z', output: 'a b', level: 'warn' }]
  const patch = (path: string, body: object) =>
    shop.server.api('PATCH', `/api/v2/workspaceagents/me/${path}`, body, token)
  expect((await patch('logs', { log_source_id: 'installer', logs })).status).toBe(204)
  expect(await logOf(agent.id)).toEqual(['installer: a b'])
  const status = { app_slug: 'nothing', state: 'working', message: 'reads' }
  expect((await patch('app-status', status)).status).toBe(400)
  const big = { logs: Array.from({ length: 80 }, () => ({ ...logs[0], output: 'x'.repeat(8_000) })) }
  for (const _ of [1, 2]) expect((await patch('logs', big)).status).toBe(204)
  expect(await agentsOf(id)).toMatchObject([{ logs_overflowed: true }])
})

test('a server in several processes passes agents on to the one that runs control', async () => {
  await using several = await startServer({ env: { REEVE_GATEWAY_PROCESSES: '2' } })
  const headers = { 'Coder-Session-Token': '6f8c1a52-7a8e-4e0d-9f0e-1f1b2c3d4e5f' }
  const closed = (given: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${several.url.replace('http', 'ws')}${agentSocketPath}`, { headers: given })
      socket.once('close', resolve).once('error', reject)
    })
  expect(await closed(headers)).toBe(agentCloseCodes.ended)
  await expect(closed({})).rejects.toThrow('401')
})

test('the bundle is served with a tag, and not again to whoever has it', async () => {
  const first = await fetch(`${shop.server.url}${agentBundlePath}`)
  expect(first.status).toBe(200)
  expect(await first.text()).not.toContain('import.meta')
  const tag = first.headers.get('etag') ?? ''
  const again = await fetch(`${shop.server.url}${agentBundlePath}`, { headers: { 'If-None-Match': tag } })
  expect(again.status).toBe(304)
})
