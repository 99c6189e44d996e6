import { afterAll, beforeAll, expect, test } from 'vitest'
import { sealedFactsContext } from '../../outbox/outbox.ts'
import { answersNotSeen, nextAddress, type TestIdentity, testIdentity, testPassword } from '../testing.ts'

let world: TestIdentity
let owner: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)
const another = 'another long passphrase'

const request = (email: string) => call('POST', '/api/v2/users/otp/request', { body: { email }, from: nextAddress() })
const reset = (email: string, one_time_passcode: string, password = another) =>
  call('POST', '/api/v2/users/otp/change-password', {
    body: { email, one_time_passcode, password },
    from: nextAddress(),
  })

/** The link of the mail that was sent last to an address; null where none was. */
async function mailedTo(email: string): Promise<URLSearchParams | null> {
  const rows = await world.db.sql.selectFrom('outbox_messages').selectAll().where('mail_to', '=', email).execute()
  const last = rows.toSorted((a, b) => a.id.localeCompare(b.id)).at(-1)
  if (last === undefined) return null
  const facts = JSON.parse(world.keyring.open(last.sealed_facts ?? '', sealedFactsContext(last.id)).reveal())
  const link = new URL(facts.link)
  expect(link.origin + link.pathname).toBe('https://reeve.test/reset-password')
  return new URLSearchParams(link.hash.slice(1))
}

async function mailedCode(email: string): Promise<string> {
  expect((await request(email)).status).toBe(204)
  return (await mailedTo(email))?.get('code') ?? ''
}

const signsIn = async (email: string, password: string) =>
  (await call('POST', '/api/v2/users/login', { body: { email, password }, from: nextAddress() })).status === 201

test('a mailed code sets a new password once, and ends the sessions', async () => {
  const session = await world.person('max')
  const code = await mailedCode('max@example.com')
  expect((await reset('MAX@example.com', code.toLowerCase().replaceAll('-', ' '))).status).toBe(204)
  expect(await signsIn('max@example.com', another)).toBe(true)
  expect(await signsIn('max@example.com', testPassword)).toBe(false)
  expect((await call('GET', '/api/v2/users/me', { token: session })).status).toBe(401)
  expect((await reset('max@example.com', code)).status).toBe(400)
  const events = (await world.audit()).filter(({ action }) => action === 'reset_password')
  expect(events.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'refused'])
  expect(JSON.stringify(events)).not.toContain(code)
  const stored = JSON.stringify(await world.db.sql.selectFrom('outbox_messages').selectAll().execute())
  expect(stored).not.toContain(code)
})

test('an address without an account, with another sign-in or suspended is answered the same and gets no mail', async () => {
  await world.person('gone')
  await call('PUT', '/api/v2/users/gone/status/suspend', { token: owner })
  await call('POST', '/api/v2/users', {
    token: owner,
    body: { email: 'none@example.com', username: 'none', login_type: 'none' },
  })
  for (const email of ['nobody@example.com', 'gone@example.com', 'none@example.com', 'not an address']) {
    const begin = performance.now()
    const { status, json } = await request(email)
    // No sooner than an answer for which a mail is prepared.
    expect(performance.now() - begin).toBeGreaterThan(240)
    expect([status, json]).toEqual([204, ''])
    expect(await mailedTo(email)).toBe(null)
  }
  const reasons = (await world.audit()).slice(-4).map(({ diff, outcome }) => ({ diff, outcome }))
  expect(reasons).toEqual(
    ['unknown e-mail', 'suspended', 'signs in by none', 'unknown e-mail'].map((reason) => ({
      outcome: 'refused',
      diff: { reason: { old: null, new: reason, secret: false } },
    })),
  )
})

