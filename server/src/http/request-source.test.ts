import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestIdentity, testIdentity, testPassword } from '../identity/testing.ts'

/** Through the whole of the management API: what the audit log says of the way by which a change came. */

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

type Header = readonly [string, string]
const browser: Header = ['User-Agent', 'Mozilla/5.0 (X11)']
const commandLine: Header = ['User-Agent', 'reeve-cli/0.1.0']
const ourPage: Header = ['Sec-Fetch-Site', 'same-origin']

const newest = async () =>
  (await world.db.sql.selectFrom('audit_events').select('source').orderBy('id', 'desc').executeTakeFirstOrThrow())
    .source

let names = 0
/** Makes a group, with the credential and the headers. */
async function change(token: string | null, ...headers: Header[]): Promise<string | null> {
  const credential = token === null ? {} : { token }
  const body = { name: `group-${++names}` }
  const answer = await world.call('POST', '/api/v2/organizations/default/groups', { ...credential, headers, body })
  expect(answer.status).toBe(201)
  return newest()
}

async function signIn(...headers: Header[]): Promise<string | null> {
  const body = { email: 'dana@example.com', password: testPassword }
  await world.call('POST', '/api/v2/users/login', { headers, body })
  return newest()
}

test('the cookie of a browser is the console, whatever the browser calls itself', async () => {
  const cookie: Header = ['Cookie', `reeve_session=${owner}`]
  expect(await change(null, cookie, ourPage, browser)).toBe('ui')
  expect(await change(null, cookie, ourPage, commandLine)).toBe('ui')
})

test('nobody with a session in a header looks like a browser', async () => {
  expect(await change(owner, browser, ourPage, ['Accept', 'text/html'], ['Origin', 'http://reeve.test'])).toBe('api')
  expect(await change(owner)).toBe('api')
  expect(await change(owner, commandLine)).toBe('cli')
})

test('a token that somebody made is a program in a cookie too', async () => {
  const { json } = await world.call('POST', '/api/v2/users/me/keys/tokens', {
    token: owner,
    body: { token_name: 'ci' },
  })
  const cookie: Header = ['Cookie', `reeve_session=${json.key}`]
  expect(await change(null, cookie, ourPage, browser, ['Accept', 'text/html'])).toBe('api')
})

test('a session that reeve login was given is the command line, also where it calls itself something else', async () => {
  const program = { client_name: 'reeve 0.1.0', host: 'laptop.example' }
  const begun = await world.call('POST', '/api/v2/login/device', { body: program })
  const { device_code, user_code } = begun.json
  await world.call('POST', `/api/v2/login/device/${user_code}`, { token: owner, body: { answer: 'approve' } })
  const { json } = await world.call('POST', '/api/v2/login/device/token', { body: { device_code } })
  expect(await change(json.session_token, browser)).toBe('cli')
})

test('a sign-in is by what the request says of itself, for lack of anything better', async () => {
  expect(await signIn(browser, ourPage)).toBe('ui')
  expect(await signIn(browser, ['Origin', 'http://reeve.test'])).toBe('ui')
  expect(await signIn(commandLine)).toBe('cli')
  expect(await signIn(browser)).toBe('api')
})
