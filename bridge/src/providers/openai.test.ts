import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { routeRequest } from '../routes.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { providerPromises } from './conformance.ts'
import { oneKey } from './provider.ts'
import { openaiProvider } from './openai.ts'

const provider = openaiProvider({
  name: 'openai',
  baseUrl: 'https://api.openai.com/v1/',
  keys: oneKey(new Secret('sk-proj-0123456789')),
})
const chat = {
  stream: fixturesOf('openai-chat').find(({ name }) => name === 'parallel-tools')!.bytes,
  body: Buffer.from('{"messages":[],"model":"gpt-5.5","stream":true}'),
  model: 'gpt-5.5',
  path: '/v1/chat/completions',
}

const responses = {
  stream: fixturesOf('openai-responses').find(({ name }) => name === 'codex-turn')!.bytes,
  body: Buffer.from('{"input":"hello","model":"gpt-5.5","stream":true}'),
  model: 'gpt-5.5',
  path: '/responses',
}

for (const { promise, check } of providerPromises) {
  test(`openai, Chat Completions: ${promise}`, () => check(provider, chat))
  test(`openai, Responses: ${promise}`, () => check(provider, responses))
}

const routed = (method: string, path: string) => {
  const found = routeRequest(provider, method, path)
  return found === null ? null : [found.route.kind, found.pathAndQuery]
}

test('a client’s base URL may hold the version or not', () => {
  for (const path of ['/chat/completions', '/v1/chat/completions', '/v1/v1/chat/completions'])
    expect(routed('POST', path), path).toEqual(['chat_completions', '/v1/chat/completions'])
  expect(routed('GET', '/models?client_version=1')).toEqual(['models', '/v1/models?client_version=1'])
  expect(routed('GET', '/v1/models/vendor/model-1')).toEqual(['models', '/v1/models/vendor/model-1'])
})

test('what the provider has stored is reached by its own paths, and is no turn', () => {
  expect(routed('POST', '/v1/responses')).toEqual(['responses', '/v1/responses'])
  expect(routed('POST', '/responses/compact')).toEqual(['responses', '/v1/responses/compact'])
  for (const [method, path] of [
    ['GET', '/responses/resp_1?stream=true'],
    ['DELETE', '/responses/resp_1'],
    ['POST', '/responses/resp_1/cancel'],
    ['GET', '/responses/resp_1/input_items'],
    ['POST', '/responses/input_tokens'],
    ['POST', '/conversations'],
    ['GET', '/conversations/conv_1'],
    ['POST', '/conversations/conv_1/items'],
    ['DELETE', '/conversations/conv_1/items/msg_1'],
  ] as const)
    for (const prefix of ['', '/v1']) expect(routed(method, prefix + path), path).toEqual(['passthrough', `/v1${path}`])
})

test('what asks no model, or would let a shared key do more than that, is not found', () => {
  for (const [method, path] of [
    ['GET', '/v1/chat/completions'],
    ['DELETE', '/v1/models/ft:mine'],
    ['POST', '/v1/completions'],
    ['GET', '/v1/responses'],
    ['GET', '/v1/conversations'],
    ['POST', '/v1/responses/resp_1'],
    ['DELETE', '/v1/responses'],
    ['GET', '/v1/responses/resp_1/anything'],
    ['POST', '/v1/files'],
    ['GET', '/v1/organization/admin_api_keys'],
    ['POST', '/v2/chat/completions'],
    ['POST', '/v1/chat/completions/'],
  ] as const)
    expect(routed(method, path), path).toBeNull()
})

test('a path of the base URL is kept, and nothing is added to it', () => {
  const paths = ['https://a.test/v1', 'https://a.test/', 'https://a.test', 'https://a.test/corp/llm/v1/'].map(
    (baseUrl) => openaiProvider({ name: 'a', baseUrl, keys: [] }).upstreamPath('/v1/chat/completions'),
  )
  expect(paths).toEqual([
    '/v1/chat/completions',
    '/chat/completions',
    '/chat/completions',
    '/corp/llm/v1/chat/completions',
  ])
})

test('the credential is a bearer, and without a key none is sent', () => {
  expect(provider.authorization(new Secret('k'))).toEqual(['authorization', 'Bearer k'])
  expect(openaiProvider({ name: 'a', baseUrl: 'https://a.test/v1', keys: [] }).keys).toEqual([])
})
