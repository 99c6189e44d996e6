import fc from 'fast-check'
import { expect, test } from 'vitest'
import { patchBody } from '../../edits.ts'
import { anthropicMessages } from '../../wire/anthropic-messages/anthropic-messages.ts'
import type { Translation } from '../../translation.ts'
import { bedrockCountTokens, bedrockMessages, type BedrockTables } from './bedrock-messages.ts'

const none: BedrockTables = { models: [], capabilities: [] }
const clientBetas =
  'claude-code-20250219, interleaved-thinking-2025-05-14,,context-management-2025-06-27,effort-2025-11-24'
const ordinary = {
  max_tokens: 32_000,
  metadata: { user_id: 'u' },
  service_tier: 'auto',
  container: 'c',
  inference_geo: 'eu',
  thinking: { type: 'adaptive', display: 'updates' },
  context_management: { edits: [] },
  output_config: { effort: 'medium' },
  messages: [{ role: 'user', content: 'hello' }],
  stream: true,
}

interface Given {
  readonly tables?: BedrockTables
  readonly betas?: string | undefined
  readonly by?: (tables: BedrockTables) => Translation
}

/** What is sent for a body that is given as text or value; the refusal's reason where nothing is. */
function sent(given: string | object, { tables = none, betas = clientBetas, by = bedrockMessages }: Given = {}) {
  const body = Buffer.from(typeof given === 'string' ? given : JSON.stringify(given))
  const scanned = anthropicMessages.scan(body)
  if (!scanned.ok) throw new Error(scanned.problem)
  const { model, streaming } = anthropicMessages.requestFacts(body, scanned.scan, '')
  const headers = { 'anthropic-beta': betas }
  const request = by(tables).request({ body, scan: scanned.scan, model, streaming, headers })
  if ('reason' in request) return { path: null, text: request.reason }
  return { path: request.path, text: patchBody(body, request.patch).toString() }
}
const bodyOf = (model: string, given: Given = {}) => JSON.parse(sent({ model, ...ordinary }, given).text)

test('model and kind of answer stand in the path, version and betas in front, and every other byte stays', () => {
  const kept = ` "messages" : [ {"role":"user","content":"\\u00e9 } , "} ]`
  const front = '"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["context-management-2025-06-27"],'
  const rest = `,\n "stream":true,"max_tokens":5e2 ,"metadata":{"user_id":"u"}}`
  expect(sent(`{"model":"claude-sonnet-4-5",${kept}${rest}`, { betas: 'context-management-2025-06-27' })).toEqual({
    path: '/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream',
    text: `{${front}${kept},"max_tokens":5e2}`,
  })
  expect(sent('{"model":"claude-sonnet-4-5","messages":[]}').path).toMatch(/\/invoke$/)
})

test('equal requests give equal ones', () => {
  const all = Array.from({ length: 10 }, () => JSON.stringify(sent({ model: 'claude-opus-4-5', ...ordinary })))
  expect(new Set(all).size).toBe(1)
})

test.each([
  ['some-model', ['interleaved-thinking-2025-05-14'], { type: 'enabled', budget_tokens: 16_000 }, []],
  [
    'claude-opus-4-5',
    ['interleaved-thinking-2025-05-14', 'effort-2025-11-24'],
    { type: 'enabled', budget_tokens: 16_000 },
    ['output_config'],
  ],
  [
    'claude-sonnet-4-5-20250929',
    ['interleaved-thinking-2025-05-14', 'context-management-2025-06-27'],
    { type: 'enabled', budget_tokens: 16_000 },
    ['context_management'],
  ],
  ['claude-opus-4-6', ['interleaved-thinking-2025-05-14'], { type: 'adaptive' }, ['output_config']],
  ['claude-opus-5-5', undefined, { type: 'adaptive' }, ['output_config']],
])('%s gets the betas, the thinking and the members that it takes', (model, betas, thinking, members) => {
  const body = bodyOf(model)
  expect([body.anthropic_beta, body.thinking]).toEqual([betas, thinking])
  expect(Object.keys(body).filter((name) => !['anthropic_beta', 'anthropic_version'].includes(name))).toEqual([
    'max_tokens',
    'thinking',
    ...(members.includes('context_management') ? ['context_management'] : []),
    ...(members.includes('output_config') ? ['output_config'] : []),
    'messages',
  ])
})

test('without the beta that a member needs it is left out, whatever the model takes', () => {
  expect(bodyOf('claude-opus-4-5', { betas: '' }).output_config).toBeUndefined()
  expect(bodyOf('claude-opus-4-5', { betas: '' }).anthropic_beta).toBeUndefined()
})

test('how much may be thought is a share of the answer, by effort; too little is none', () => {
  const budget = (max_tokens: unknown, effort?: string, type = 'adaptive') => {
    const { max_tokens: _, ...others } = ordinary
    const output_config = effort === undefined ? {} : { effort }
    const asked = { model: 'some-model', ...others, output_config, thinking: { type } }
    return JSON.parse(sent(max_tokens === undefined ? asked : { ...asked, max_tokens }).text).thinking
  }
  const efforts = ['low', 'medium', 'high', 'max', 'whatever', 'constructor', undefined]
  expect(efforts.map((effort) => budget(10_000, effort).budget_tokens)).toEqual([
    2_000, 5_000, 8_000, 9_500, 8_000, 8_000, 8_000,
  ])
  expect(budget(2_000, 'low')).toEqual({ type: 'disabled' })
  expect(budget(undefined)).toEqual({ type: 'adaptive' })
  expect(budget('many')).toEqual({ type: 'adaptive' })
  expect(budget(10_000, 'low', 'disabled')).toEqual({ type: 'disabled' })
})

