import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEgress } from '../http/egress.ts'
import { createAccessTokens } from './access-token.ts'
import { forgetOrphans } from './jobs.ts'
import { createProviderClient } from './provider-client.ts'
import { type FakeGitHub, fakeGitHub } from './testing-github.ts'
import { followToCallback, testProvider, type TestWorld, testWorld } from './testing.ts'

let github: FakeGitHub
let world: TestWorld
beforeEach(async () => {
  github = await fakeGitHub()
  const common = {
    TYPE: 'github',
    CLIENT_ID: 'Iv1.test',
    CLIENT_SECRET: github.clientSecret,
    AUTH_URL: `${github.url}/login/oauth/authorize`,
    DEVICE_FLOW: 'true',
  }
  world = await testWorld(() => [
    testProvider({ ...common, ID: 'github', REGEX: String.raw`^https://github\.com/` }),
    testProvider({ ...common, ID: 'other', DEVICE_FLOW: 'false' }),
  ])
  await world.person('dana')
  await world.person('max')
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
  await github[Symbol.asyncDispose]()
})

const path = '/api/v2/external-auth'
const call: TestWorld['call'] = (...args) => world.call(...args)
const as = (token: string) => ({ token })
const hour = 3_600_000
const row = () => world.db.sql.selectFrom('external_auth_links').selectAll().executeTakeFirst()
const token = (name = 'dana') => call('POST', `${path}/github/access-token`, as(name))

test('an account is linked through the browser, belongs to who linked it, and to nobody else', async () => {
  const back = await world.link('dana', 'github')
  expect(back).toMatchObject({ status: 303, headers: { location: '/external-auth/github?result=linked' } })
  const mine = await call('GET', `${path}/github`, as('dana'))
  expect(mine.json).toMatchObject({
    id: 'github',
    display_name: 'GitHub',
    authenticated: true,
    validation: 'valid',
    device: true,
    supports_revocation: true,
    link: { account: { login: 'octocat', id: '583231' }, scopes: ['repo', 'workflow'], status: 'ok' },
  })
  expect(JSON.stringify(mine.json)).not.toMatch(/gho_|ghr_|ghsecret_/)
  expect((await call('GET', path, as('dana'))).json.links).toHaveLength(1)
  expect((await call('GET', path, as('max'))).json).toMatchObject({ providers: [{}, {}], links: [] })
  expect((await call('GET', `${path}/github`, as('max'))).json).toMatchObject({ authenticated: false, link: null })
  expect((await token('max')).status).toBe(404)
  expect((await token()).json.access_token).toMatch(/^gho_/)
  expect((await world.audit()).map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
    'create ok',
    'read_token ok',
  ])
})

test('providers can be asked for by the address of a repository', async () => {
  const ids = async (url: string) =>
    (await call('GET', `${path}?url=${encodeURIComponent(url)}`, as('dana'))).json.providers.map(
      ({ id }: { id: string }) => id,
    )
  expect(await ids('https://github.com/acme/app.git')).toEqual(['github'])
  expect(await ids('https://github.com.evil.example/acme')).toEqual([])
  expect(await ids(`${github.url}/acme/app`)).toEqual(['other'])
})

test('a callback counts once, for the person, provider and time that it was started for', async () => {
  const start = async (name: string, provider = 'github') =>
    (await call('POST', `${path}/${provider}/start`, as(name))).json.url
  const comeBack = async (url: string) => (await followToCallback(url, world.url)).slice(world.url.length)
  const result = async (target: string, name: string | null) =>
    String((await call('GET', target, name === null ? {} : as(name))).headers['location']).replace(/.*=/, '')

  const used = await comeBack(await start('dana'))
  expect(await result(used, 'dana')).toBe('linked')
  expect(await result(used, 'dana')).toBe('expired')
  // Max is made to follow the link that Dana prepared: her account must not become his.
  expect(await result(await comeBack(await start('dana')), 'max')).toBe('expired')
  expect(await result(await comeBack(await start('dana')), null)).toBe('signed_out')
  const mixedUp = (await comeBack(await start('dana'))).replace('/github/', '/other/')
  expect(await result(mixedUp, 'dana')).toBe('expired')
  const late = await comeBack(await start('dana'))
  world.clock.advance(11 * 60_000)
  expect(await result(late, 'dana')).toBe('expired')
  expect(await result('/external-auth/github/callback?code=x&state=invented', 'dana')).toBe('expired')
  expect(await result('/external-auth/github/callback', 'dana')).toBe('expired')
  const forged = (await comeBack(await start('dana'))).replace(/code=code_\w+/, 'code=code_of_somebody_else')
  expect(await result(forged, 'dana')).toBe('failed')
  github.mood = 'declines'
  expect(await result(await comeBack(await start('dana')), 'dana')).toBe('denied')

  expect((await call('GET', path, as('max'))).json.links).toEqual([])
  const refused = (await world.audit()).filter(({ outcome }) => outcome === 'refused')
  expect(refused.map(({ diff }) => (diff as { reason: { new: string } }).reason.new)).toEqual([
    'the state is unknown, used or too old',
    'the state was made for somebody else',
    'nobody was signed in',
    'the state is unknown, used or too old',
    'the state is unknown, used or too old',
    'the state is unknown, used or too old',
    'the state is unknown, used or too old',
    'the provider refused the code: bad_verification_code',
    'denied at the provider',
  ])
})

