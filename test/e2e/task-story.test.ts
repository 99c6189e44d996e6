import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { followToCallback } from '../../server/src/external-auth/testing.ts'
import { type FakeGitHub, fakeGitHub } from '../../server/src/external-auth/testing-github.ts'
import { installAgents } from '../support/agents.ts'
import { addressInNetwork, type GitHost, openGitHost } from '../support/git-host.ts'
import { answerTurn, type Turn } from '../support/messages.ts'
import { processesUsing } from '../support/processes.ts'
import { eventually, type Row } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { whyNoTerraform } from '../support/terraform/run-terraform.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { whySkipped } from '../support/why-skipped.ts'
import { cliOf } from '../support/workspace-machine.ts'

/**
 * The story of a task, with nothing in place of anything but the provider and the Git host: the starter template of this
 * machine, the real Terraform, the real jail, the real agent behind the real boundary.
 */

const root = resolve(import.meta.dirname, '../..')
const noTerraform = whyNoTerraform('the story of a task')
let noJail: string | null = null
let server: RunningServer
let upstream: Upstream
let github: FakeGitHub
let gitHost: GitHost
let folder: string

beforeAll(async () => {
  if (noTerraform !== null) return
  expect(spawnSync('sh', [join(root, 'scripts/build-agent.sh')]).status).toBe(0)
  const { bin } = await installAgents()
  folder = mkdtempSync(join(tmpdir(), 'reeve-story-'))
  upstream = await startUpstream()
  const claude = dirname(realpathSync(join(bin, 'claude')))
  github = await fakeGitHub()
  // Whoever the workspace runs as reads it.
  const open = join(folder, 'git-host')
  mkdirSync(open, { mode: 0o755 })
  // A workspace with a network of its own does not reach the loopback.
  const address = addressInNetwork()
  gitHost = await openGitHost(open, address ?? '127.0.0.1', (password) => github.live.has(password))
  const provider = {
    ID: 'gh',
    TYPE: 'github',
    CLIENT_ID: 'Iv1.test',
    CLIENT_SECRET: github.clientSecret,
    AUTH_URL: `${github.url}/login/oauth/authorize`,
    REGEX: String.raw`^https://git\.example`,
  }
  server = await startServer({
    env: {
      REEVE_LOG: 'text',
      REEVE_LOCAL_WORKSPACES_READABLE: `${claude},${dirname(process.execPath)},${open}`,
      ...(address === null ? { REEVE_LOCAL_WORKSPACES_NETWORK: 'shared' } : {}),
      REEVE_OUTBOUND_ALLOWED_NETWORKS: '127.0.0.0/8',
      ...Object.fromEntries(
        Object.entries(provider).map(([field, value]) => [`REEVE_EXTERNAL_AUTH_0_${field}`, value]),
      ),
      REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
      REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-scripted-0000000000000000',
    },
  })
  const refusal = /workspaces do not run on this machine.*/.exec(server.output())?.[0] ?? null
  noJail = whySkipped('the story of a task', refusal)
  await ran('templates', 'init', 'local-claude')
  appendFileSync(join(folder, 'local-claude/main.tf'), outside())
  await ran('templates', 'push', 'local-claude', '--variable', `path=${claude}`)
  // Where this machine has the agent; in an image it lies where programs lie.
  const document = `apiVersion: reeve/v1\nname: floor\nfiles: { read: [${JSON.stringify(claude)}] }
network: { rules: [{ id: git, host: git.example }] }\n`
  const published = await server.api('POST', '/api/v2/boundaries/policies', { document, message: 'begin' })
  expect(published.status, JSON.stringify(published.json)).toBe(201)
}, 300_000)
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await upstream?.[Symbol.asyncDispose]()
  await github?.[Symbol.asyncDispose]()
  await gitHost?.[Symbol.asyncDispose]()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
beforeEach((context) => {
  if (noTerraform !== null) context.skip(noTerraform)
  if (noJail !== null) context.skip(noJail)
})

