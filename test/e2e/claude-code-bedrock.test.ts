import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bedrockReply } from '../support/bedrock-replies.ts'
import { runClaude } from '../support/claude.ts'
import type { Turn } from '../support/messages.ts'
import { allInterceptions, settledSession, timeline } from '../support/record.ts'
import { startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startUpstream } from '../support/upstream.ts'

const providerKey = 'ABSK-scripted-0000000000000000'
const usage = { input_tokens: 1_201, output_tokens: 57, cache_read_input_tokens: 9_000 }
const bash: Turn = {
  blocks: [{ type: 'tool_use', id: 'toolu_marker', name: 'Bash', input: { command: 'echo made > marker' } }],
  usage,
}
const last: Turn = { blocks: [{ type: 'text', text: 'The file is there.' }], usage }

test(
  'Claude Code in its Bedrock mode works through prompt, tool and answer, and the session can be read afterwards',
  { timeout: 240_000 },
  async () => {
    await using upstream = await startUpstream()
    await using server = await startServer({
      env: {
        REEVE_AIBRIDGE_PROVIDER_0_TYPE: 'bedrock',
        REEVE_AIBRIDGE_PROVIDER_0_KEY: providerKey,
        REEVE_AIBRIDGE_PROVIDER_0_BASE_URL: upstream.url,
      },
    })
    const token = await server.gatewayToken()
    using home = temporaryFolder()
    upstream.answer((request) => bedrockReply(request, request.body.includes('"tool_result"') ? last : bash))
    const run = await runClaude({
      baseUrl: '',
      token: '',
      prompt: 'Make the marker',
      home: home.path,
      env: {
        CLAUDE_CODE_USE_BEDROCK: '1',
        CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
        ANTHROPIC_BEDROCK_BASE_URL: `${server.url}/api/v2/aibridge/bedrock`,
        ANTHROPIC_CUSTOM_HEADERS: `X-Reeve-Token: ${token}`,
        AWS_REGION: 'eu-central-1',
      },
    })

    expect(run.result).toMatchObject({ is_error: false, result: 'The file is there.' })
    expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
    for (const request of upstream.seen) {
      expect(request.header('authorization')).toEqual([`Bearer ${providerKey}`])
      expect(request.head.toString() + request.body.toString()).not.toContain(token)
    }
    const session = await settledSession(server, run.sessionId, upstream.seen.length)
    expect(session).toMatchObject({ client: 'Claude Code', first_prompt: 'Make the marker', tool_calls: 1 })
    const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
    expect(rows.map((row) => [row.outcome, row.streaming, row.provider])).toEqual(
      upstream.seen.map(() => ['ok', true, 'bedrock']),
    )
    const events = await timeline(server, session.id)
    const told = ['prompt', 'tool_call', 'tool_result', 'text']
    expect(events.map(({ kind }) => kind).filter((kind) => told.includes(kind))).toEqual(told)
  },
)
