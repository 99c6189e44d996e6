import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { installAgents } from '../support/agents.ts'
import { runCodex } from '../support/codex.ts'
import { allInterceptions, settledSession, timeline } from '../support/record.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const providerKey = 'sk-scripted-000000000000000000000000'
const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_marker',
  name: 'exec_command',
  arguments: JSON.stringify({ cmd: 'echo made > marker && cat marker' }),
}
const answer = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'The file is there.', annotations: [] }],
}

/** What each connection began with, and what was asked over any of them. */
const handshakes: IncomingMessage[] = []
const asked: { readonly text: string; readonly body: Record<string, unknown> }[] = []
const posted: string[] = []

const sockets = new WebSocketServer({ noServer: true })
const provider = createServer((req, res) => {
  posted.push(`${req.method} ${req.url}`)
  res.writeHead(500).end()
})
provider.on('upgrade', (req, socket, head) => {
  handshakes.push(req)
  sockets.handleUpgrade(req, socket, head, (opened) => {
    opened.on('error', () => {})
    opened.on('message', (data) => {
      const text = Buffer.isBuffer(data) ? data.toString('utf8') : ''
      const body = JSON.parse(text)
      asked.push({ text, body })
      const response = { id: `resp_${asked.length}`, object: 'response', model: 'gpt-5.5', output: [] }
      const tell = (type: string, facts: object): void => opened.send(JSON.stringify({ type, ...facts }))
      tell('response.created', { response: { ...response, status: 'in_progress' } })
      const items = body.generate === false ? [] : text.includes('call_marker') ? [answer] : [call]
      for (const [output_index, item] of items.entries()) {
        tell('response.output_item.added', { output_index, item })
        tell('response.output_item.done', { output_index, item })
      }
      const usage = { input_tokens: 10, output_tokens: 2, total_tokens: 12 }
      tell('response.completed', { response: { ...response, status: 'completed', output: items, usage } })
    })
  })
})

let server: RunningServer
let token: string

beforeAll(async () => {
  await installAgents()
  provider.listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const address = provider.address()
  const port = typeof address === 'object' ? address?.port : 0
  server = await startServer({
    env: {
      REEVE_AIBRIDGE_OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1/`,
      REEVE_AIBRIDGE_OPENAI_KEY: providerKey,
      REEVE_AIBRIDGE_WEBSOCKETS: 'true',
    },
  })
  token = await server.gatewayToken()
}, 300_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  for (const client of sockets.clients) client.terminate()
  provider.closeAllConnections()
  provider.close()
})

test('the real Codex works over a WebSocket, and its loop is one session', { timeout: 120_000 }, async () => {
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