test('a model that only thinks adaptively is asked so, and is never told not to think', () => {
  const asked = (thinking: object) =>
    JSON.parse(sent({ model: 'claude-opus-4-7', ...ordinary, thinking }).text).thinking
  expect(asked({ type: 'enabled', budget_tokens: 9_000 })).toEqual({ type: 'adaptive' })
  expect(asked({ type: 'adaptive', display: 'updates' })).toEqual({ type: 'adaptive' })
  expect(asked({ type: 'disabled' })).toBeUndefined()
})

test('what is in a member, or in each of a list, is left out by itself', () => {
  const tools = [
    { name: 'a', defer_loading: true, input_schema: {} },
    { defer_loading: false, name: 'b' },
    { name: 'c' },
  ]
  const output_config = { format: { type: 'json_schema' }, effort: 'low' }
  const body = JSON.parse(sent({ model: 'claude-opus-4-8', ...ordinary, tools, output_config }).text)
  expect(body.tools).toEqual([{ name: 'a', input_schema: {} }, { name: 'b' }, { name: 'c' }])
  expect(body.output_config).toEqual({ effort: 'low' })
  const searching = sent({ model: 'claude-opus-4-5', ...ordinary, tools }, { betas: 'advanced-tool-use-2025-11-20' })
  expect(JSON.parse(searching.text)).toMatchObject({
    tools,
    anthropic_beta: ['tool-search-tool-2025-10-19', 'tool-examples-2025-10-29'],
  })
})

test('an administrator’s rows come first, and say only what they say', () => {
  const tables: BedrockTables = {
    models: [
      { from: '*haiku*', to: 'eu.anthropic.claude-haiku-4-5-20251001-v1:0' },
      { from: 'claude-*', to: 'arn:aws:bedrock:eu-central-1:012345678901:application-inference-profile/*' },
    ],
    capabilities: [{ models: '*application-inference-profile/*', thinking: 'adaptive', betas: ['new-beta'] }],
  }
  const asked = sent({ model: 'claude-opus-4-5', ...ordinary }, { tables, betas: 'new-beta, other' })
  expect(asked.path).toContain(
    'arn%3Aaws%3Abedrock%3Aeu-central-1%3A012345678901%3Aapplication-inference-profile%2Fopus-4-5/',
  )
  expect(JSON.parse(asked.text)).toMatchObject({ anthropic_beta: ['new-beta'], thinking: { type: 'adaptive' } })
  expect(JSON.parse(asked.text).metadata).toBeUndefined()
  expect(sent({ model: 'claude-haiku-4-5' }, { tables }).path).toContain('/eu.anthropic.claude-haiku')
  expect(sent({ model: 'us.amazon.nova-pro-v1:0' }, { tables }).path).toContain('/us.amazon.nova-pro-v1%3A0/')
})

test('whatever else a body holds is what it was', () => {
  const touched = ['thinking', 'output_config', 'context_management', 'tools', 'model', 'stream', 'max_tokens']
  const member = fc
    .string()
    .filter(
      (name) =>
        !touched.includes(name.toLowerCase()) &&
        !/^(?:metadata|service_tier|container|inference_geo|anthropic_)/i.test(name),
    )
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.record({ type: fc.constantFrom('adaptive', 'enabled', 'x'), budget_tokens: fc.jsonValue() }),
  )
  fc.assert(
    fc.property(fc.dictionary(member, fc.jsonValue()), odd, fc.array(odd), odd, (others, thinking, tools, effort) => {
      const given = { ...others, thinking, tools, max_tokens: effort, output_config: { effort, format: thinking } }
      const body = JSON.stringify({ model: 'claude-opus-4-8', ...given })
      if (!anthropicMessages.scan(Buffer.from(body)).ok) return
      const { anthropic_version, ...left } = JSON.parse(sent(body).text)
      expect(anthropic_version).toBe('bedrock-2023-05-31')
      for (const name of Object.keys(others)) expect(left[name]).toEqual(JSON.parse(body)[name])
    }),
  )
})

test('no model leads elsewhere', () => {
  for (const model of ['..', '../x', 'a/../b', 'a//b', 'a b', 'a?b', 'a#b', 'a%2Fb', './x', 'é', '.', 'x/.', '/x'])
    expect(sent({ model }).path, model).toBeNull()
  expect(sent({ messages: [] })).toEqual({ path: null, text: 'invalid' })
  expect(sent({ model: 7 })).toEqual({ path: null, text: 'invalid' })
})

test('tokens are counted of the model itself, with a bound that Amazon insists on', () => {
  const counted = (given: object) => {
    const { path, text } = sent(given, { by: bedrockCountTokens })
    return [path, JSON.parse(Buffer.from(JSON.parse(text).input.invokeModel.body, 'base64').toString())]
  }
  const messages = [{ role: 'user', content: 'hello' }]
  expect(counted({ model: 'claude-haiku-4-5', messages })).toEqual([
    '/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/count-tokens',
    {
      max_tokens: 1,
      anthropic_version: 'bedrock-2023-05-31',
      anthropic_beta: ['interleaved-thinking-2025-05-14', 'context-management-2025-06-27'],
      messages,
    },
  ])
  expect(counted({ model: 'm', thinking: { type: 'enabled', budget_tokens: 2_000 } })[1]).toMatchObject({
    max_tokens: 2_001,
  })
  expect(counted({ model: 'm', max_tokens: 7 })[1]).toMatchObject({ max_tokens: 7 })
})
