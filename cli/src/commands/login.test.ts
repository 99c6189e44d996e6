import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readDeployments, writeDeployments } from '../deployments.ts'
import { Refusal, runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
})
afterEach(() => rm(home, { recursive: true }))

const kept = () => readDeployments({ env: {}, home })
const setupOpen = { ...everything(false), getFirstUser: () => new Refusal(404, { message: 'setup is open' }) }
const firstUser = ['--first-user-email', 'dana@example.com', '--first-user-username', 'dana']

test('the first owner is made, signed in, and kept as the current deployment', async () => {
  await using deployment = await serveContract(setupOpen)
  const words = [
    'login',
    deployment.url,
    ...firstUser,
    '--first-user-password',
    'correct horse',
    '--setup-token',
    'set-up',
  ]
  const ran = await runCli(words, { home })
  expect(ran).toMatchObject({ code: 0, stderr: `signed in to ${deployment.url} as dana\n` })
  expect(deployment.asked.map((one) => one.name)).toEqual(['createFirstUser', 'login', 'getUser'])
  expect(deployment.asked[0]!.body).toEqual({
    email: 'dana@example.com',
    username: 'dana',
    password: 'correct horse',
    setup_token: 'set-up',
  })
  expect(deployment.asked[2]!.token).toBe('rv_session')
  expect(await kept()).toEqual({ current: deployment.url, tokens: { [deployment.url]: 'rv_session' } })
})

test('passwords and tokens come in on stdin, without their line break', async () => {
  await using deployment = await serveContract(everything(false))
  await runCli(['login', deployment.url, '--email', 'a@b.example', '--password-stdin'], {
    home,
    stdin: ' pass word \r\nrest',
  })
  expect(deployment.asked[0]!.body).toEqual({ email: 'a@b.example', password: ' pass word ' })
  await runCli(['login', deployment.url, '--token-stdin'], { home, stdin: 'rv_given\n' })
  expect((await kept()).tokens).toEqual({ [deployment.url]: 'rv_given' })
})

test('a token that does not work is not kept', async () => {
  const refuse = () => new Refusal(401, { message: 'sign in', code: 'unauthenticated' })
  await using deployment = await serveContract({ getUser: refuse })
  const ran = await runCli(['login', deployment.url, '--token-stdin'], { home, stdin: 'rv_bad\n' })
  expect(ran).toMatchObject({ code: 4, stdout: '' })
  expect((await kept()).tokens).toEqual({})
})

test('a token with a line break or an empty stdin is told before anything is sent', async () => {
  await using deployment = await serveContract(everything(false))
  for (const stdin of ['', '\n', 'rv a\n', 'rv_\u0007\n']) {
    const ran = await runCli(['login', deployment.url, '--token-stdin'], { home, stdin })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
  }
  expect(deployment.asked).toEqual([])
})

test('without a terminal the missing flag is named and nothing hangs', async () => {
  await using deployment = await serveContract(everything(false))
  const missing = async (...words: string[]) => {
    const ran = await runCli(['login', ...words], { home })
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    return ran.stderr
  }
  expect(await missing()).toContain('the address is missing')
  expect(await missing(deployment.url)).toContain('--email, --token-stdin or --device is missing')
  expect(await missing(deployment.url, '--email', 'a@b.example')).toContain('--password-stdin is missing')
  expect(await missing(deployment.url, '--first-user-email', 'a@b.example')).toContain(
    '--first-user-username is missing',
  )
  expect(await missing(deployment.url, ...firstUser)).toContain('--first-user-password-stdin is missing')
})

test('the second first owner is a conflict', async () => {
  const exists = () => new Refusal(409, { message: 'the first owner exists', code: 'conflict' })
  await using deployment = await serveContract({ ...everything(false), createFirstUser: exists })
  const ran = await runCli(['login', deployment.url, ...firstUser, '--first-user-password', 'correct horse'], { home })
  expect(ran).toMatchObject({ code: 10, stdout: '' })
})

test('going back to a deployment needs no password, and each token stays with its own', async () => {
  await using one = await serveContract(everything(false))
  await using two = await serveContract(everything(false))
  await runCli(['login', one.url, '--token-stdin'], { home, stdin: 'rv_one\n' })
  await runCli(['login', two.url, '--token-stdin'], { home, stdin: 'rv_two\n' })
  expect((await kept()).current).toBe(two.url)
  expect(await runCli(['login', one.url], { home })).toMatchObject({ code: 0 })
  expect((await kept()).current).toBe(one.url)
  await runCli(['whoami'], { home })
  await runCli(['whoami', '--url', two.url], { home })
  expect(new Set(one.asked.map((asked) => asked.token))).toEqual(new Set(['rv_one']))
  expect(new Set(two.asked.map((asked) => asked.token))).toEqual(new Set(['rv_two']))
})

