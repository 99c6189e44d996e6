import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, nextAddress, type TestIdentity, testIdentity } from '../testing.ts'

let world: TestIdentity
let owner: string
let max: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  max = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)

const program = { client_name: 'reeve 0.1.0', host: 'laptop.example' }
const begin = async (body: unknown = program) => call('POST', '/api/v2/login/device', { body, from: nextAddress() })
const poll = async (device_code: string) =>
  (await call('POST', '/api/v2/login/device/token', { body: { device_code } })).json
const answer = (code: string, token: string, given = 'approve') =>
  call('POST', `/api/v2/login/device/${code}`, { token, body: { answer: given } })
const nextInterval = () => world.clock.advance(6_000)

test('a program waits until somebody approves it, and is given a session of his, once', async () => {
  const { status, json } = await begin()
  expect(status).toBe(200)
  expect(json).toMatchObject({
    user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
    verification_uri: 'https://reeve.test/device',
    verification_uri_complete: `https://reeve.test/device?code=${json.user_code}`,
    expires_in: 600,
    interval: 5,
  })
  expect(await poll(json.device_code)).toMatchObject({ error: 'authorization_pending', session_token: null })
  const seen = await call('GET', `/api/v2/login/device/${json.user_code.toLowerCase().replace('-', '')}`, {
    token: max,
  })
  expect(seen.json).toMatchObject({ ...program, status: 'pending', user_code: json.user_code, same_network: false })
  expect((await answer(json.user_code, max)).json).toMatchObject({ status: 'approved' })

  nextInterval()
  const { session_token } = await poll(json.device_code)
  const who = await call('GET', '/api/v2/whoami', { token: session_token })
  expect(who.json).toMatchObject({
    user: { username: 'max' },
    credential: { kind: 'session', name: 'reeve login on laptop.example', scopes: ['all'] },
  })
  nextInterval()
  expect(await poll(json.device_code)).toMatchObject({ error: 'expired_token', session_token: null })
  const sessions = (await call('GET', '/api/v2/users/me/sessions', { token: max })).json
  expect(sessions).toContainEqual(
    expect.objectContaining({ name: 'reeve login on laptop.example', login_type: 'device', current: false }),
  )
  const events = (await world.audit()).slice(-2)
  expect(events.map(({ action }) => action)).toEqual(['approve', 'login'])
  expect(JSON.stringify(events)).not.toContain(json.device_code)
})

test('whoever asks too soon is told to slow down, more each time', async () => {
  const { device_code } = (await begin()).json
  expect(await poll(device_code)).toMatchObject({ error: 'authorization_pending', interval: 5 })
  expect(await poll(device_code)).toMatchObject({ error: 'slow_down', interval: 10 })
  nextInterval()
  expect(await poll(device_code)).toMatchObject({ error: 'slow_down', interval: 15 })
  world.clock.advance(15_000)
  expect(await poll(device_code)).toMatchObject({ error: 'authorization_pending', interval: 15 })
})

test('a code is over after ten minutes, for the program and for the page', async () => {
  const { device_code, user_code } = (await begin()).json
  world.clock.advance(601_000)
  expect(await poll(device_code)).toMatchObject({ error: 'expired_token' })
  expect((await answer(user_code, max)).status).toBe(404)
  expect((await call('GET', `/api/v2/login/device/${user_code}`, { token: max })).status).toBe(404)
  expect(await poll('never-was')).toMatchObject({ error: 'expired_token' })
})

test('who denies ends it', async () => {
  const { device_code, user_code } = (await begin()).json
  expect((await answer(user_code, max, 'deny')).json.status).toBe('denied')
  expect(await poll(device_code)).toMatchObject({ error: 'access_denied', session_token: null })
  expect((await answer(user_code, max)).status).toBe(409)
})

test('of two people who answer one code, one counts, and the other does not learn what it was', async () => {
  const { device_code, user_code } = (await begin()).json
  const answers = await Promise.all([answer(user_code, max), answer(user_code, owner)])
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404])
  const winner = answers[0]?.status === 200 ? 'max' : 'dana'
  const tokens = await Promise.all([poll(device_code), poll(device_code), poll(device_code)])
  const given = tokens.filter(({ session_token }) => session_token !== null)
  expect(given).toHaveLength(1)
  expect((await call('GET', '/api/v2/users/me', { token: given[0].session_token })).json.username).toBe(winner)
})

