import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installAgents } from '../support/agents.ts'
import { runCodex } from '../support/codex.ts'
import { allInterceptions, settledSession, timeline } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startWebSocketProvider, type WebSocketProvider } from '../support/websocket-provider.ts'

const providerKey = 'sk-scripted-000000000000000000000000'
let provider: WebSocketProvider
let server: RunningServer
let token: string

beforeAll(async () => {
  await installAgents()
  provider = await startWebSocketProvider()
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_OPENAI_BASE_URL: `http://127.0.0.1:${provider.port}/v1/`,
      REEVE_AIBRIDGE_OPENAI_KEY: providerKey,
      REEVE_AIBRIDGE_WEBSOCKETS: 'true',
    },
  })
  token = await server.gatewayToken()
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await provider?.[Symbol.asyncDispose]()
})

test('the real Codex works over a WebSocket, and its loop is one session', async () => {
  const { asked, handshakes, posted } = provider
  using home = temporaryFolder()
  const run = await runCodex({
    baseUrl: `${server.url}/api/v2/aibridge/openai/v1`,
    token,
    prompt: 'Make the marker',
    home: home.path,
    provider: ['supports_websockets = true'],
  })
  expect(run.code, run.stderr).toBe(0)
  expect(run.stdout).toContain('The file is there.')
  expect(readFileSync(join(home.path, 'marker'), 'utf8')).toBe('made\n')
  expect(posted).toEqual([])
  expect(handshakes.map((req) => req.headers.authorization)).toEqual(handshakes.map(() => `Bearer ${providerKey}`))
  expect(asked.map(({ text }) => text).join()).not.toContain(token)
  // The last one brings what is new, and nothing of what it carries on.
  expect(asked.at(-1)!.body['previous_response_id']).toBe(`resp_${asked.length - 1}`)
  expect(asked.at(-1)!.text).not.toContain('Make the marker')

  const session = await settledSession(server, run.threadId, asked.length)
  // What Codex warms the cache with is nobody's turn and stands for itself.
  expect(session).toMatchObject({ client: 'Codex', first_prompt: 'Make the marker', tool_calls: 1, threads: 2 })
  const events = await timeline(server, session.id)
  expect(events.filter((one) => one.kind === 'prompt').map((one) => one.text)).toEqual(['Make the marker'])
  expect(events.filter((one) => one.kind === 'tool_result')).toMatchObject([{ tool_call_id: 'call_marker' }])
  expect(events.filter((one) => one.kind === 'text').map((one) => one.text)).toEqual(['The file is there.'])
  const rows = (await allInterceptions(server)).filter((row) => row.session_id === session.id)
  expect(rows.map((row) => [row.outcome, row.streaming, row.request_bytes])).toEqual(
    asked.map(({ text }) => ['ok', true, Buffer.byteLength(text)]).reverse(),
  )
})
