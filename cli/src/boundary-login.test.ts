import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundaryLogin } from './boundary-login.ts'
import { writeDeployments } from './deployments.ts'

let home: string
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'reeve-login-'))
  const tokens = { 'https://reeve.example.com': 'token-1', 'https://other.example.com': 'token-2' }
  await writeDeployments({ env: {}, home }, { current: 'https://reeve.example.com', tokens })
})
afterEach(() => rmSync(home, { recursive: true }))

test('a boundary gets the deployment that is signed in to, and the token for the one that is named', async () => {
  expect(await boundaryLogin({ env: {}, home })).toEqual({
    REEVE_URL: 'https://reeve.example.com',
    REEVE_SESSION_TOKEN: 'token-1',
  })
  expect(await boundaryLogin({ env: { REEVE_URL: 'other.example.com/' }, home })).toEqual({
    REEVE_URL: 'https://other.example.com',
    REEVE_SESSION_TOKEN: 'token-2',
  })
  // In a workspace of Coder's whoever signed in to Reeve means Reeve.
  expect(await boundaryLogin({ env: { CODER_URL: 'https://coder.example.com' }, home })).toMatchObject({
    REEVE_URL: 'https://reeve.example.com',
  })
})

test('a token that is set wins, and none goes to an address that it is not for', async () => {
  expect(await boundaryLogin({ env: { REEVE_SESSION_TOKEN: 'mine' }, home })).toEqual({})
  expect(await boundaryLogin({ env: { CODER_AGENT_TOKEN: 'mine' }, home })).toEqual({})
  expect(await boundaryLogin({ env: { REEVE_URL: 'https://elsewhere.example.com' }, home })).toEqual({})
  expect(await boundaryLogin({ env: {}, home: join(home, 'nobody') })).toEqual({})
})
