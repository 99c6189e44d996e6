import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { everythingAllowed, type Policy } from '../policy.ts'
import { clientToken } from '../testing/raw-http.ts'
import { startSocketUpstream } from '../testing/socket-upstream.ts'
import { startBridge } from '../testing/start-bridge.ts'

const denial = { rule: 'tools of acme', message: 'exec may not be called: ask Dana.' }
const item = { type: 'custom_tool_call', id: 'ctc', call_id: 'call_1', name: 'exec', input: 'await tools.run("rm")' }
const answer = [
  { type: 'response.created', response: { id: 'resp_1', output: [] } },
  { type: 'response.output_text.delta', output_index: 0, delta: 'I will.' },
  { type: 'response.output_item.added', output_index: 1, item: { ...item, input: '' } },
  { type: 'response.custom_tool_call_input.delta', output_index: 1, delta: item.input },
  { type: 'response.output_item.done', output_index: 1, item },
  { type: 'response.completed', response: { id: 'resp_1', output: [item], usage: { output_tokens: 3 } } },
].map((message) => JSON.stringify(message))

async function asked(policy: Policy, messages: readonly string[], limits = {}) {
  await using upstream = await startSocketUpstream((socket) => messages.forEach((message) => socket.send(message)))
  await using reeve = await startBridge(upstream.url, { provider: 'openai', policy, limits })
  const socket = new WebSocket(`ws://127.0.0.1:${reeve.port}/v1/responses`, {
    headers: { authorization: `Bearer ${clientToken}` },
  })
  const told: string[] = []
  socket.on('error', () => {}).on('message', (data) => told.push(Buffer.isBuffer(data) ? data.toString('utf8') : ''))
  const closed = once(socket, 'close')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'response.create', model: 'large', input: 'a' }))
  await reeve.recorder.ended(1)
  socket.ping()
  await Promise.race([once(socket, 'pong'), closed])
  socket.terminate()
  await closed
  expect(reeve.recorder.violations).toEqual([])
  return { told, record: reeve.recorder.records[0]!, seen: upstream.messages }
}

const withTools = (decide: () => Promise<null> | typeof denial | null): Policy => ({
  ...everythingAllowed,
  tools: () => ({ decide }),
})

test('over a WebSocket a denied tool call never leaves, and all of it is on record', async () => {
  const { told, record } = await asked(
    withTools(() => denial),
    answer,
  )
  expect(told.slice(0, 2)).toEqual(answer.slice(0, 2))
  expect(told).toHaveLength(3)
  expect(JSON.parse(told[2]!)).toMatchObject({ type: 'error', status: 400, error: { message: denial.message } })
  expect(record.answer.toString()).toBe(answer.map((message) => `data: ${message}\n\n`).join(''))
  expect(record.end).toMatchObject({
    outcome: 'denied',
    statusCode: 400,
    errorType: 'policy_denied',
    decisions: [{ subject: 'tool_call', name: 'exec', toolCallId: 'call_1', allowed: false, rule: denial.rule }],
  })
})

const atOnce = (): null => null
const later = (): Promise<null> => new Promise((resolve) => setImmediate(() => resolve(null)))

test.each([
  ['at once', atOnce],
  ['later', later],
] as const)(
  'over a WebSocket an answer whose tool calls are allowed %s goes through untouched',
  async (_when, decide) => {
    const { told, record } = await asked(withTools(decide), answer)
    expect(told).toEqual(answer)
    expect(record.end).toMatchObject({ outcome: 'ok', decisions: [{ name: 'exec', allowed: true }] })
  },
)

test('a provider that does not end an answer of which a call was denied does not keep the client waiting', async () => {
  const { told, record } = await asked(
    withTools(() => denial),
    answer.slice(0, -1),
    { afterEndMs: 20 },
  )
  expect(told.at(-1)).toContain(denial.message)
  expect(record.end?.outcome).toBe('denied')
})

test('over a WebSocket a model that is not allowed is not asked', async () => {
  const { told, record, seen } = await asked({ ...everythingAllowed, model: () => denial }, answer)
  expect(seen).toEqual([])
  expect(told.map((text) => JSON.parse(text))).toMatchObject([{ type: 'error', status: 400 }])
  expect(record.end).toMatchObject({ outcome: 'denied', decisions: [{ subject: 'model', name: 'large' }] })
})
