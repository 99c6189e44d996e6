import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { routeRequest } from '../routes.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { providerPromises } from './conformance.ts'
import { oneKey } from './provider.ts'
import { geminiProvider } from './gemini.ts'

const provider = geminiProvider({
  name: 'gemini',
  baseUrl: 'https://generativelanguage.googleapis.com',
  keys: oneKey(new Secret('AIza0123456789')),
})
const samples = {
  stream: fixturesOf('gemini').find(({ name }) => name === 'thinking-and-tool')!.bytes,
  body: Buffer.from('{"contents":[]}'),
  model: 'gemini-2.5-pro',
  path: '/v1beta/models/gemini-2.5-pro:streamGenerateContent',
}

for (const { promise, check } of providerPromises) test(`gemini: ${promise}`, () => check(provider, samples))

const kindOf = (method: string, path: string) => routeRequest(provider, method, path)?.route.kind

test('the paths of the Gemini API and of Vertex AI are known, and no others', () => {
  const vertex = '/v1/projects/p-1/locations/europe-west1/publishers/google/models/gemini-2.5-pro'
  for (const path of [
    '/v1beta/models/gemini-2.5-pro:generateContent',
    '/v1/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    '/v1beta1/publishers/google/models/gemini-2.5-pro:streamGenerateContent',
    `${vertex}:generateContent`,
  ]) {
    expect(kindOf('POST', path), path).toBe('generate_content')
  }
  expect(kindOf('POST', `${vertex}:countTokens`)).toBe('count_tokens')
  expect(kindOf('GET', '/v1beta/models')).toBe('models')
  expect(kindOf('GET', '/v1beta/models/gemini-2.5-pro')).toBe('models')
  for (const path of [
    '/v1beta/models/gemini-2.5-pro:predict',
    '/v1beta/models/a/b:generateContent',
    '/v1beta/files',
    '/v1gamma/models/x:generateContent',
  ]) {
    expect(kindOf('POST', path), path).toBeUndefined()
  }
})

test('the key goes where Google looks for it, and a version at the end of the base URL is not doubled', () => {
  expect(provider.authorization(new Secret('k'))).toEqual(['x-goog-api-key', 'k'])
  const corp = geminiProvider({ name: 'g', baseUrl: 'https://llm.test/corp/v1beta/', keys: [] })
  expect(corp.upstreamPath('/v1beta/models')).toBe('/corp/v1beta/models')
  expect(corp.keys).toEqual([])
})
