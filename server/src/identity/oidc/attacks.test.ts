import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { nextAddress } from '../testing.ts'
import { redirectUri, type TestBrowser, type TestOidc, testOidc } from './testing.ts'
import { type Lie, type Liar, testLiar } from './testing-liar.ts'

/** Each attack on a sign-in is answered with the same few words, and is in the audit log with its reason. */

let liar: Liar
let world: TestOidc
let owner: string

beforeAll(async () => {
  liar = await testLiar()
  world = await testOidc(liar.issuer)
  owner = await world.owner()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await liar[Symbol.asyncDispose]()
})
beforeEach(() => {
  liar.lie = {}
})

interface Begun {
  readonly browser: TestBrowser
  readonly url: URL
  readonly state: string
}

async function begin(browser = world.browser()): Promise<Begun> {
  const { location } = await browser.open('/api/v2/users/oidc/start')
  const url = new URL(location)
  liar.nonce = url.searchParams.get('nonce') ?? ''
  return { browser, url, state: url.searchParams.get('state') ?? '' }
}

const back = (browser: TestBrowser, given: Record<string, string>) =>
  browser.open(`/api/v2/users/oidc/callback?${new URLSearchParams(given)}`)

/** What is told to whoever attacks, and what the audit log says. */
async function expectRefused(answer: { status: number; json: unknown }, browser: TestBrowser, reason: RegExp) {
  expect(answer.status).toBe(401)
  expect(answer.json).toMatchObject({ message: 'the sign-in was not accepted', code: 'unauthenticated' })
  expect(JSON.stringify(answer.json)).not.toMatch(/state|nonce|signature|token/)
  expect(browser.session()).toBe('')
  expect((await world.refusals()).at(-1)).toMatch(reason)
}

async function signInWith(lie: Lie) {
  const { browser, state } = await begin()
  liar.lie = lie
  return { browser, answer: await back(browser, { code: 'c', state, iss: liar.issuer }) }
}

test('without a lie the sign-in is let in, with S256 and the configured way back', async () => {
  const { browser, url, state } = await begin()
  const { answer } = { answer: await back(browser, { code: 'c', state, iss: liar.issuer }) }
  expect(answer.status).toBe(303)
  expect(browser.session()).not.toBe('')
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  const challenge = createHash('sha256')
    .update(liar.redeemed.verifier ?? '')
    .digest('base64url')
  expect(url.searchParams.get('code_challenge')).toBe(challenge)
})

describe('O1 state', () => {
  test('missing, invented, used before, and of another browser', async () => {
    const { browser, state } = await begin()
    await expectRefused(await back(browser, { code: 'c', iss: liar.issuer }), browser, /no state/)
    await expectRefused(await back(browser, { code: 'c', state: 'x'.repeat(43), iss: liar.issuer }), browser, /unknown/)
    const other = await begin()
    await expectRefused(
      await back(other.browser, { code: 'c', state, iss: liar.issuer }),
      other.browser,
      /another browser/,
    )
    const bare = world.browser()
    await expectRefused(await back(bare, { code: 'c', state: other.state, iss: liar.issuer }), bare, /another browser/)
  })

  test('older than ten minutes', async () => {
    const { browser, state } = await begin()
    const past = new Date(world.clock.now().getTime() - 1)
    await world.db.sql.updateTable('oidc_attempts').set({ expires_at: past }).execute()
    await expectRefused(await back(browser, { code: 'c', state, iss: liar.issuer }), browser, /older than ten minutes/)
  })
})

test('O2 a nonce of another sign-in', async () => {
  const { browser, answer } = await signInWith({ claims: { nonce: 'another' } })
  await expectRefused(answer, browser, /nonce/)
  const without = await signInWith({ claims: { nonce: undefined } })
  await expectRefused(without.answer, without.browser, /nonce/)
})

test('O3 a code that was given for another code challenge', async () => {
  const { browser, answer } = await signInWith({ tokenError: 'invalid_grant' })
  await expectRefused(answer, browser, /invalid_grant/)
})

test('O4 a code and its state once more', async () => {
  const { browser, state } = await begin()
  const given = { code: 'c', state, iss: liar.issuer }
  expect((await back(browser, given)).status).toBe(303)
  browser.cookies.delete('reeve_session')
  await expectRefused(await back(browser, given), browser, /used before/)
})

test('O5 an answer of another issuer, and one that does not say of whom it is', async () => {
  const one = await begin()
  const mixed = await back(one.browser, { code: 'c', state: one.state, iss: 'https://elsewhere.example' })
  await expectRefused(mixed, one.browser, /iss/)
  const two = await begin()
  await expectRefused(await back(two.browser, { code: 'c', state: two.state }), two.browser, /iss/)
})

describe('O6 signatures', () => {
  const lies: Record<string, Lie> = {
    'alg none': { signed: 'not at all' },
    'HS256 with the public key': { signed: 'with the public key' },
    'a key that nobody knows': { signed: 'by another key' },
    'a kid that is not in the key set': { header: { kid: 'key-77' } },
    'a kid that is a path': { header: { kid: '../../etc/passwd' }, signed: 'by another key' },
    'a kid that is SQL': { header: { kid: "' or 1=1 --" }, signed: 'by another key' },
  }
  test.each(Object.entries(lies))('%s', async (_, lie) => {
    const { browser, answer } = await signInWith(lie)
    await expectRefused(answer, browser, /./)
  })

  test('a token that brings its own key, or says where to find it', async () => {
    for (const header of [{ jku: `${liar.issuer}/trap` }, { x5u: `${liar.issuer}/trap` }, { jwk: {} }]) {
      const { browser, answer } = await signInWith({ header, signed: 'by another key' })
      await expectRefused(answer, browser, /./)
    }
    expect(liar.asked('/trap')).toBe(0)
  })
})

