import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { followToCallback } from '../../server/src/external-auth/testing.ts'
import { type FakeGitHub, fakeGitHub } from '../../server/src/external-auth/testing-github.ts'
import { workshop } from '../support/workshop.ts'
import { makeWorkspace } from '../support/workspace-machine.ts'

/** What the processes of a workspace find: commands, accounts of the owner, schedules, and an end in order. */

let github: FakeGitHub
const shop = workshop('the commands of workspaces', {
  async prepare() {
    github = await fakeGitHub()
    const provider = {
      ID: 'gh',
      TYPE: 'github',
      CLIENT_ID: 'Iv1.test',
      CLIENT_SECRET: github.clientSecret,
      AUTH_URL: `${github.url}/login/oauth/authorize`,
      REGEX: String.raw`^https://git\.test`,
      DEVICE_FLOW: 'false',
    }
    const env = Object.entries(provider).map(([field, value]) => [`REEVE_EXTERNAL_AUTH_0_${field}`, value])
    return { REEVE_OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8', ...Object.fromEntries(env) }
  },
  async ready({ push }) {
    await push('tools', template(true))
    await push('strict', template(false))
  },
})
const { reeve, boot } = shop
afterAll(() => github?.[Symbol.asyncDispose]())

const template = (optional: boolean): string => `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}
data "coder_external_auth" "gh" {
  id       = "gh"
  optional = ${optional}
}
data "coder_secret" "deploy" {
  count        = ${optional ? 0 : 1}
  env          = "DEPLOY_KEY"
  help_message = "Keep your deploy key: reeve secrets set deploy --env DEPLOY_KEY"
}
resource "coder_agent" "main" {
  os             = "linux"
  arch           = "amd64"
  startup_script = "sh \\"$HOME/start.sh\\""
}
resource "coder_app" "chat" {
  agent_id = coder_agent.main.id
  slug     = "chat"
  url      = "http://localhost:1"
}
resource "coder_script" "tick" {
  agent_id     = coder_agent.main.id
  display_name = "Tick"
  script       = "echo tick"
  cron         = "* * * * * *"
  log_path     = "logs/tick.log"
}
resource "coder_script" "bye" {
  agent_id     = coder_agent.main.id
  display_name = "Bye"
  script       = "sleep 1; echo the last words"
  run_on_stop  = true
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = {
    token  = coder_agent.main.token
    script = coder_agent.main.init_script
    key    = data.coder_workspace_owner.me.ssh_public_key
    linked = data.coder_external_auth.gh.access_token
    secret = one(data.coder_secret.deploy[*].value)
  }
}
`

const agentsOf = async (id: string) => (await shop.server.api('GET', `/api/v2/workspaces/${id}/agents`)).json
const logOf = async (agent: string): Promise<string[]> =>
  (await shop.server.api('GET', `/api/v2/workspaceagents/${agent}/logs`)).json.map(
    ({ source, output }: { source: string; output: string }) => `${source}: ${output}`,
  )

/** A workspace whose start script is this, and the home of it. */
async function running(name: string, script: string) {
  const started = await makeWorkspace(shop.server, reeve, { name, template: 'tools' })
  const home = join(shop.folder, name)
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(join(home, 'start.sh'), script)
  writeFileSync(join(home, 'bin/ssh'), '#!/bin/sh\necho "key: $(head -n 1 "$2")" >&2\nls -l "$2" >&2\nexit 255\n', {
    mode: 0o755,
  })
  const machine = boot(started, name, { PATH: `${join(home, 'bin')}:${process.env['PATH']}` })
  await expect.poll(() => agentsOf(started.id)).toMatchObject([{ lifecycle_state: 'ready' }])
  const [agent] = await agentsOf(started.id)
  const startLines = async (): Promise<string[]> =>
    (await logOf(agent.id)).filter((line) => line.startsWith('Startup Script: ')).map((line) => line.slice(16))
  return { started, home, machine, agent, startLines }
}

async function linkAccount(): Promise<void> {
  const begun = await shop.server.api('POST', '/api/v2/external-auth/gh/start')
  const back = await followToCallback(begun.json.url, shop.server.url)
  const headers = { 'Reeve-Session-Token': shop.server.ownerToken }
  await fetch(back, { headers, redirect: 'manual' })
}

test('commands are there without being installed, and nobody has the token of the agent', async () => {
  const { startLines, started } = await running(
    'tooled',
    `for name in reeve coder agentapi boundary; do command -v $name | grep -c reeve-workspace; done
coder stat mem --output json
reeve stat disk --path "$HOME"
coder stat cpu --nonsense || echo "code $?"
coder external-auth access-token gh || echo "code $?"
agentapi server --help | head -n 1
reeve whatever || echo "code $?"
stat -c %a "$REEVE_AGENT_SOCKET"
env | grep -c AGENT_TOKEN || true
`,
  )
  const lines = await startLines()
  expect(lines.slice(0, 4)).toEqual(['1', '1', '1', '1'])
  expect(JSON.parse(lines[4]!)).toMatchObject({ unit: 'GiB', used: expect.any(Number) })
  expect(lines[5]).toMatch(/^[\d.]+\/[\d.]+ GiB \(\d+%\)$/)
  expect(lines).toContain('code 1')
  expect(lines).toContain(`${shop.server.url}/external-auth/gh`)
  expect(lines).toContain('Usage: reeve agent serve [flags] -- <command of the agent>')
  expect(lines).toContain('code 127')
  expect(lines.slice(-2)).toEqual(['600', '0'])
  expect(JSON.stringify(lines)).not.toContain(started.token)
})

test('a coding agent says by its tool what it does, and people read it', async () => {
  const call = (name: string, args: object) =>
    JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name, arguments: args } })
  const said = [
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-03-26' } }),
    JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
    call('coder_report_task', { summary: 'Reads the code', link: '', state: 'working' }),
    call('reeve_report_task', { summary: 'Needs a key', link: 'https://x.test/1', state: 'failure' }),
    call('coder_report_task', { summary: 'x'.repeat(161), state: 'idle' }),
    call('rm', {}),
    'no JSON',
  ]
  const { startLines, started } = await running(
    'reports',
    `cat <<'EOF' | coder exp mcp server --app-status-slug chat\n${said.join('\n')}\nEOF\n`,
  )
  const answers = (await startLines()).map((line) => JSON.parse(line))
  expect(answers[0]).toMatchObject({ id: 1, result: { protocolVersion: '2025-03-26', serverInfo: { name: 'reeve' } } })
  expect(answers.slice(1, 4).map(({ result }) => result.isError)).toEqual([false, false, true])
  expect(answers.slice(4).map(({ error }) => error.code)).toEqual([-32_602, -32_700])
  const [agent] = await agentsOf(started.id)
  const last = { app_slug: 'chat', state: 'failure', message: 'Needs a key', uri: 'https://x.test/1' }
  expect(agent.app_status).toMatchObject(last)
  const { json: shown } = await shop.server.api('GET', `/api/v2/workspaces/${started.id}`)
  expect(shown.latest_app_status).toMatchObject({ ...last, workspace_id: started.id, agent_id: agent.id })
  expect(agent.apps).toMatchObject([
    { slug: 'chat', statuses: [last, { state: 'working', message: 'Reads the code' }] },
  ])
})

