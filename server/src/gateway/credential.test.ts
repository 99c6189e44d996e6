import { expect, test } from 'vitest'
import { findCredential } from './credential.ts'

const find = (headers: readonly string[], query = '') => findCredential(headers, query)

test('the token is found wherever a client puts its provider key', () => {
  for (const headers of [
    ['x-api-key', 'rv_1'],
    ['X-Api-Key', ' rv_1 '],
    ['Authorization', 'Bearer rv_1'],
    ['authorization', 'bearer  rv_1'],
    ['Reeve-Session-Token', 'rv_1'],
    ['Coder-Session-Token', 'rv_1'],
    ['x-api-key', 'rv_1', 'Authorization', 'Bearer rv_1'],
    ['x-api-key', '', 'Authorization', 'Bearer rv_1'],
  ]) {
    expect(find(headers)).toEqual({ kind: 'token', token: 'rv_1' })
  }
})

test('two tokens, or one header twice, are refused instead of guessed about', () => {
  expect(find(['x-api-key', 'rv_1', 'Authorization', 'Bearer rv_2']).kind).toBe('ambiguous')
  expect(find(['x-api-key', 'rv_1', 'Authorization', 'Basic cnY6MQ==']).kind).toBe('ambiguous')
  expect(find(['x-api-key', 'rv_1', 'X-API-Key', 'rv_1']).kind).toBe('ambiguous')
  expect(find(['authorization', 'Bearer rv_1', 'authorization', 'Bearer rv_1']).kind).toBe('ambiguous')
})

test('a credential in the URL is refused, whatever the headers say', () => {
  for (const query of ['key=abc', 'api_key=abc', 'beta=true&X-Api-Key=1', 'access_token=1', 'x=rv_1', 'beta=rv%5F1']) {
    expect(find(['x-api-key', 'rv_1'], query).kind).toBe('in_query')
  }
  expect(find(['x-api-key', 'rv_1'], 'beta=true').kind).toBe('token')
})

test('no header, or empty ones, are a missing token', () => {
  expect(find([]).kind).toBe('missing')
  expect(find(['x-api-key', '  ', 'Authorization', 'Bearer ']).kind).toBe('missing')
})

test('no message repeats what was sent', () => {
  const refusals = [find(['x-api-key', 'rv_secret', 'authorization', 'rv_other']), find([], 'key=rv_secret')]
  for (const refusal of refusals) expect(JSON.stringify(refusal)).not.toContain('rv_')
})