test('what a request says of its host does not get into the address that the provider sends people back to', async () => {
  const { json } = await call('POST', `${path}/github/start`, {
    token: 'dana',
    headers: [['X-Forwarded-Host', 'evil.example']],
  })
  const url = new URL(json.url)
  expect(url.searchParams.get('redirect_uri')).toBe(`${world.url}/external-auth/github/callback`)
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  expect(json.url).not.toContain(github.clientSecret)
})

test('a code is entered at the provider where there is no browser', async () => {
  const { json: start } = await call('GET', `${path}/github/device`, as('dana'))
  expect(start).toMatchObject({ user_code: expect.stringMatching(/^WDJB-/), interval: 5, expires_in: 899 })
  const poll = (device_code = start.device_code) =>
    call('POST', `${path}/github/device`, { token: 'dana', body: { device_code } })
  expect((await poll()).json).toEqual({ state: 'pending', link: null })
  expect((await poll()).json).toEqual({ state: 'slow_down', link: null })
  github.enterCode(start.user_code)
  expect((await poll()).json).toMatchObject({ state: 'linked', link: { account: { login: 'octocat' } } })
  expect((await poll('invented')).status).toBe(403)
  expect((await call('GET', `${path}/other/device`, as('dana'))).status).toBe(409)
  expect((await call('GET', `${path}/nothing/device`, as('dana'))).status).toBe(404)
})

test('a token that has ended is renewed once, however many ask, on however many replicas', async () => {
  await world.link('dana', 'github')
  const first = (await token()).json.access_token
  world.clock.advance(9 * hour)
  const { user_id } = (await row())!
  const replicas = [createAccessTokens(world.room), createAccessTokens(world.room), createAccessTokens(world.room)]
  const got = await Promise.all(Array.from({ length: 12 }, (_, i) => replicas[i % 3]!(user_id, 'github')))
  const tokens = new Set(got.map((each) => each.token.reveal()))
  expect(tokens.size).toBe(1)
  expect(tokens).not.toContain(first)
  expect(github.asked.filter((line) => line.endsWith('access_token'))).toHaveLength(2)
  expect((await world.audit()).filter(({ action }) => action === 'refresh')).toMatchObject([{ outcome: 'ok' }])
})

test('a provider that is away is asked again later, and the link stays', async () => {
  await world.link('dana', 'github')
  world.clock.advance(9 * hour)
  for (const mood of ['down', 'redirects', 'babbles', 'misconfigured'] as const) {
    github.mood = mood
    const failed = await token()
    expect([mood, failed.status]).toEqual([mood, 502])
    expect(JSON.stringify(failed.json)).not.toMatch(/ghsecret_|gho_|ghr_/)
    const asked = github.asked.length
    expect((await token()).status).toBe(502)
    expect(github.asked).toHaveLength(asked)
    expect((await call('GET', `${path}/github`, as('dana'))).json).toMatchObject({
      authenticated: true,
      validation: 'unreachable',
      link: { status: 'failing', refresh_failure: expect.stringContaining('GitHub') },
    })
    world.clock.advance(30_000)
  }
  expect(github.asked).not.toContain('POST /elsewhere')
  github.mood = 'well'
  expect((await token()).status).toBe(200)
  expect((await call('GET', `${path}/github`, as('dana'))).json.link).toMatchObject({
    status: 'ok',
    refresh_failed_at: null,
    refresh_failure: '',
  })
})

test('a refresh token that was refused is not tried again; linking again puts it right', async () => {
  await world.link('dana', 'github')
  world.clock.advance(9 * hour)
  github.mood = 'refuses-refresh'
  expect(await token()).toMatchObject({ status: 409, json: { detail: expect.stringContaining('login github') } })
  world.clock.advance(hour)
  const asked = github.asked.length
  expect((await token()).status).toBe(409)
  expect(github.asked).toHaveLength(asked)
  const shown = await call('GET', `${path}/github`, as('dana'))
  expect(shown.json).toMatchObject({ authenticated: false, link: { status: 'expired', has_refresh_token: false } })
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'refresh', outcome: 'refused' })
  const told = await world.db.sql
    .selectFrom('outbox_messages')
    .select('facts')
    .where('event', '=', 'external-auth-broken')
    .execute()
  expect(told).toHaveLength(1)
  github.mood = 'well'
  await world.link('dana', 'github')
  expect((await token()).status).toBe(200)
})