test('flag wins over environment, environment over what is kept, and the aliases count', async () => {
  await using deployment = await serveContract(everything(false))
  await writeDeployments({ env: {}, home }, { current: 'http://127.0.0.1:9', tokens: { [deployment.url]: 'rv_kept' } })
  await runCli(['whoami'], { home, env: { REEVE_URL: deployment.url } })
  await runCli(['whoami'], { home, env: { CODER_URL: deployment.url, CODER_SESSION_TOKEN: 'rv_alias' } })
  const env = { REEVE_URL: 'http://127.0.0.1:9', CODER_SESSION_TOKEN: 'rv_alias', REEVE_SESSION_TOKEN: 'rv_env' }
  await runCli(['whoami', '--url', deployment.url], { home, env })
  const ran = await runCli(['whoami', '--url', deployment.url, '--token', 'rv_flag'], { home, env })
  const whoami = deployment.asked.filter(({ name }) => name === 'getWhoami')
  expect(whoami.map((one) => one.token)).toEqual(['rv_kept', 'rv_alias', 'rv_env', 'rv_flag'])
  expect(ran.stderr).toContain('--token shows the token')
})

test('signing out ends the session and forgets the token, also when the server is gone', async () => {
  const deployment = await serveContract(everything(false))
  await writeDeployments({ env: {}, home }, { current: deployment.url, tokens: { [deployment.url]: 'rv_kept' } })
  expect(await runCli(['logout'], { home })).toMatchObject({ code: 0 })
  expect(deployment.asked.map((one) => one.name)).toEqual(['logout'])
  expect(await kept()).toEqual({ current: null, tokens: {} })
  await deployment[Symbol.asyncDispose]()
  await writeDeployments({ env: {}, home }, { current: deployment.url, tokens: { [deployment.url]: 'rv_kept' } })
  const ran = await runCli(['logout'], { home })
  expect(ran.code).toBe(0)
  expect(ran.stderr).toContain('the server was not told')
  expect(await kept()).toEqual({ current: null, tokens: {} })
})

const begun = {
  device_code: 'secret-of-the-program',
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://reeve.example/device',
  verification_uri_complete: 'https://reeve.example/device?code=WDJB-MJHT',
  expires_in: 600,
  interval: 0,
}
const no = (error: string) => ({ session_token: null, error, interval: 0 })

test('on a terminal signing in shows a code, and waits until it was approved in a browser', async () => {
  const answers = [
    no('authorization_pending'),
    no('slow_down'),
    { session_token: 'rv_device', error: null, interval: 0 },
  ]
  await using deployment = await serveContract({
    ...everything(false),
    startDeviceLogin: () => begun,
    pollDeviceLogin: () => answers.shift(),
  })
  const ran = await runCli(['login', deployment.url], { home, columns: 80 })
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stderr).toContain('https://reeve.example/device')
  expect(ran.stderr).toContain('WDJB-MJHT')
  expect(ran.stderr).not.toContain('secret-of-the-program')
  expect(deployment.asked.find(({ name }) => name === 'startDeviceLogin')?.body).toEqual({
    client_name: expect.stringMatching(/^reeve \d/),
    host: 'Test_Host.example',
  })
  expect(deployment.asked.filter(({ name }) => name === 'pollDeviceLogin')).toHaveLength(3)
  expect((await kept()).tokens).toEqual({ [deployment.url]: 'rv_device' })
})

test.each([
  ['access_denied', 5, 'denied'],
  ['expired_token', 7, 'reeve login again'],
])('a sign-in that ended with %s keeps nothing', async (error, code, words) => {
  await using deployment = await serveContract({ ...everything(false), pollDeviceLogin: () => no(error) })
  const ran = await runCli(['login', deployment.url, '--device'], { home })
  expect(ran).toMatchObject({ code, stdout: '' })
  expect(ran.stderr).toContain(words)
  expect((await kept()).tokens).toEqual({})
})

test('a browser is opened where there is a display, and not over SSH or when told not to', async () => {
  await using deployment = await serveContract(everything(false))
  const open = async (env: Record<string, string>, ...more: string[]) => {
    const opened: string[] = []
    await runCli(['login', deployment.url, '--device', ...more], { home, env, opened })
    return opened
  }
  expect(await open({ DISPLAY: ':0' })).toEqual(['http://x/device?code=WDJB-MJHT'])
  expect(await open({ WAYLAND_DISPLAY: 'wayland-0' })).toHaveLength(1)
  expect(await open({})).toEqual([])
  expect(await open({ DISPLAY: ':10', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' })).toEqual([])
  expect(await open({ DISPLAY: ':0' }, '--no-browser')).toEqual([])
})

test('REEVE_TOKEN is a token like REEVE_SESSION_TOKEN', async () => {
  await using deployment = await serveContract(everything(false))
  await runCli(['whoami'], { home, env: { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_short' } })
  expect(deployment.asked[0]?.token).toBe('rv_short')
})
