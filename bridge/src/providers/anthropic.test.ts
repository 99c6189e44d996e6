import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { fixturesOf } from '../testing/fixtures.ts'
import { anthropicProvider } from './anthropic.ts'
import { providerPromises } from './conformance.ts'
import { oneKey } from './provider.ts'

const provider = anthropicProvider({
  name: 'anthropic',
  baseUrl: 'https://api.anthropic.com',
  keys: oneKey(new Secret('sk-ant-0123456789')),
})
const samples = {
  stream: fixturesOf('anthropic-messages').find(({ name }) => name === 'thinking-and-tool')!.bytes,
  body: Buffer.from('{"messages":[],"model":"claude-opus-5-5","stream":true}'),
  model: 'claude-opus-5-5',
  path: '/v1/messages',
}

for (const { promise, check } of providerPromises) test(`anthropic: ${promise}`, () => check(provider, samples))

test('a path of the base URL is kept, and a v1 at its end is not doubled', () => {
  const paths = [
    'https://a.test',
    'https://a.test/',
    'https://a.test/v1',
    'https://a.test/corp/llm/',
    'https://a.test/corp/v1/',
  ].map((baseUrl) => anthropicProvider({ name: 'a', baseUrl, keys: [] }).upstreamPath('/v1/messages'))
  expect(paths).toEqual(['/v1/messages', '/v1/messages', '/v1/messages', '/corp/llm/v1/messages', '/corp/v1/messages'])
})

test('a base URL with credentials, or none at all, is refused', () => {
  for (const baseUrl of ['https://user:pass@a.test', 'ftp://a.test', 'a.test', '']) {
    expect(() => anthropicProvider({ name: 'a', baseUrl, keys: [] }), baseUrl).toThrow(/base URL/)
  }
})

test('without a key no credential is sent', () => {
  expect(anthropicProvider({ name: 'a', baseUrl: 'https://a.test', keys: [] }).keys).toEqual([])
  expect(provider.authorization(new Secret('k'))).toEqual(['x-api-key', 'k'])
})