test('a token that was ended at the provider is shown as such; one that cannot be checked is not', async () => {
  await world.link('dana', 'github')
  github.mood = 'rate-limited'
  const limited = await call('GET', `${path}/github`, as('dana'))
  expect(limited.json).toMatchObject({ authenticated: true, validation: 'unreachable' })
  github.mood = 'well'
  github.live.clear()
  const ended = await call('GET', `${path}/github`, as('dana'))
  expect(ended.json).toMatchObject({ authenticated: false, validation: 'invalid' })
})

test('unlinking ends the token at the provider, and forgets it also when that fails', async () => {
  await world.link('dana', 'github')
  expect((await call('DELETE', `${path}/github`, as('max'))).status).toBe(404)
  const ended = await call('DELETE', `${path}/github`, as('dana'))
  expect(ended.json).toEqual({ token_revoked: true, token_revocation_error: '' })
  expect(github.live.size).toBe(0)
  expect(await row()).toBe(undefined)
  await world.link('dana', 'github')
  github.mood = 'down'
  const kept = await call('DELETE', `${path}/github`, as('dana'))
  expect(kept.json).toMatchObject({ token_revoked: false, token_revocation_error: expect.stringContaining('503') })
  expect(await row()).toBe(undefined)
  expect((await world.audit()).filter(({ action }) => action === 'delete')).toHaveLength(2)
})

test('a token without an end is never renewed', async () => {
  github.expires = false
  await world.link('dana', 'github')
  const first = (await token()).json
  expect(first.expires_at).toBe(null)
  world.clock.advance(10_000 * hour)
  expect((await token()).json.access_token).toBe(first.access_token)
})

test('no secret of a provider is in the database, in answers that are not for it, or in the log', async () => {
  await world.link('dana', 'github')
  world.clock.advance(9 * hour)
  await token()
  github.mood = 'babbles'
  world.clock.advance(9 * hour)
  await token()
  await call('POST', `${path}/github/start`, as('dana'))
  const tables = ['external_auth_links', 'external_auth_attempts', 'audit_events'] as const
  const dump = await Promise.all(tables.map((table) => world.db.sql.selectFrom(table).selectAll().execute()))
  const all = JSON.stringify([dump, world.log.lines])
  expect(github.everySecret.length).toBeGreaterThan(5)
  for (const secret of github.everySecret) {
    expect(all).not.toContain(secret)
    expect(all).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''))
  }
})

test('whoever is suspended or deleted has no token to use, and a deleted one leaves none behind', async () => {
  await world.link('dana', 'github')
  const { user_id } = (await row())!
  const accessTokenFor = createAccessTokens(world.room)
  await accessTokenFor(user_id, 'github')
  const person = world.db.sql.updateTable('users').where('id', '=', user_id)
  await person.set({ status: 'suspended' }).execute()
  await expect(accessTokenFor(user_id, 'github')).rejects.toThrow('no account at GitHub is linked')
  expect(await forgetOrphans(world.room)).toBe(0)
  await person.set({ deleted_at: world.clock.now() }).execute()
  expect(await forgetOrphans(world.room)).toBe(1)
  expect(await row()).toBe(undefined)
  expect(github.live.size).toBe(0)
  expect((await world.audit()).at(-1)).toMatchObject({ action: 'delete', resource_target: 'github' })
})

test('a link to a provider that is configured no more can be forgotten', async () => {
  await world.link('dana', 'github')
  await world.db.sql.updateTable('external_auth_links').set({ provider_id: 'gone' }).execute()
  expect((await call('GET', path, as('dana'))).json.links).toMatchObject([{ provider_id: 'gone' }])
  const ended = await call('DELETE', `${path}/gone`, as('dana'))
  expect(ended.json).toEqual({
    token_revoked: false,
    token_revocation_error: 'the provider is not configured any more',
  })
  expect(await row()).toBe(undefined)
})

test('a provider in a private network that was not allowed is not connected to', async () => {
  await using egress = createEgress({ allowed: [] })
  const client = createProviderClient({ egress, clock: world.clock })
  const [provider] = world.room.providers
  await expect(client.startDevice(provider!)).rejects.toMatchObject({ code: 'forbidden' })
  expect(github.asked).toEqual([])
})