describe('O7 claims', () => {
  const now = Math.floor(Date.now() / 1000)
  const lies: Record<string, Lie> = {
    'for another audience': { claims: { aud: 'somebody-else' } },
    'for two audiences, issued to the other': { claims: { aud: ['reeve', 'other'], azp: 'other' } },
    'issued to another client': { claims: { azp: 'other' } },
    'by another issuer': { claims: { iss: 'https://elsewhere.example' } },
    'about nobody': { claims: { sub: undefined as unknown as string } },
    expired: { claims: { exp: now - 120 } },
    'not valid yet': { claims: { nbf: now + 600 } },
    'issued ten minutes ago': { claims: { iat: now - 600 } },
    'issued in ten minutes': { claims: { iat: now + 600 } },
  }
  test.each(Object.entries(lies))('%s', async (_, lie) => {
    const { browser, answer } = await signInWith(lie)
    await expectRefused(answer, browser, /./)
  })

  test('a minute of difference between the clocks is fine', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    for (const iat of [seconds - 55, seconds + 55])
      expect((await signInWith({ claims: { iat } })).answer.status).toBe(303)
  })
})

test('O8 a new key is looked for once a minute, and an old one that is gone is refused', async () => {
  expect((await signInWith({})).answer.status).toBe(303)
  const asked = liar.asked('/jwks')
  await liar.rotate()
  // The key set is younger than a minute: whoever invents key ids cannot make us ask.
  for (let i = 0; i < 3; i++) expect((await signInWith({})).answer.status).toBe(401)
  expect(liar.asked('/jwks')).toBe(asked)
  const { now } = Date
  const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000)
  expect((await signInWith({})).answer.status).toBe(303)
  expect(liar.asked('/jwks')).toBe(asked + 1)
  expect((await signInWith({ header: { kid: 'key-0' } })).answer.status).toBe(401)
  later.mockRestore()
})

describe('O10 addresses that are not verified', () => {
  test('neither take an account that waits under the address, nor make one', async () => {
    const body = { email: 'victim@example.com', username: 'victim', login_type: 'none' }
    await world.call('POST', '/api/v2/users', { token: owner, body })
    for (const email_verified of [false, undefined, 'false', 1, null]) {
      const claims = { sub: 'thief', email: 'victim@example.com', email_verified }
      const { browser, answer } = await signInWith({ claims })
      await expectRefused(answer, browser, /not verified/)
    }
    const stranger = await signInWith({ claims: { sub: 'thief', email: 'new@example.com', email_verified: false } })
    await expectRefused(stranger.answer, stranger.browser, /not verified/)
    expect(await world.db.sql.selectFrom('user_links').select('id').where('subject', '=', 'thief').execute()).toEqual(
      [],
    )
  })

  test('an account with a password is not taken over, verified or not', async () => {
    const { browser, answer } = await signInWith({ claims: { sub: 'thief', email: 'dana@example.com' } })
    await expectRefused(answer, browser, /signs in by password/)
  })
})

describe('O11 addresses that look alike', () => {
  test('reach nobody else’s account', async () => {
    const body = { email: 'kim@example.com', username: 'kim', login_type: 'none' }
    await world.call('POST', '/api/v2/users', { token: owner, body })
    // The Kelvin sign, a Cyrillic letter, a full-width letter, and one with a mark of its own.
    for (const email of [
      '\u212Aim@example.com',
      'k\u0456m@example.com',
      '\uFF4Bim@example.com',
      'ki\u0301m@example.com',
    ]) {
      const { browser, answer } = await signInWith({ claims: { sub: 'thief', email, preferred_username: 'kim' } })
      await expectRefused(answer, browser, /no e-mail address that can be one/)
    }
  })

  test('a change of address at the provider does not move somebody into an account', async () => {
    await signInWith({ claims: { sub: 'mover', email: 'mover@example.com', preferred_username: 'mover' } })
    const { browser, answer } = await signInWith({ claims: { sub: 'mover', email: 'dana@example.com' } })
    expect(answer.status).toBe(303)
    const { json } = await world.call('GET', '/api/v2/users/me', { token: browser.session() })
    expect(json).toMatchObject({ username: 'mover', email: 'mover@example.com' })
  })
})

test('O12 a way back that leads elsewhere', async () => {
  const ways = [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/.//evil.example',
    '/a\tb',
    'x',
  ]
  for (const way of ways) {
    const browser = world.browser()
    const answer = await browser.open(`/api/v2/users/oidc/start?redirect=${encodeURIComponent(way)}`)
    await expectRefused(answer, browser, /way back/)
  }
})

test('O13 another host in the request changes nothing about the way back', async () => {
  const poison: [string, string][] = [
    ['X-Forwarded-Host', 'evil.example'],
    ['Forwarded', 'host=evil.example'],
    ['X-Original-URL', 'https://evil.example/'],
  ]
  const { location } = await world.browser().open('/api/v2/users/oidc/start', poison)
  expect(new URL(location).searchParams.get('redirect_uri')).toBe(redirectUri)
  await signInWith({})
  expect(liar.redeemed.redirectUri).toBe(redirectUri)
})

test('one place cannot try more than sixty times a minute', async () => {
  const from = nextAddress()
  const statuses = new Set<number>()
  for (let i = 0; i < 61; i++) {
    statuses.add((await world.call('GET', '/api/v2/users/oidc/callback?code=c&state=s', { from })).status)
  }
  expect([...statuses]).toEqual([401, 429])
})