test('an approval is void when the approver is suspended, or ends his sessions, before the program asks', async () => {
  const gone = await world.person('gone')
  const suspended = (await begin()).json
  expect((await answer(suspended.user_code, gone)).status).toBe(200)
  await call('PUT', '/api/v2/users/gone/status/suspend', { token: owner })
  expect(await poll(suspended.device_code)).toMatchObject({ error: 'access_denied', session_token: null })

  const careful = await world.person('careful')
  const stolen = (await begin()).json
  expect((await answer(stolen.user_code, careful)).status).toBe(200)
  await call('DELETE', '/api/v2/users/me/sessions', { token: careful })
  expect(await poll(stolen.device_code)).toMatchObject({ error: 'access_denied', session_token: null })
})

test('approving, asking and suspending at once never hold each other up for good', async () => {
  for (let round = 0; round < 5; round++) {
    const name = `busy-${round}`
    const token = await world.person(name)
    const codes = (await Promise.all([begin(), begin(), begin()])).map(({ json }) => json)
    await answer(codes[0].user_code, token)
    const answers = await Promise.all([
      ...codes.map(({ device_code }) => call('POST', '/api/v2/login/device/token', { body: { device_code } })),
      ...codes.map(({ user_code }) => answer(user_code, token)),
      call('POST', '/api/v2/users/me/keys/tokens', { token, body: {} }),
      call('POST', '/api/v2/users/me/keys', { token }),
      call('PUT', `/api/v2/users/${name}/status/suspend`, { token: owner }),
    ])
    expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([])
    for (const { device_code } of codes) {
      const { session_token } = await poll(device_code)
      if (session_token !== null)
        expect((await call('GET', '/api/v2/users/me', { token: session_token })).status).toBe(401)
    }
  }
})

test('a token approves nothing: it would become a session that outlives it', async () => {
  const made = await call('POST', '/api/v2/users/me/keys/tokens', { token: max, body: { scope: 'all' } })
  const { user_code } = (await begin()).json
  expect((await answer(user_code, made.json.key)).status).toBe(403)
})

test('ten wrong codes stop whoever guesses, are on record, and nobody else notices', async () => {
  const guesser = await world.person('guesser')
  const { user_code } = (await begin()).json
  const refusals = async () => (await world.audit()).filter(({ resource_target }) => resource_target === 'unknown code')
  const before = (await refusals()).length
  for (let i = 0; i < 10; i++) expect((await answer('BBBB-BBBB', guesser)).status).toBe(404)
  expect((await answer(user_code, guesser)).status).toBe(429)
  expect((await call('GET', `/api/v2/login/device/${user_code}`, { token: guesser, from: nextAddress() })).status).toBe(
    429,
  )
  expect((await answer(user_code, max)).status).toBe(200)
  const refused = await refusals()
  expect(refused).toHaveLength(before + 10)
  expect(refused.at(-1)).toMatchObject({ outcome: 'refused', resource_type: 'device_login' })
})

test('what the page shows about a program cannot be dressed up', async () => {
  for (const host of ['', 'x'.repeat(65), 'laptop\u202E', '<b>', 'Reeve support: approve this']) {
    expect((await begin({ ...program, host })).status, host).toBe(400)
  }
  expect((await call('POST', '/api/v2/login/device/token', { body: {} })).status).toBe(400)
  expect((await call('POST', '/api/v2/login/device/BBBB-BBBB', { token: max, body: { answer: 'maybe' } })).status).toBe(
    400,
  )
})

test('sixty beginnings a minute from one place are enough', async () => {
  const from = nextAddress()
  const statuses = new Set<number>()
  for (let i = 0; i < 61; i++)
    statuses.add((await call('POST', '/api/v2/login/device', { body: program, from })).status)
  expect([...statuses]).toEqual([200, 429])
})

test('the code that opens something is in no table as the program has it', async () => {
  const { device_code } = (await begin()).json
  const rows = await world.db.sql.selectFrom('device_logins').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain(device_code)
})

test('what was denied, unknown and too often is counted for operators', async () => {
  const { values } = await world.identity.deviceLogins.get()
  const counts = new Map(values.map(({ labels, value }) => [labels.outcome, value]))
  for (const outcome of ['approved', 'denied', 'unknown_code', 'limited'])
    expect(counts.get(outcome)).toBeGreaterThan(0)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('startDeviceLogin', 'pollDeviceLogin', 'getDeviceLogin', 'answerDeviceLogin')).toEqual([])
})
