import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testServiceAccount } from '../support/service-account.ts'
import { runClaude } from '../support/claude.ts'
import { answerTurn, type Turn } from '../support/messages.ts'
import { allInterceptions, settledSession, timeline } from '../support/record.ts'
import { json } from '../support/replies.ts'
import { startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startUpstream } from '../support/upstream.ts'

const usage = { input_tokens: 1_201, output_tokens: 57, cache_read_input_tokens: 9_000 }
const bash: Turn = {
  blocks: [{ type: 'tool_use', id: 'toolu_marker', name: 'Bash', input: { command: 'echo made > marker' } }],
  usage,
}
const last: Turn = { blocks: [{ type: 'text', text: 'The file is there.' }], usage }

test(
  'Claude Code in its Vertex mode works through prompt, tool and answer, with the key of a service account',
  { timeout: 240_000 },
  async () => {
    const account = testServiceAccount()
    await using upstream = await startUpstream()
    await using server = await startServer()
    const made = await server.api('POST', '/api/v2/ai/providers', {
      name: 'vertex',
      type: 'vertex',
      base_url: upstream.url,
      allow_private: true,
      settings: { token_url: `${upstream.url}/token` },
      api_keys: [{ api_key: account.file }],
    })
    expect([made.status, made.json.ready]).toEqual([201, true])
    const token = await server.gatewayToken()
    using home = temporaryFolder()
    upstream.answer((request) => {
      if (request.path !== '/token') return answerTurn(request, request.body.includes('"tool_result"') ? last : bash)
      const claims = account.claimsOf(new URLSearchParams(request.body.toString()).get('assertion') ?? '')
      return claims === null ? json({}, { status: 400 }) : json({ access_token: 'ya29.scripted', expires_in: 3600 })
    })
    const run = await runClaude({
      baseUrl: '',
      token: '',
      prompt: 'Make the marker',
      home: home.path,
      env: {
        CLAUDE_CODE_USE_VERTEX: '1',
        CLAUDE_CODE_SKIP_VERTEX_AUTH: '1',
        ANTHROPIC_VERTEX_BASE_URL: `${server.url}/api/v2/aibridge/vertex/v1`,
        ANTHROPIC_VERTEX_PROJECT_ID: 'corp',
        ANTHROPIC_CUSTOM_HEADERS: `X-Reeve-Token: ${token}`,
        CLOUD_ML_REGION: 'europe-west1',
      },
    })

    expect(run.result).toMatchObject({ is_error: false, result: 'The file is there.' })
    expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
    const asked = upstream.seen.filter(({ path }) => path !== '/token')
    expect(upstream.seen.length - asked.length).toBe(1)
    for (const request of asked) {
      expect(request.path).toMatch(/^\/v1\/projects\/corp\/locations\/europe-west1\/publishers\/anthropic\/models\//)
      expect(request.header('authorization')).toEqual(['Bearer ya29.scripted'])
      expect(request.head.toString() + request.body.toString()).not.toContain(token)
    }
    const session = await settledSession(server, run.sessionId, asked.length)
    expect(session).toMatchObject({ client: 'Claude Code', first_prompt: 'Make the marker', tool_calls: 1 })
    const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
    expect(rows.map((row) => [row.outcome, row.streaming, row.provider])).toEqual(
      asked.map(() => ['ok', true, 'vertex']),
    )
    const told = ['prompt', 'tool_call', 'tool_result', 'text']
    const events = await timeline(server, session.id)
    expect(events.map(({ kind }) => kind).filter((kind) => told.includes(kind))).toEqual(told)
  },
)
