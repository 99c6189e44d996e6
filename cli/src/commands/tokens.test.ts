import { expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const signedIn = (url: string) => ({ env: { REEVE_URL: url, REEVE_TOKEN: 'rv_kept' } })

test('scopes and objects may be several, and reach the server as they were given', async () => {
  await using deployment = await serveContract(everything(false))
  const words = ['--scope', 'user:read', '--scope', 'audit_log:*', '--allow', 'interception:*', '--allow', 'user:a:b']
  const ran = await runCli(['tokens', 'create', '--user', 'nightly', ...words], signedIn(deployment.url))
  expect(ran).toMatchObject({ code: 0, stdout: 'rv_secret\n' })
  expect(deployment.asked[0]).toMatchObject({
    params: { user: 'nightly' },
    body: {
      scopes: ['user:read', 'audit_log:*'],
      allow_list: [
        { type: 'interception', id: '*' },
        { type: 'user', id: 'a:b' },
      ],
    },
  })
})

test('an object of no type is told before anything is sent, with the types that there are', async () => {
  await using deployment = await serveContract(everything(false))
  for (const given of ['interception', 'elephant:1', ':x', 'user:']) {
    const ran = await runCli(['tokens', 'create', '--allow', given], signedIn(deployment.url))
    expect(ran, given).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toContain('interception')
  }
  expect(deployment.asked).toEqual([])
})

test('a service account is asked for without e-mail and password', async () => {
  await using deployment = await serveContract(everything(false))
  const words = ['users', 'create', '--service-account', '--username', 'nightly', '--owner', 'dana']
  expect(await runCli(words, signedIn(deployment.url))).toMatchObject({ code: 0 })
  expect(deployment.asked[0]?.body).toEqual({ username: 'nightly', service_account: true, owner: 'dana' })
})

test('what cannot be undone wants a word, and nothing is ended without it', async () => {
  await using deployment = await serveContract(everything(false))
  for (const words of [
    ['tokens', 'revoke', 'laptop'],
    ['tokens', 'expire', 'laptop'],
    ['users', 'sign-out'],
  ]) {
    expect(await runCli(words, signedIn(deployment.url)), words.join(' ')).toMatchObject({ code: 2, stdout: '' })
  }
  expect(deployment.asked.map(({ name }) => name)).toEqual(['getKey', 'getKey'])
})
