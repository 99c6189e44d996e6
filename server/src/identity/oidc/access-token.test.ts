import { silentLog } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessTokenOf } from './refresh.ts'
import { type TestOidc, testOidc } from './testing.ts'
import { type TestProvider, testProvider } from './testing-provider.ts'

let provider: TestProvider
let world: TestOidc

beforeAll(async () => {
  provider = await testProvider()
  world = await testOidc(provider.issuer)
  await world.owner()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

async function signedIn(subject: string) {
  provider.people.set(subject, { email: `${subject}@example.com`, email_verified: true, preferred_username: subject })
  provider.whoSignsIn = subject
  const browser = world.browser()
  await browser.signIn()
  const me = () => world.call('GET', '/api/v2/users/me', { token: browser.session() })
  return { id: (await me()).json.id, me }
}

const whoIs = (token: string) => fetch(`${provider.issuer}/me`, { headers: { Authorization: `Bearer ${token}` } })

test('the provider takes the token of somebody who signed in by it, each time a new one, and his session goes on', async () => {
  const { id, me } = await signedIn('ann')
  const [first, second] = [
    await accessTokenOf(world.oidc, id, silentLog),
    await accessTokenOf(world.oidc, id, silentLog),
  ]
  expect(await (await whoIs(second!.reveal())).json()).toMatchObject({ sub: 'ann' })
  expect(first!.reveal()).not.toBe(second!.reveal())
  // The refresh token was exchanged, and the provider refuses the old one.
  await world.refreshAll()
  expect((await me()).status).toBe(200)
})

test('who asks at once for one user asks after one another, and nobody ends his sessions', async () => {
  const { id, me } = await signedIn('berta')
  const tokens = await Promise.all([1, 2, 3].map(() => accessTokenOf(world.oidc, id, silentLog)))
  expect(tokens.every((token) => token !== null)).toBe(true)
  await world.refreshAll()
  expect((await me()).status).toBe(200)
})

test('there is none for who signs in with a password, nor while the provider is down', async () => {
  const token = await world.person('paul')
  const { json } = await world.call('GET', '/api/v2/users/me', { token })
  expect(await accessTokenOf(world.oidc, json.id, silentLog)).toBeNull()
  const { id, me } = await signedIn('carl')
  provider.isDown = true
  expect(await accessTokenOf(world.oidc, id, silentLog)).toBeNull()
  provider.isDown = false
  expect((await me()).status).toBe(200)
})

test('there is none for somebody whom the provider does not know any more, and his sessions end', async () => {
  const { id, me } = await signedIn('dora')
  provider.people.delete('dora')
  expect(await accessTokenOf(world.oidc, id, silentLog)).toBeNull()
  expect((await me()).status).toBe(401)
})