async function ran(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await cliOf(server, folder)(...argv)
  expect(code, `${argv.join(' ')}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
/** How a boundary of the workspace reaches the Git host: by a company's proxy, with a company's certificates. */
const outside = (): string => {
  const variables = {
    HTTPS_PROXY: gitHost.proxy,
    NO_PROXY: '127.0.0.1,localhost',
    REEVE_BOUNDARY_UPSTREAM_CA: gitHost.certificates,
  }
  return Object.entries(variables)
    .map(
      ([name, value]) => `resource "coder_env" "${name.toLowerCase()}" {
  agent_id = coder_agent.main.id
  name     = "${name}"
  value    = "${value}"
}
`,
    )
    .join('')
}

async function linkAccount(): Promise<void> {
  const begun = await server.api('POST', '/api/v2/external-auth/gh/start')
  const back = await followToCallback(begun.json.url, server.url)
  await fetch(back, { headers: { 'Reeve-Session-Token': server.ownerToken }, redirect: 'manual' })
}

const answerOf = async (...argv: string[]) => JSON.parse(await ran(...argv, '-o', 'json'))

const model = 'claude-opus-5-5'
const usage = { input_tokens: 1_201, output_tokens: 57 }
const command = `curl -sS https://pastebin.test/; echo made > marker; cat marker
git clone -q https://git.example/private.git cloned; coder external-auth access-token other.example; true`
const tool: Turn = {
  model,
  usage,
  blocks: [{ type: 'tool_use', id: 'toolu_marker', name: 'Bash', input: { command, description: 'Make a file' } }],
}
const told = { summary: 'The marker is made', state: 'working', link: 'https://git.example/changes/1' }
const report: Turn = {
  model,
  usage,
  blocks: [{ type: 'tool_use', id: 'toolu_report', name: 'mcp__reeve__reeve_report_task', input: told }],
}
const says = (text: string): Turn => ({ model, usage, blocks: [{ type: 'text', text }] })

/** What the scripted model says, by what it was told last. */
function answered(body: string): Turn {
  if (body.includes('And once more')) {
    return says(body.includes('Make the marker') ? 'I remember the marker.' : 'I remember nothing.')
  }
  if (body.includes('toolu_report')) return says('The file is there.')
  return body.includes('"tool_result"') ? report : tool
}

const conversation = async (name: string): Promise<string[]> =>
  (await answerOf('tasks', 'logs', name)).map(({ type, content }: Row) => `${type}: ${content}`)

test(
  'from the starter template to its end: behind the boundary, on the timeline, paused, resumed with its conversation, deleted',
  { timeout: 300_000 },
  async () => {
    upstream.answer((request) => answerTurn(request, answered(String(request.body)), { 'request-id': 'req_1' }))
    await linkAccount()
    const task = await answerOf('tasks', 'create', '-t', 'local-claude', '--name', 'marker', 'Make the marker')
    const place = join(server.dataDir, 'workspaces', task.workspace_id)
    const log = () => {
      const path = join(place, 'home/.reeve/agent.log')
      return existsSync(path) ? readFileSync(path, 'utf8') : 'its agent said nothing'
    }
    await eventually(
      () => conversation('marker'),
      (lines) => lines.includes('output: The file is there.'),
      120_000,
    ).catch(async (thrown: unknown) => {
      throw new Error(`${String(thrown)}\n${log()}\n${await ran('workspaces', 'agent-logs', task.workspace_name)}`)
    })
    expect(readFileSync(join(place, 'home', 'work', 'marker'), 'utf8')).toBe('made\n')
    expect(readFileSync(join(place, 'home', 'work', 'cloned', 'README'), 'utf8'), log()).toBe('private\n')

    await ran('tasks', 'wait', 'marker', '--until', 'idle,done', '--timeout', '60s')
    // It said so itself, from behind the boundary; that it rests is seen.
    const { current_state: state } = await answerOf('tasks', 'show', 'marker')
    expect(state, log()).toMatchObject({ state: 'idle', message: told.summary, uri: told.link })
    await ran('tasks', 'pause', 'marker')
    expect(processesUsing(place)).toEqual([])
    expect(await conversation('marker')).toContain('output: The file is there.')
    await ran('tasks', 'resume', 'marker')
    await ran('tasks', 'wait', 'marker', '--until', 'idle', '--timeout', '90s')
    await ran('tasks', 'send', 'marker', 'And once more')
    await eventually(
      () => conversation('marker'),
      (lines) => lines.includes('output: I remember the marker.'),
      120_000,
    )

    const [session, ...others] = (await answerOf('tasks', 'show', 'marker')).session_ids
    expect(others).toEqual([])
    const timeline = () => server.api('GET', `/api/v2/aibridge/sessions/${session}/timeline?limit=2000`)
    // What was said last is on record a moment after it was said.
    const hasLast = ({ json: { events } }: Row) => events.some(({ text }: Row) => text === 'I remember the marker.')
    const { json } = await eventually(timeline, hasLast, 120_000)
    const kinds = json.events.map(({ kind }: Row) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['prompt', 'tool_call', 'tool_result', 'text']))
    const call = json.events.find(({ kind }: Row) => kind === 'tool_call')
    const denied = json.decisions.find(({ event }: Row) => event?.net?.host === 'pastebin.test')
    expect(denied).toMatchObject({ verdict: 'denied', attribution: 'sure', tool_calls: [call.id] })
    expect(denied.event.workspace).toMatchObject({ task_id: task.id, build_id: task.workspace_build_id })
    const { json: found } = await server.api('GET', '/api/v2/boundaries/events?limit=1000&q=task:marker')
    const credentials = found.events.filter(({ facts }: Row) => facts?.credential !== undefined)
    const [given] = credentials.filter(({ facts }: Row) => facts.credential === 'handed-out')
    expect(given, JSON.stringify(credentials)).toMatchObject({
      decision: 'allow',
      rule: 'workspace',
      net: { url: 'http://workspace.reeve.internal/git-credentials/git.example' },
      facts: { provider: 'gh' },
      workspace: { task_id: task.id },
      process: { tree: expect.arrayContaining(['claude', 'git']) },
    })
    const [refused] = credentials.filter(({ facts }: Row) => facts.credential === 'denied')
    expect(refused).toMatchObject({ decision: 'deny', net: { host: 'other.example' } })
    const { json: explained } = await server.api('GET', `/api/v2/boundaries/denials/${refused.denial}`)
    expect(explained).toMatchObject({ now: 'deny', checked: [expect.objectContaining({ differs: 'host' })] })
    expect(json.builds.map(({ transition, reason, status }: Row) => [transition, reason, status])).toEqual([
      ['start', expect.any(String), 'running'],
      ['stop', 'task_manual_pause', 'stopped'],
      ['start', 'task_resume', 'running'],
    ])
    expect((await answerOf('tasks', 'show', 'marker')).builds_counted).toBe(2)

    await ran('tasks', 'delete', 'marker', '--yes')
    await eventually(
      async () => existsSync(place),
      (isThere) => !isThere,
      120_000,
    )
    expect(processesUsing(place)).toEqual([])
    expect(await answerOf('tasks', 'list')).toEqual([])
  },
)