test('Git acts as the owner: by token where an account is linked, and by key over SSH', async () => {
  await linkAccount()
  const { json: key } = await shop.server.api('GET', '/api/v2/users/me/gitsshkey')
  const { startLines } = await running(
    'git',
    `printf 'protocol=https\\nhost=git.test\\n\\n' | git credential fill
coder external-auth access-token gh
printf 'protocol=https\\nhost=elsewhere.test\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill 2>&1 || echo refused
git ls-remote ssh://git@git.test/x.git 2>&1 || true
`,
  )
  const lines = await startLines()
  const token = lines.find((line) => line.startsWith('password='))?.slice('password='.length)
  expect(github.live).toContain(token)
  expect(lines).toContain('username=x-access-token')
  expect(lines).toContain(token)
  expect(lines).toContain('refused')
  expect(lines).toContain('key: -----BEGIN OPENSSH PRIVATE KEY-----')
  expect(lines.find((line) => line.includes('id_ed25519'))).toMatch(/^-rw-------/)
  expect(lines.some((line) => line.includes(key.public_key))).toBe(true)
  const { json } = await shop.server.api('GET', '/api/v2/audit?q=action:read_token')
  expect(json.audit_logs.length).toBeGreaterThanOrEqual(2)
})

test('a template is given the accounts that it asks for, and one that it needs is not done without', async () => {
  await linkAccount()
  const without = await reeve('workspaces', 'create', 'without', 'strict')
  expect(without.code).not.toBe(0)
  expect(without.stderr + without.stdout).toContain('Keep your deploy key: reeve secrets set deploy')
  writeFileSync(join(shop.folder, 'key'), 'hidden key')
  expect((await reeve('secrets', 'set', 'deploy', '--env', 'DEPLOY_KEY', '--value-file', 'key')).code).toBe(0)
  const linked = await makeWorkspace(shop.server, reeve, { name: 'linked', template: 'strict' })
  const { json: key } = await shop.server.api('GET', '/api/v2/users/me/gitsshkey')
  expect(linked).toMatchObject({ key: key.public_key, secret: 'hidden key' })
  // SAFETY: what the template says.
  expect(github.live).toContain((linked as unknown as { linked: string }).linked)

  await shop.server.api('DELETE', '/api/v2/external-auth/gh')
  const refused = await reeve('workspaces', 'create', 'refused', 'strict')
  expect(refused.code).not.toBe(0)
  expect(refused.stderr + refused.stdout).toContain(`Link it at ${shop.server.url}/external-auth/gh`)
  // What is to go away goes without it.
  expect((await reeve('workspaces', 'delete', 'linked', '--yes')).code).toBe(0)
})

