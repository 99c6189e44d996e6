import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { answerTurn, type Turn } from '../support/messages.ts'
import { type Row, settledSession } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { whySkipped } from '../support/why-skipped.ts'
import { bootMachine, cliOf, type Machine, type Started } from '../support/workspace-machine.ts'

/** Boundaries in workspaces through the whole product: the real agent, the real boundary, and Claude Code behind it. */

const root = resolve(import.meta.dirname, '../..')
const missing = ['gcc', 'bwrap', 'nft', 'curl'].filter(
  (name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
)
const isHeld = missing.length === 0 && spawnSync('unshare', ['-Urn', 'true']).status === 0
const noBoundary = whySkipped('boundaries in workspaces', isHeld ? null : missing.join(', ') || 'user namespaces')
const reason = whyNoTerraform('boundaries in workspaces') ?? noBoundary

let server: RunningServer
let upstream: Upstream
let folder: string
let programs: string
beforeAll(async () => {
  if (reason !== null) return
  expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
  const { bin } = await installAgents()
  programs = bin
  folder = mkdtempSync(join(tmpdir(), 'reeve-workspace-boundary-'))
  upstream = await startUpstream()
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-scripted-0000000000000000',
    },
  })
  mkdirSync(join(folder, 'agents'))
  writeFileSync(join(folder, 'agents', 'main.tf'), template)
  const pushed = await reeve('templates', 'push', 'agents')
  expect(pushed.code, pushed.stderr).toBe(0)
  // Where this machine has the agent and Node; in an image they lie where programs lie.
  const read = [dirname(dirname(realpathSync(join(bin, 'claude')))), dirname(bin), dirname(process.execPath)]
  await publish(
    'floor',
    `files: { read: ${JSON.stringify(read)} }\nnetwork: { rules: [{ id: any, host: "*.example" }] }`,
  )
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (reason !== null) context.skip(reason)
})
const machines: Machine[] = []
afterEach(() => {
  for (const machine of machines.splice(0)) machine.kill()
})

const template = `terraform {
  required_providers {
    coder = { source = "coder/coder" }
  }
}
data "coder_workspace" "me" {}
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
resource "coder_ai_task" "task" {
  count  = data.coder_workspace.me.start_count
  app_id = coder_app.chat.id
}
resource "terraform_data" "machine" {
  count = data.coder_workspace.me.start_count
  input = {
    token  = coder_agent.main.token
    script = coder_agent.main.init_script
  }
}
`

const reeve: ReturnType<typeof cliOf> = (...argv) => cliOf(server, folder)(...argv)

async function publish(name: string, rest: string, more: object = {}): Promise<void> {
  const document = `apiVersion: reeve/v1\nname: ${name}\n${rest}\n`
  const made = await server.api('POST', '/api/v2/boundaries/policies', { document, message: 'begin', ...more })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
}

/** Its machine, which runs this as its start script, until that has ended. */
async function booted(buildId: string, name: string, script: string): Promise<Machine & { readonly home: string }> {
  await expect
    .poll(async () => (await server.api('GET', `/api/v2/workspacebuilds/${buildId}`)).json.job.status, {
      timeout: 60_000,
    })
    .toBe('succeeded')
  const { json } = await server.api('GET', `/api/v2/workspacebuilds/${buildId}/state`)
  const { value } = json.resources.find(({ type }: Row) => type === 'terraform_data').instances[0].attributes.input
  const started: Started = { id: '', ...value }
  const home = join(folder, name)
  mkdirSync(join(home, 'project'), { recursive: true })
  writeFileSync(join(home, 'start.sh'), `cd "$HOME/project"\n${script}\ntouch "$HOME/done"\n`)
  const machine = bootMachine(started, home, { PATH: `${programs}:${process.env['PATH']}` })
  machines.push(machine)
  await expect.poll(() => existsSync(join(home, 'done'))).toBe(true)
  return { ...machine, home }
}

async function workspace(name: string, script: string) {
  const made = await reeve('workspaces', 'create', name, 'agents', '-o', 'json')
  expect(made.code, made.stderr).toBe(0)
  const { id, latest_build: build } = JSON.parse(made.stdout)
  return { id, ...(await booted(build.id, name, script)) }
}

const said = (home: string, name: string): string => readFileSync(join(home, name), 'utf8')

/** What the control plane has of a run, by the id in the last line of the boundary. */
async function boundaryOf(text: string): Promise<{ readonly session: Row; readonly events: readonly Row[] }> {
  const [, id] = /· session ([0-9a-f-]{36})/.exec(text) ?? []
  expect(id, text).toBeDefined()
  const session = await server.api('GET', `/api/v2/boundaries/sessions/${id}`)
  const found = await server.api('GET', `/api/v2/boundaries/events?limit=1000&q=${encodeURIComponent(`session:${id}`)}`)
  return { session: session.json, events: found.json.events }
}

