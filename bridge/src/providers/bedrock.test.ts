import { Secret } from '@reeve/base'
import { expect, test } from 'vitest'
import { chunkFrame } from '../../../test/support/bedrock-frames.ts'
import { routeRequest } from '../routes.ts'
import { fixturesOf } from '../testing/fixtures.ts'
import { bedrockProvider } from './bedrock.ts'
import { providerPromises } from './conformance.ts'
import { anthropicProvider } from './anthropic.ts'
import { credentialFor, oneKey } from './provider.ts'

const baseUrl = 'https://bedrock-runtime.eu-central-1.amazonaws.com'
const bedrock = bedrockProvider({ name: 'bedrock', baseUrl, keys: oneKey(new Secret('ABSK0123456789')) })
const model = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'

for (const { promise, check } of providerPromises) {
  test(`bedrock: ${promise}`, () =>
    check(bedrock, {
      stream: Buffer.concat([chunkFrame('{"type":"message_start"}'), chunkFrame('{"type":"message_stop"}')]),
      body: Buffer.from('{"anthropic_version":"bedrock-2023-05-31","messages":[]}'),
      model,
      path: `/model/${model}/invoke-with-response-stream`,
    }))
}

for (const { promise, check } of providerPromises) {
  test(`bedrock, for clients of Anthropic’s API: ${promise}`, () =>
    check(bedrock, {
      stream: fixturesOf('anthropic-messages').find(({ name }) => name === 'thinking-and-tool')!.bytes,
      body: Buffer.from('{"messages":[],"model":"claude-opus-5-5","stream":true}'),
      model: 'claude-opus-5-5',
      path: '/v1/messages',
    }))
}

const asked = (path: string, method = 'POST') => {
  const routed = routeRequest(bedrock, method, path)
  if (routed === null) return null
  const body = Buffer.from('{}')
  const scanned = routed.route.wire.scan(body)
  return [routed.pathAndQuery, scanned.ok && routed.route.wire.requestFacts(body, scanned.scan, routed.path).model]
}

test('a model may be written plainly or escaped, as an id or as the name of a resource', () => {
  const escaped = `/model/${model.replace(':', '%3A')}/invoke`
  expect(asked(`/model/${model}/invoke`)).toEqual([escaped, model])
  expect(asked(escaped)).toEqual([escaped, model])
  expect(asked(escaped.replace('%3A', '%3a'))).toEqual([escaped, model])
  const profile = 'arn:aws:bedrock:eu-central-1:012345678901:application-inference-profile/a1b2'
  expect(asked(`/model/${encodeURIComponent(profile)}/invoke-with-response-stream`)).toEqual([
    `/model/${encodeURIComponent(profile)}/invoke-with-response-stream`,
    profile,
  ])
})

test('no other path is let through, however it is escaped', () => {
  for (const path of [
    '/model/a/b/invoke',
    '/model/a%2Fb/invoke',
    '/model/arn:aws:bedrock%2F..%2F..%2Fx/invoke',
    '/model/arn:aws:bedrock%2F%2Fx/invoke',
    '/model/arn:aws:bedrock%252Fx/invoke',
    '/model/..%3A/../invoke',
    '/model/a/converse',
    '/model//invoke',
    '/async-invoke',
  ]) {
    expect(asked(path), path).toBeNull()
  }
  const anthropic = anthropicProvider({ name: 'anthropic', baseUrl: 'https://api.anthropic.com', keys: [] })
  expect(routeRequest(anthropic, 'GET', '/v1/models/x%2Fy')).toBeNull()
})

const noPost = () => Promise.reject(new Error('nothing is asked for'))
const request = { method: 'POST', pathAndQuery: '/model/x/invoke', body: null, at: new Date('2026-01-02T03:04:05Z') }

test('an API key is sent, and an access key signs for the region of the base URL', async () => {
  expect(credentialFor(bedrock, new Secret('ABSKx'), request, noPost)).toEqual(['authorization', 'Bearer ABSKx'])
  const pairs = await credentialFor(bedrock, new Secret('ASIAABCDEFGHIJKL:s3cret/+=:t0ken=='), request, noPost)
  expect(pairs.slice(0, 4)).toEqual(['x-amz-date', '20260102T030405Z', 'x-amz-security-token', 't0ken=='])
  expect(pairs[5]).toContain('Credential=ASIAABCDEFGHIJKL/20260102/eu-central-1/bedrock/aws4_request')
  expect(pairs.join(' ')).not.toContain('s3cret')
})

test('an access key without a region in the base URL is not put up with', () => {
  const keys = oneKey(new Secret('AKIAABCDEFGHIJKL:s3cret'))
  expect(() => bedrockProvider({ name: 'b', baseUrl: 'https://bedrock.corp.test', keys })).toThrow(/region/)
  const at = (host: string) => bedrockProvider({ name: 'b', baseUrl: `https://${host}`, keys })
  for (const host of [
    'bedrock-runtime-fips.us-gov-west-1.amazonaws.com',
    'vpce-1-x.bedrock-runtime.us-east-1.vpce.amazonaws.com',
  ]) {
    expect(at(host).origin).toBe(`https://${host}`)
  }
})
