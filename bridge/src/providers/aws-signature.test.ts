import { expect, test } from 'vitest'
import { awsSignature } from './aws-signature.ts'

/** From AWS's test suite of Signature Version 4. */
const key = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', sessionToken: null }
const where = { host: 'example.amazonaws.com', region: 'us-east-1', service: 'service' }
const at = new Date('2015-08-30T12:36:00Z')
const signed = (method: string, pathAndQuery: string) =>
  awsSignature(key, { method, pathAndQuery, body: null, at }, where)

test.each([
  ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
])('a request is signed as AWS’s own vectors have it: %s', (_name, method, path, signature) => {
  expect(signed(method, path)).toEqual([
    'x-amz-date',
    '20150830T123600Z',
    'authorization',
    `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  ])
})

test('a credential that is good for a while sends its token, and signs it', () => {
  const [, , ...token] = awsSignature(
    { ...key, sessionToken: 't0ken' },
    { method: 'GET', pathAndQuery: '/', body: null, at },
    where,
  )
  expect(token.slice(0, 2)).toEqual(['x-amz-security-token', 't0ken'])
  expect(token[3]).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token')
})

test('another path, query, body or second is another signature', () => {
  const request = { method: 'POST', pathAndQuery: '/model/a%3A0/invoke', body: Buffer.from('{}'), at }
  const all = [
    request,
    { ...request, pathAndQuery: '/model/a%3A1/invoke' },
    { ...request, pathAndQuery: '/model/a%3A0/invoke?x=1' },
    { ...request, body: Buffer.from('{ }') },
    { ...request, at: new Date(at.getTime() + 1000) },
  ].map((one) => awsSignature(key, one, where).at(-1))
  expect(new Set(all).size).toBe(all.length)
})