test('schedules run, and a stop hears the last words and ends what was left running in order', async () => {
  const { started, home, machine, agent } = await running(
    'ends',
    `(trap 'echo ended > "$HOME/ended"; exit 0' TERM; while :; do sleep 0.1; done) > /dev/null 2>&1 &\n`,
  )
  await expect.poll(() => logOf(agent.id)).toContain('Tick: tick')
  const ticks = join(home, 'logs/tick.log')
  await expect.poll(() => existsSync(ticks) && readFileSync(ticks, 'utf8')).toMatch(/^tick\n/)
  expect((await reeve('workspaces', 'stop', 'ends')).code).toBe(0)
  expect(await machine.ended).toBe(0)
  expect(readFileSync(join(home, 'ended'), 'utf8')).toBe('ended\n')
  expect(await logOf(agent.id)).toContain('Bye: the last words')

  const { json: workspace } = await shop.server.api('GET', `/api/v2/workspaces/${started.id}`)
  const { json: builds } = await shop.server.api('GET', `/api/v2/workspaces/${started.id}/builds`)
  expect(workspace.latest_build.status).toBe('stopped')
  const { json: timings } = await shop.server.api('GET', `/api/v2/workspacebuilds/${builds[1].id}/timings`)
  expect(timings.agent_connection_timings).toMatchObject([{ stage: 'connect', workspace_agent_name: 'main' }])
  const runs = timings.agent_script_timings.map(
    ({ stage, display_name, status }: Record<string, string>) => `${stage} ${display_name} ${status}`,
  )
  expect(runs).toContain('start Startup Script ok')
  expect(runs).toContain('cron Tick ok')
  expect(runs).toContain('stop Bye ok')
})
