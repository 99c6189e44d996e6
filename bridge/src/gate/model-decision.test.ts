import { expect, test } from 'vitest'
import { everythingAllowed, type Policy, type PolicyAbout } from '../policy.ts'
import { clientToken, rawRequest, startRawUpstream } from '../testing/raw-http.ts'
import { startBridge, testActor } from '../testing/start-bridge.ts'

const no = { rule: 'models of acme', message: 'Not this model: ask Dana.' }
const onlySmall: Policy = {
  ...everythingAllowed,
  model: ({ model }) => (model === 'small' ? null : no),
}

/** A route of each format that asks a model, and the status in which its clients take a no for final. */
const routes = [
  ['anthropic', '/v1/messages', { model: 'large', messages: [] }, 403],
  ['anthropic', '/v1/messages/count_tokens', { model: 'large', messages: [] }, 403],
  ['openai', '/v1/chat/completions', { model: 'large', messages: [] }, 400],
  ['openai', '/v1/responses', { model: 'large', input: 'a' }, 400],
  ['openai', '/v1/responses/compact', { model: 'large', input: 'a' }, 400],
  ['gemini', '/v1beta/models/large:generateContent', { contents: [] }, 403],
  ['gemini', '/v1beta/models/large:countTokens', { contents: [] }, 403],
  ['bedrock', '/model/large/invoke', { messages: [] }, 403],
] as const

async function asked(provider: (typeof routes)[number][0], path: string, body: object | string, policy: Policy) {
  await using upstream = await startRawUpstream((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'),
  )
  await using reeve = await startBridge(upstream.url, { provider, policy })
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await rawRequest(
    reeve.port,
    `POST ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${clientToken}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
  await reeve.recorder.ended(1)
  expect(reeve.recorder.violations).toEqual([])
  return { answer, record: reeve.recorder.records[0]!, seen: upstream.received }
}

test.each(routes)(
  '%s %s: a model that is not allowed is answered for in the provider’s shape, is on record, and is never asked',
  async (provider, path, body, status) => {
    const { answer, record, seen } = await asked(provider, path, body, onlySmall)
    expect(answer.head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer.head).toContain('x-should-retry: false')
    expect(answer.body).toContain(no.message)
    expect(seen).toEqual([])
    expect(record.end).toMatchObject({
      outcome: 'denied',
      statusCode: status,
      errorType: 'policy_denied',
      errorMessage: no.message,
      attempts: [],
      decisions: [{ subject: 'model', name: 'large', allowed: false, rule: no.rule, heldMs: 0 }],
    })
  },
)

test('what is allowed is asked, and leaves no decision', async () => {
  const { record, seen } = await asked('openai', '/v1/chat/completions', { model: 'small', messages: [] }, onlySmall)
  expect(seen).toHaveLength(1)
  expect(record.end).toMatchObject({ outcome: 'ok', decisions: [] })
})

test('the policy is told who asks whom for what, and an empty model where none is named', async () => {
  const seen: PolicyAbout[] = []
  const policy: Policy = { ...everythingAllowed, model: (about) => (seen.push(about), null) }
  await asked('openai', '/v1/responses', { prompt: { id: 'pmpt_1' } }, policy)
  expect(seen).toEqual([{ actor: testActor, providerName: 'openai', model: '', client: 'Unknown' }])
})

test('a policy that throws says no', async () => {
  const policy: Policy = {
    ...everythingAllowed,
    model() {
      throw new Error('the rules are gone')
    },
  }
  const { answer, record, seen } = await asked('anthropic', '/v1/messages', { model: 'small', messages: [] }, policy)
  expect(answer.head).toMatch(/^HTTP\/1.1 403 /)
  expect(seen).toEqual([])
  expect(record.end).toMatchObject({ outcome: 'denied', decisions: [{ rule: 'rules that cannot be read' }] })
})

test.each([
  ['anthropic', '/v1/messages', '{"model":"small","Model":"large","messages":[]}'],
  ['anthropic', '/v1/messages', '{"model":"small","\uff4dodel":"large","messages":[]}'],
  ['anthropic', '/v1/messages', '{"model":"small","mod\\u0065l":"large","messages":[]}'],
  ['anthropic', '/v1/messages', '{"model":" small","messages":[]}'],
  ['openai', '/v1/chat/completions', '{"model":"small","model":"large","messages":[]}'],
  ['openai', '/v1/chat/completions', '{"model":"small\\u0000","messages":[]}'],
  ['openai', '/v1/responses', '{"model":"small","MODEL":"large","input":"a"}'],
  ['openai', '/v1/responses', `{"model":"${'small'.repeat(1000)}","input":"a"}`],
  ['gemini', '/v1beta/models/small:generateContent', '{"model":"models/large","contents":[]}'],
  ['gemini', '/v1beta/models/small:generateContent', '{"Model":"models/large","contents":[]}'],
  ['bedrock', '/model/small/invoke', '{"model":"small","Model":"large","messages":[]}'],
] as const)(
  '%s %s: a body that could name another model than is decided on is not sent: %s',
  async (provider, path, body) => {
    const { record, seen } = await asked(provider, path, body, onlySmall)
    expect(seen).toEqual([])
    expect(record.end?.outcome).toBe('refused')
  },
)

test('a body may name the model of its path once more', async () => {
  const body = { model: 'models/small', contents: [] }
  const { seen } = await asked('gemini', '/v1beta/models/small:generateContent', body, onlySmall)
  expect(seen).toHaveLength(1)
})