test('five wrong codes end the right one; a wrong one and an unknown address are the same answer', async () => {
  await world.person('ann')
  const code = await mailedCode('ann@example.com')
  const wrong = await reset('ann@example.com', 'AAAA-AAAA-AAAA-AAAA')
  const unknown = await reset('nobody@example.com', 'AAAA-AAAA-AAAA-AAAA')
  expect(wrong.status).toBe(400)
  expect({ ...wrong.json, request_id: '' }).toEqual({ ...unknown.json, request_id: '' })
  await Promise.all(Array.from({ length: 4 }, () => reset('ann@example.com', 'AAAA')))
  expect((await reset('ann@example.com', code)).status).toBe(400)
  expect(await signsIn('ann@example.com', testPassword)).toBe(true)
})

test('of two that come with one code at once, one sets the password', async () => {
  await world.person('twice')
  const code = await mailedCode('twice@example.com')
  const answers = await Promise.all([
    reset('twice@example.com', code, 'the first passphrase'),
    reset('twice@example.com', code, 'the second passphrase'),
  ])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 400])
  const winner = answers[0]?.status === 204 ? 'the first passphrase' : 'the second passphrase'
  expect(await signsIn('twice@example.com', winner)).toBe(true)
})

test('a code is over after twenty minutes, and when a newer one was asked for', async () => {
  await world.person('late')
  const first = await mailedCode('late@example.com')
  const second = await mailedCode('late@example.com')
  expect((await reset('late@example.com', first)).status).toBe(400)
  world.clock.advance(20 * 60_000 + 1)
  expect((await reset('late@example.com', second)).status).toBe(400)
})

test('somebody who was suspended after the mail stays outside', async () => {
  await world.person('left')
  const code = await mailedCode('left@example.com')
  await call('PUT', '/api/v2/users/left/status/suspend', { token: await world.owner() })
  expect((await reset('left@example.com', code)).status).toBe(400)
})

test('an address is asked for five times an hour at most, whether somebody has it or not', async () => {
  await world.person('often')
  for (const email of ['often@example.com', 'never@example.com']) {
    for (let i = 0; i < 5; i++) expect((await request(email)).status).toBe(204)
    expect((await request(email)).status).toBe(429)
  }
})

test('guessing from one place is stopped, and input that is none is refused', async () => {
  const from = nextAddress()
  const statuses = new Set<number>()
  for (let i = 0; i < 61; i++) {
    const path = '/api/v2/users/otp/change-password'
    statuses.add((await call('POST', path, { body: {}, from })).status)
  }
  expect([...statuses]).toEqual([400, 429])
  expect((await call('POST', '/api/v2/users/otp/request', { body: {} })).status).toBe(400)
})

test('a password that is guessed first is told, and not taken', async () => {
  const judge = async (password: string) =>
    (await call('POST', '/api/v2/users/validate-password', { body: { password }, from: nextAddress() })).json
  for (const password of [
    'short',
    'aaaaaaaaaa',
    'Password123!',
    '12345678',
    'hgfedcba',
    'x'.repeat(257),
    '!!letmein!!',
  ]) {
    expect(await judge(password), password).toEqual({ valid: false, details: expect.stringMatching(/^is /) })
  }
  expect(await judge('correct horse battery')).toEqual({ valid: true, details: '' })
  await world.person('weak')
  const code = await mailedCode('weak@example.com')
  const refused = await reset('weak@example.com', code, 'Password123!')
  expect(refused.json.validations).toEqual([{ field: 'password', detail: 'is one of those that are guessed first' }])
  expect((await reset('weak@example.com', code)).status).toBe(204)
  expect((await call('POST', '/api/v2/users/validate-password', { body: {} })).status).toBe(400)
})

test('sixty questions about passwords a minute from one place are enough', async () => {
  const from = nextAddress()
  let status = 200
  const path = '/api/v2/users/validate-password'
  for (let i = 0; i < 61; i++) status = (await call('POST', path, { body: { password: 'x' }, from })).status
  expect(status).toBe(429)
})

test('each outcome is counted for operators', async () => {
  const { values } = await world.identity.passwordResets.get()
  expect(values.filter(({ value }) => value > 0).map(({ labels }) => labels.outcome)).toEqual([
    'requested',
    'request_refused',
    'limited',
    'done',
    'refused',
  ])
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('requestPasswordReset', 'resetPassword', 'validatePassword')).toEqual([])
})
