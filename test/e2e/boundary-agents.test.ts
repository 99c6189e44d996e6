import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { runClaude } from '../support/claude.ts'
import { runCodex } from '../support/codex.ts'
import { answerTurn, asksForStream, type Turn } from '../support/messages.ts'
import { type Row, settledSession } from '../support/record.ts'
import type { AgentEnded, Behind } from '../support/run-agent.ts'
import { runAgent } from '../support/run-agent.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { startWebSocketProvider, type WebSocketProvider } from '../support/websocket-provider.ts'

/** Real agents behind the real boundary, their models at the real gateway; all of it on one machine. */

const repository = resolve(import.meta.dirname, '../..')
const missing = ['gcc', 'bwrap', 'nft', 'curl'].filter(
  (name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${name}`]).status !== 0,
)
const holds = missing.length === 0 && spawnSync('unshare', ['-Urn', 'true']).status === 0

let upstream: Upstream
let provider: WebSocketProvider
let server: RunningServer
let token: string

/** The one command that a person types, signed in; the policy opens no host. */
function behind(home: string, tier: string): Behind {
  const workspace = join(home, 'project')
  mkdirSync(workspace)
  return {
    command: [process.execPath, join(repository, 'bin/boundary.mjs'), '--tier', tier, '--'],
    workspace,
    env: { REEVE_URL: server.url, REEVE_SESSION_TOKEN: server.ownerToken },
  }
}

/** What the control plane has of the run, by the id in the boundary's last line. */
async function decisionsOf({ stderr }: Pick<AgentEnded, 'stderr'>): Promise<Row[]> {
  const [, id] = /· session ([0-9a-f-]{36})/.exec(stderr) ?? []
  expect(id, stderr).toBeDefined()
  const session = await server.api('GET', `/api/v2/boundaries/sessions/${id}`)
  expect(session.json).toMatchObject({ status: 'ended', gaps: 0, tampered: false })
  const found = await server.api('GET', `/api/v2/boundaries/events?limit=1000&q=${encodeURIComponent(`session:${id}`)}`)
  expect(found.status, JSON.stringify(found.json)).toBe(200)
  return found.json.items ?? found.json.events
}

const bashTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [
    {
      type: 'tool_use',
      id: 'toolu_marker',
      name: 'Bash',
      input: { command: 'echo made > marker; cat marker', description: 'Make a file' },
    },
  ],
  usage: { input_tokens: 1_201, output_tokens: 57 },
}
const lastTurn: Turn = {
  model: 'claude-opus-5-5',
  blocks: [{ type: 'text', text: 'The file is there.' }],
  usage: { input_tokens: 77, output_tokens: 12 },
}

describe.skipIf(!holds)(
  `agents behind a boundary${holds ? '' : ` (skipped: ${missing.join(', ') || 'user namespaces'} missing)`}`,
  () => {
    // prettier-ignore
    beforeAll(async () => {
    spawnSync('sh', ['scripts/build-native.sh'], { cwd: repository })
    const { bin } = await installAgents()
    upstream = await startUpstream()
    provider = await startWebSocketProvider()
    server = await startServer({
      env: {
        REEVE_AIBRIDGE_ANTHROPIC_BASE_URL: upstream.url,
        REEVE_AIBRIDGE_ANTHROPIC_KEY: 'sk-ant-scripted-0000000000000000',
        REEVE_AIBRIDGE_OPENAI_BASE_URL: `http://127.0.0.1:${provider.port}/v1/`,
        REEVE_AIBRIDGE_OPENAI_KEY: 'sk-scripted-000000000000000000000000',
        REEVE_AIBRIDGE_WEBSOCKETS: 'true',
      },
    })
    token = await server.gatewayToken()
    // Where this checkout has the agents and Node; elsewhere they lie where programs lie.
    const read = [dirname(dirname(realpathSync(bin))), dirname(process.execPath)]
    const document = `apiVersion: reeve/v1\nname: agents\nfiles: { read: ${JSON.stringify(read)} }\n`
    const made = await server.api('POST', '/api/v2/boundaries/policies', { document, message: 'begin' })
    expect(made.status, JSON.stringify(made.json)).toBe(201)
  }, 300_000)

    afterAll(async () => {
      await server?.[Symbol.asyncDispose]()
      await upstream?.[Symbol.asyncDispose]()
      await provider?.[Symbol.asyncDispose]()
    })

    describe.each(['1', '2'])('tier %s', (tier) => {
      test('Claude Code works through its loop, and the control plane has every decision', async () => {
        using home = temporaryFolder()
        const from = upstream.seen.length
        upstream.answer((request) =>
          answerTurn(request, request.body.includes('"tool_result"') ? lastTurn : bashTurn, {
            'request-id': 'req_1',
          }),
        )
        const around = behind(home.path, tier)
        const baseUrl = `${server.url}/api/v2/aibridge/anthropic`
        const run = await runClaude({ baseUrl, token, prompt: 'Make the marker', home: home.path, behind: around })
        expect(run.result, run.stderr).toMatchObject({ is_error: false, result: 'The file is there.' })
        expect(readFileSync(join(around.workspace, 'marker'), 'utf8')).toBe('made\n')
        expect(upstream.seen.slice(from).every(asksForStream)).toBe(true)
        await settledSession(server, run.sessionId, 2)
        const calls = (await decisionsOf(run)).filter(({ rule }) => rule === 'gateway')
        expect(calls).toHaveLength(2)
        for (const call of calls) {
          expect(call).toMatchObject({ decision: 'allow', net: { method: 'POST' }, process: { tree: ['claude'] } })
        }
      })

      test('Codex works over its WebSocket', async () => {
        using home = temporaryFolder()
        const around = behind(home.path, tier)
        const run = await runCodex({
          baseUrl: `${server.url}/api/v2/aibridge/openai/v1`,
          token,
          prompt: 'Make the marker',
          home: home.path,
          provider: ['supports_websockets = true'],
          behind: around,
        })
        expect(run.code, run.stderr).toBe(0)
        expect(run.stdout).toContain('The file is there.')
        expect(readFileSync(join(around.workspace, 'marker'), 'utf8')).toBe('made\n')
        expect(provider.posted).toEqual([])
        const calls = (await decisionsOf(run)).filter(({ rule }) => rule === 'gateway')
        expect(calls.length).toBeGreaterThan(0)
        for (const call of calls) expect(call).toMatchObject({ decision: 'allow', process: { tree: ['codex'] } })
      })

      test('of the control plane only the gateway is open, and nothing else of this machine', async () => {
        using home = temporaryFolder()
        const { hostname, port } = new URL(server.url)
        const asked = [
          `http://localhost:${port}/api/v2/aibridge/none`,
          `${server.url}/api/v2/users`,
          `${server.url}/api/v2/aibridge/../users`,
          `http://${hostname}:${provider.port}/`,
          'https://example.com/',
        ]
        const script = asked.map((url) => `echo $(curl --path-as-is -s -m 10 -w '%{http_code}\\n' '${url}' | grep -o -e 'urn:reeve:denied:policy' -e '[0-9]*$' | uniq)`).join('; ') // prettier-ignore
        const run = await runAgent({ program: 'sh', args: ['-c', script], home: home.path, env: {}, behind: behind(home.path, tier) }) // prettier-ignore
        const denied = 'urn:reeve:denied:policy 403'
        // Tier 1 has a loopback device of its own, on which nobody listens.
        const elsewhere = tier === '1' ? '000' : denied
        expect(run.stdout.trim().split('\n'), run.stderr).toEqual(['401', denied, denied, elsewhere, denied])
      })
    })
  },
)
