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
    expect(find(headers)).toEqual({ kind: 'token', token: 'rv_1', apart: false })
  }
})

test('a token in a header of its own leaves the others to somebody else', () => {
  for (const name of ['X-Reeve-Token', 'X-Coder-AI-Governance-Token']) {
    for (const more of [
      [],
      ['authorization', 'Bearer sk-ant-oat01-mine'],
      ['x-api-key', 'sk-ant-mine', 'authorization', 'Bearer sk-ant-oat01-mine'],
      ['Reeve-Session-Token', 'rv_1'],
    ]) {
      expect(find([name, ' rv_1', ...more])).toEqual({ kind: 'token', token: 'rv_1', apart: true })
    }
  }
  const own = ['x-reeve-token', 'rv_1']
  expect(find([...own, 'x-coder-ai-governance-token', 'rv_2']).kind).toBe('ambiguous')
  expect(find([...own, 'reeve-session-token', 'rv_2']).kind).toBe('ambiguous')
  expect(find([...own, 'X-Reeve-Token', 'rv_1']).kind).toBe('ambiguous')
  expect(find([...own, 'x-api-key', 'a', 'x-api-key', 'b']).kind).toBe('ambiguous')
})

test('a header of its own that is empty is a missing token, and never the other credential', () => {
  expect(find(['x-reeve-token', ' ', 'authorization', 'Bearer sk-ant-oat01-mine']).kind).toBe('missing')
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