const turn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [
    {
      type: 'tool_use',
      id: 'toolu_marker',
      name: 'Bash',
      input: { command: 'curl -sS https://pastebin.test/; echo made > marker; cat marker', description: 'Make a file' },
    },
  ],
  usage: { input_tokens: 1_201, output_tokens: 57 },
}
const lastTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [{ type: 'text', text: 'The file is there.' }],
  usage: { input_tokens: 77, output_tokens: 12 },
}

const claude = (before: string): string => `export IS_SANDBOX=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
${before} claude -p "$PROMPT" --output-format stream-json --verbose --dangerously-skip-permissions \
  >"$HOME/out" 2>"$HOME/err"; echo $? >"$HOME/code"`

test('the agent of a task runs behind `boundary` with nothing set up, and all that it does stands under the task', async () => {
  upstream.answer((request) =>
    answerTurn(request, request.body.includes('"tool_result"') ? lastTurn : turn, { 'request-id': 'req_1' }),
  )
  // Models are for those behind a boundary that runs; the token of a workspace is no exception.
  const { json: home } = await server.api('GET', '/api/v2/organizations/default')
  await server.api('PATCH', `/api/v2/organizations/${home.id}`, { require_boundary: true })
  const { json: templates } = await server.api('GET', '/api/v2/templates')
  const templateId = templates[0].id
  await publish('of-agents', 'network: { rules: [{ id: docs, host: docs.example }] }', { template: 'agents' })
  const boundaryPolicy = 'apiVersion: reeve/v1\nname: mine\nnetwork: { rules: [{ id: none, host: never.example }] }\n'
  const wish = { template_id: templateId, input: 'Make the marker', name: 'make-marker' }
  const refused = await server.api('POST', '/api/v2/tasks/me', { ...wish, boundary_policy: 'name: none' })
  expect(refused.json.validations[0], JSON.stringify(refused.json)).toMatchObject({
    field: 'boundary_policy',
    detail: 'line 1: apiVersion is missing',
  })
  const made = await server.api('POST', '/api/v2/tasks/me', { ...wish, boundary_policy: boundaryPolicy })
  expect(made.status, JSON.stringify(made.json)).toBe(201)
  const task = made.json
  const script = `PROMPT='Make the marker'
curl -s -o "$HOME/refused" -w '%{http_code}' -H "Authorization: Bearer $ANTHROPIC_AUTH_TOKEN" -H 'Content-Type: application/json' \
  -d '{"model":"claude-opus-5-5","max_tokens":1,"messages":[]}' "$ANTHROPIC_BASE_URL/v1/messages" >"$HOME/status"
${claude('boundary --')}`
  const { home: place, ended } = await booted(task.workspace_build_id, 'task', script)

  expect(said(place, 'code'), said(place, 'err') + said(place, 'out')).toBe('0\n')
  expect(said(place, 'project/marker')).toBe('made\n')
  // What the next start of the task goes on with.
  expect(existsSync(join(place, '.claude/projects'))).toBe(true)
  expect([said(place, 'status'), said(place, 'refused')]).toEqual(['403', expect.stringContaining('boundary')])
  const { session, events } = await boundaryOf(said(place, 'err'))
  const where = {
    id: task.workspace_id,
    name: task.workspace_name,
    template_id: templateId,
    template_name: 'agents',
    template_version_id: task.template_version_id,
    build_id: task.workspace_build_id,
    agent_name: 'main',
    task_id: task.id,
    task_name: 'make-marker',
  }
  expect(session).toMatchObject({ status: 'ended', tier: 1, gaps: 0, tampered: false, workspace: where })
  expect(events.filter(({ rule }) => rule === 'gateway')).toHaveLength(2)
  const [denied] = events.filter(({ decision, net }) => decision === 'deny' && net !== null)
  expect(denied ?? events).toMatchObject({ kind: 'net', net: { host: 'pastebin.test' }, workspace: where })

  const { json: explained } = await server.api('GET', `/api/v2/boundaries/denials/${denied.denial}`)
  const layers = explained.checked.map(({ policy }: Row) => policy)
  expect(layers).toEqual(expect.arrayContaining(['floor@v1', 'of-agents@v1', `task-${task.id.slice(-12)}@v1`]))

  const lines = said(place, 'out').split('\n').filter(Boolean)
  const { session_id: clientSession } = JSON.parse(lines.at(-1) ?? '{}')
  const conversation = await settledSession(server, clientSession, 2)
  const { json } = await server.api('GET', `/api/v2/aibridge/sessions/${conversation.id}/timeline?limit=2000`)
  expect(json.events.map(({ kind }: Row) => kind)).toEqual(
    expect.arrayContaining(['prompt', 'tool_call', 'tool_result']),
  )
  const decisions = json.decisions.flatMap(({ event }: Row) => event ?? [])
  expect(decisions).toContainEqual(
    expect.objectContaining({ denial: denied.denial, workspace: expect.objectContaining(where) }),
  )

  const listed = await reeve('network', 'events', '--task', 'make-marker', '--filter', 'verdict:denied', '-o', 'json')
  expect(JSON.parse(listed.stdout)).toHaveLength(events.filter(({ decision }) => decision === 'deny').length)

  expect((await reeve('workspaces', 'stop', task.workspace_name)).code).toBe(0)
  expect(await ended).toBe(0)
})

