import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Handler, type Name, Refusal, runCli, serveContract } from '../testing.ts'
import { secretAnswers } from '../testing-secrets.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-external-auth-'))
afterAll(() => rmSync(folder, { recursive: true }))

const userId = '01999999-0000-7000-8000-000000000001'

async function run(argv: readonly string[], handlers: Partial<Record<Name, Handler>> = {}) {
  await using deployment = await serveContract({ ...secretAnswers(false, userId, 'text'), ...handlers })
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_token', REEVE_SESSION_TOKEN: 'rv_token' }
  const ran = await runCli(['external-auth', ...argv], { env: { ...env, XDG_CONFIG_HOME: folder }, cwd: folder })
  return { ...ran, asked: deployment.asked }
}

test('a token is found by the address of a repository, and stdout is the token alone', async () => {
  const { code, stdout, asked } = await run(['access-token', 'https://github.com/acme/app.git'])
  expect([code, stdout]).toEqual([0, 'gho_token\n'])
  expect(asked.map(({ name, query }) => [name, query['url']])).toEqual([
    ['listExternalAuth', 'https://github.com/acme/app.git'],
    ['getExternalAuthToken', undefined],
  ])
})

test('an address that no provider is for is told, and no token is asked for', async () => {
  const none = { listExternalAuth: () => ({ providers: [], links: [] }) }
  const { code, stdout, stderr, asked } = await run(['access-token', 'https://example.com/x'], none)
  expect([code, stdout]).toEqual([3, ''])
  expect(stderr).toContain('no provider is for https://example.com/x')
  expect(asked).toHaveLength(1)
})

test('linking by a code asks until the provider says something else than to wait', async () => {
  let polls = 0
  const refused = await run(['login', 'github'], {
    startExternalAuthDevice: () => ({
      device_code: 'code',
      user_code: 'WDJB-0001',
      verification_uri: 'https://github.test/login/device',
      verification_uri_complete: '',
      expires_in: 900,
      interval: 0,
    }),
    finishExternalAuthDevice: () =>
      ++polls < 3 ? { state: 'pending', link: null } : new Refusal(403, { message: 'declined', code: 'forbidden' }),
  })
  expect(refused).toMatchObject({ code: 5, stdout: '' })
  expect(refused.stderr).toContain('WDJB-0001')
  expect(refused.stderr).toContain('declined')
  expect(refused.asked.filter(({ name }) => name === 'finishExternalAuthDevice')).toHaveLength(3)
})

test('a token that the provider did not end is warned of', async () => {
  const { code, stderr } = await run(['logout', 'github', '--yes'])
  expect(code).toBe(0)
  expect(stderr).toContain('warning: the token still works there: text')
})