/** What a template of Coder's does to have a boundary: a file of settings, and a copy of its command. */
const asCoders = (jail: string): string => `mkdir -p "$HOME/.config/coder_boundary"
cat >"$HOME/.config/coder_boundary/config.yaml" <<'SETTINGS'
jail_type: ${jail}
proxy_port: 8087
log_level: warn
allowlist:
  - domain=docs.example
SETTINGS
chmod 600 "$HOME/.config/coder_boundary/config.yaml"
cp "$(command -v coder)" "$(dirname "$(command -v coder)")/coder-no-caps"
echo "$REEVE_AGENT_SOCKET" >socket
coder-no-caps boundary -- sh inside.sh >"$HOME/out" 2>"$HOME/err"; echo $? >"$HOME/code"
coder-no-caps agent-firewall -- sh -c 'exit 7'; echo $? >>"$HOME/code"`

/** Of the agent only its commands are to be had from inside: not its socket, nor what boundaries register with. */
const inside = `curl -s -o /dev/null -w 'pastebin %{http_code}\n' http://pastebin.test/
curl -s --unix-socket "$(cat socket)" http://agent/boundary | head -c 100 || true
(ls "$(dirname "$(cat socket)")"; ls "$OUTSIDE/.local/state/reeve/boundary" "$OUTSIDE/.config/coder_boundary") 2>/dev/null
env | grep -E '^(REEVE|CODER)_.*(TOKEN|SOCKET)=|^GIT_SSH_COMMAND=' || echo 'no tokens'
echo "in $CODER_WORKSPACE_NAME"
`

test.each([
  ['nsjail', 1],
  ['landjail', 2],
])('`coder boundary` with the settings of a template of Coder’s (%s) holds, in tier %i', async (jail, tier) => {
  const script = `export OUTSIDE="$HOME"\ncat >inside.sh <<'INSIDE'\n${inside}INSIDE\n${asCoders(jail)}`
  const { home, id } = await workspace(`legacy-${tier}`, script)
  const err = said(home, 'err')
  expect(said(home, 'code'), err).toBe('0\n7\n')
  expect(said(home, 'out').split('\n').filter(Boolean), err).toEqual([
    'pastebin 403',
    ...(tier === 1 ? ['bin', 'git-askpass'] : []),
    'no tokens',
    `in legacy-${tier}`,
  ])
  const { session, events } = await boundaryOf(err)
  expect(session).toMatchObject({
    tier,
    command: 'sh',
    workspace: { id, task_id: null },
    owner: { username: 'dana' },
  })
  expect(events).toContainEqual(
    expect.objectContaining({ decision: 'deny', net: expect.objectContaining({ host: 'pastebin.test' }) }),
  )
})

test('in the jail of the template `local` it holds in tier 1: user namespaces work there', async (context) => {
  const why = /workspaces do not run on this machine.*/.exec(server.output())?.[0] ?? null
  if (why !== null) context.skip(whySkipped('boundaries in local workspaces', why) ?? why)
  const source = readFileSync(join(root, 'templates/local/main.tf'), 'utf8')
  mkdirSync(join(folder, 'nested'))
  const script = `cd "$HOME/work"; boundary check --json >"$HOME/check"
    boundary -- sh -c 'id -u; curl -s -o /dev/null -w "%%{http_code}" http://pastebin.test/; touch made' >"$HOME/out" 2>"$HOME/err"
    touch "$HOME/done"`
  writeFileSync(
    join(folder, 'nested', 'main.tf'),
    `${source}
resource "coder_script" "nested" {
  agent_id     = coder_agent.main.id
  display_name = "Nested"
  run_on_start = true
  script       = <<-EOT
    mkdir -p "$HOME/work"
    ${script}
  EOT
}
`,
  )
  const pushed = await reeve('templates', 'push', 'nested')
  expect(pushed.code, pushed.stderr + pushed.stdout).toBe(0)
  const made = await reeve('workspaces', 'create', 'nested', 'nested', '-o', 'json')
  expect(made.code, made.stderr).toBe(0)
  const { id } = JSON.parse(made.stdout)
  const home = join(server.dataDir, 'workspaces', id, 'home')
  await expect.poll(() => existsSync(join(home, 'done'))).toBe(true)
  const err = said(home, 'err')
  expect(JSON.parse(said(home, 'check')).tier, said(home, 'check')).toBe(1)
  expect(said(home, 'out'), err).toMatch(/^\d+\n403$/)
  expect(existsSync(join(home, 'work/made'))).toBe(true)
  expect((await boundaryOf(err)).session).toMatchObject({
    tier: 1,
    jail: 'namespaces',
    workspace: { id, name: 'nested' },
  })
  expect((await reeve('workspaces', 'delete', 'nested', '--yes')).code).toBe(0)
})
