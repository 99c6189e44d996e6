import { silentLog } from '@reeve/base'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { refreshDue } from './refresh.ts'
import { type TestOidc, testOidc } from './testing.ts'
import { type TestProvider, testProvider } from './testing-provider.ts'

let provider: TestProvider
let world: TestOidc
let owner: string

beforeAll(async () => {
  provider = await testProvider()
  world = await testOidc(provider.issuer, {
    REEVE_OIDC_GROUP_FIELD: 'groups',
    REEVE_OIDC_GROUP_AUTO_CREATE: 'true',
    REEVE_OIDC_USER_ROLE_FIELD: 'duties',
    REEVE_OIDC_USER_ROLE_MAPPING: '{"audit":["auditor"],"boss":["owner"]}',
  })
  owner = await world.owner()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

let n = 0
/** Somebody whom the provider knows and Reeve does not. */
function newcomer(claims: Record<string, unknown> = {}): string {
  const subject = `p${++n}`
  provider.people.set(subject, {
    email: `${subject}@example.com`,
    email_verified: true,
    preferred_username: subject,
    name: `Person ${n}`,
    groups: ['eng'],
    ...claims,
  })
  provider.whoSignsIn = subject
  return subject
}

beforeEach(() => {
  provider.isDown = false
})

const me = async (token: string) => world.call('GET', '/api/v2/users/me', { token })

describe('a sign-in through the provider', () => {
  test('makes a user with a session, groups and roles, and goes on to where he wanted', async () => {
    newcomer({ groups: ['eng', 'night watch'], duties: ['audit', 'unknown duty'] })
    const browser = world.browser()
    const answer = await browser.signIn('/api/v2/users/oidc/start?redirect=/sessions%3Fq%3Da')
    expect(answer).toMatchObject({ status: 303, location: '/sessions?q=a' })
    const { json } = await me(browser.session())
    expect(json).toMatchObject({
      username: `p${n}`,
      email: `p${n}@example.com`,
      login_type: 'oidc',
      name: `Person ${n}`,
    })
    expect(await world.holds(`p${n}`)).toEqual({ roles: ['auditor'], groups: ['eng', 'night watch'] })
    const entries = (await world.audit()).filter(({ resource_target }) => resource_target === `p${n}`)
    expect(entries.map(({ action }) => action)).toEqual(['create', 'write', 'write', 'login'])
  })

  test('finds the same user again by subject, whatever his address and name have become', async () => {
    const subject = newcomer()
    const first = world.browser()
    await first.signIn()
    const { id } = (await me(first.session())).json
    provider.people.set(subject, {
      ...provider.people.get(subject),
      email: 'married@example.com',
      preferred_username: 'x',
    })
    const second = world.browser()
    await second.signIn()
    expect((await me(second.session())).json).toMatchObject({ id, username: subject, email: 'married@example.com' })
  })

  test('gives a new session id each time, and signing out ends it on the server', async () => {
    newcomer()
    const browser = world.browser()
    await browser.signIn()
    const first = browser.session()
    await browser.signIn()
    expect(browser.session()).not.toBe(first)
    const token = browser.session()
    expect((await world.call('POST', '/api/v2/users/logout', { token })).status).toBe(200)
    expect((await me(token)).status).toBe(401)
  })

  test('links an account that waits for it, by a verified address and once', async () => {
    await world.call('POST', '/api/v2/users', {
      token: owner,
      body: { email: 'Waiting@example.com', username: 'waiting', login_type: 'none' },
    })
    newcomer({ email: 'waiting@EXAMPLE.com' })
    const browser = world.browser()
    await browser.signIn()
    expect((await me(browser.session())).json).toMatchObject({ username: 'waiting', login_type: 'oidc' })
    newcomer({ email: 'waiting@example.com' })
    expect((await world.browser().signIn()).status).toBe(401)
    expect((await world.refusals()).at(-1)).toContain('linked to another identity')
  })

  test('names two people of one name apart, and nobody `me`', async () => {
    newcomer({ preferred_username: 'Zoë Ünal' })
    await world.browser().signIn()
    newcomer({ preferred_username: 'zoe-UNAL@elsewhere.org' })
    const browser = world.browser()
    await browser.signIn()
    expect((await me(browser.session())).json.username).toBe('zoe-UNAL-2')
    newcomer({ preferred_username: 'me' })
    const other = world.browser()
    await other.signIn()
    expect((await me(other.session())).json.username).toBe('me-1')
  })

  test('is refused to a suspended user, who is told nothing', async () => {
    const subject = newcomer()
    await world.browser().signIn()
    await world.call('PUT', `/api/v2/users/${subject}/status/suspend`, { token: owner })
    const answer = await world.browser().signIn()
    expect(answer.status).toBe(401)
    expect(answer.json.message).toBe('the sign-in was not accepted')
    expect((await world.refusals()).at(-1)).toBe('suspended')
  })

  test('that somebody calls off at the provider is told as not accepted, on the sign-in page for a browser', async () => {
    provider.whoSignsIn = ''
    const browser = world.browser()
    const back = await browser.visit((await browser.open('/api/v2/users/oidc/start')).location)
    const answer = await browser.open(back, [['Accept', 'text/html,*/*']])
    expect(answer.location).toMatch(/^\/login\?problem=refused&request=[0-9a-f-]{36}$/)
    expect((await world.refusals()).at(-1)).toBe('the provider says access_denied')
  })
})

describe('what changes at the provider', () => {
  test('counts at the next sign-in: a group and a role that are gone there are gone here', async () => {
    const subject = newcomer({ groups: ['eng', 'ops'], duties: ['audit'] })
    await world.browser().signIn()
    provider.people.set(subject, { ...provider.people.get(subject), groups: ['eng'], duties: [] })
    world.clock.advance(1_000)
    await world.browser().signIn()
    expect(await world.holds(subject)).toEqual({ roles: [], groups: ['eng'] })
    const [told] = await toldOfRoles()
    expect(told).toEqual({ where: 'everywhere', added: '', removed: 'auditor', by: 'the identity provider' })
  })

  test('counts when the refresh token is exchanged, for the session that is open', async () => {
    const subject = newcomer({ groups: ['eng', 'ops'], duties: ['audit'] })
    const browser = world.browser()
    await browser.signIn()
    const audit = () => world.call('GET', '/api/v2/audit', { token: browser.session() })
    expect((await audit()).status).toBe(200)
    provider.people.set(subject, { ...provider.people.get(subject), groups: [], duties: [] })
    expect(await world.refreshAll()).toBeGreaterThan(0)
    expect((await audit()).status).toBe(403)
    expect(await world.holds(subject)).toEqual({ roles: [], groups: [] })
    // The provider gives a new refresh token each time, and refuses the old one.
    await world.refreshAll()
    expect((await me(browser.session())).status).toBe(200)
  })

  test('leaves groups that people made alone, whatever the provider calls its own', async () => {
    const { json: organization } = await world.call('GET', '/api/v2/organizations/default', { token: owner })
    const now = world.clock.now()
    await world.db.sql
      .insertInto('groups')
      .values({
        id: '00000000-0000-7000-8000-00000000abcd',
        organization_id: organization.id,
        name: 'approvers',
        created_at: now,
        updated_at: now,
      })
      .execute()
    const subject = newcomer({ groups: ['approvers', 'eng'] })
    await world.browser().signIn()
    expect((await world.holds(subject)).groups).toEqual(['eng'])
  })

  test('ends the sessions of somebody whom the provider does not know any more, and of nobody else', async () => {
    const other = world.browser()
    newcomer()
    await other.signIn()
    const subject = newcomer()
    const browser = world.browser()
    await browser.signIn()
    provider.people.delete(subject)
    await world.refreshAll()
    expect((await me(browser.session())).status).toBe(401)
    expect((await me(other.session())).status).toBe(200)
    const [last] = (await world.audit()).filter(
      ({ action, resource_target }) => action === 'logout' && resource_target === subject,
    )
    expect(last).toMatchObject({ actor_id: null, diff: { sessions: { old: 1, new: 0 } } })
  })

  test('is not for people to change by hand meanwhile', async () => {
    const subject = newcomer({ groups: ['eng'] })
    await world.browser().signIn()
    const roles = await world.call('PUT', `/api/v2/users/${subject}/roles`, {
      token: owner,
      body: { roles: ['auditor'] },
    })
    expect(roles.status).toBe(403)
    expect(roles.json.message).toContain('the identity provider decides')
    const group = await world.db.sql
      .selectFrom('groups')
      .select('id')
      .where('name', '=', 'eng')
      .executeTakeFirstOrThrow()
    const body = { add_users: ['dana'] }
    const added = await world.call('PATCH', `/api/v2/groups/${group.id}`, { token: owner, body })
    expect(added.status).toBeGreaterThanOrEqual(400)
  })

  test('never takes the last owner away', async () => {
    const subject = newcomer({ duties: ['boss'] })
    await world.browser().signIn()
    await world.db.sql.updateTable('users').set({ roles: [] }).where('username', '=', 'dana').execute()
    provider.people.set(subject, { ...provider.people.get(subject), duties: [] })
    await world.refreshAll()
    expect((await world.holds(subject)).roles).toEqual(['owner'])
    await world.db.sql
      .updateTable('users')
      .set({ roles: ['owner'] })
      .where('username', '=', 'dana')
      .execute()
    await world.refreshAll()
    expect((await world.holds(subject)).roles).toEqual([])
  })
})

describe('between sign-ins', () => {
  test('of two replicas one asks about a person, and nobody about those who cannot act', async () => {
    const subject = newcomer()
    await world.browser().signIn()
    const idle = newcomer()
    await world.browser().signIn()
    const { id } = (await world.call('GET', `/api/v2/users/${idle}`, { token: owner })).json
    await world.db.sql
      .updateTable('api_keys')
      .set({ expires_at: world.clock.now() })
      .where('user_id', '=', id)
      .execute()
    const now = world.clock.now()
    await world.db.sql
      .updateTable('user_links')
      .set({ next_sync_at: new Date(now.getTime() + 60_000) })
      .execute()
    await world.db.sql
      .updateTable('user_links')
      .set({ next_sync_at: now })
      .where('subject', 'in', [subject, idle])
      .execute()
    const counts = await Promise.all([refreshDue(world.oidc, silentLog), refreshDue(world.oidc, silentLog)])
    expect(counts.toSorted()).toEqual([0, 1])
    const link = await world.db.sql
      .selectFrom('user_links')
      .selectAll()
      .where('subject', '=', subject)
      .executeTakeFirstOrThrow()
    const waitMs = link.next_sync_at.getTime() - now.getTime()
    expect(waitMs).toBeGreaterThanOrEqual(8 * 60_000)
    expect(waitMs).toBeLessThan(10 * 60_000)
  })

  test('a key that the provider changed is looked up again, once', async () => {
    newcomer()
    const browser = world.browser()
    await browser.signIn()
    await provider.rotateKeys()
    const asked = provider.asked('/jwks')
    const { now } = Date
    const later = vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000)
    expect((await browser.signIn()).status).toBe(303)
    expect(provider.asked('/jwks')).toBe(asked + 1)
    expect((await browser.signIn()).status).toBe(303)
    expect(provider.asked('/jwks')).toBe(asked + 1)
    later.mockRestore()
  })
})

describe('while the provider is away', () => {
  test('sessions go on, new sign-ins are told why, and all is as before when it is back', async () => {
    newcomer({ groups: ['eng'] })
    const browser = world.browser()
    await browser.signIn()
    provider.isDown = true
    await world.refreshAll()
    expect((await me(browser.session())).status).toBe(200)
    expect((await world.holds(`p${n}`)).groups).toEqual(['eng'])
    const other = world.browser()
    const begun = await other.open('/api/v2/users/oidc/start')
    const answer = await other.open(`${redirectBack}?code=c&state=${stateOf(begun.location)}&iss=${provider.issuer}`)
    expect(answer.status).toBe(503)
    expect(answer.json.message).toContain('the identity provider does not answer')
    provider.isDown = false
    expect((await browser.signIn()).status).toBe(303)
  })

  test('the server starts, and the first sign-in after it came back works', async () => {
    provider.isDown = true
    const late = await testOidc(provider.issuer)
    try {
      await late.owner()
      const answer = await late.browser().open('/api/v2/users/oidc/start')
      expect(answer.status).toBe(503)
      const page = await late.browser().open('/api/v2/users/oidc/start', [['Accept', 'text/html']])
      expect(page.location).toMatch(/^\/login\?problem=unavailable/)
      provider.isDown = false
      late.clock.advance(6_000)
      newcomer()
      expect((await late.browser().signIn()).status).toBe(303)
    } finally {
      await late[Symbol.asyncDispose]()
    }
  })
})

const redirectBack = '/api/v2/users/oidc/callback'
const stateOf = (location: string): string => new URL(location).searchParams.get('state') ?? ''

describe('the database', () => {
  test('holds neither refresh tokens nor the secrets of a sign-in in the clear', async () => {
    newcomer()
    const browser = world.browser()
    const begun = await browser.open('/api/v2/users/oidc/start')
    const state = stateOf(begun.location)
    const links = await world.db.sql.selectFrom('user_links').selectAll().execute()
    const attempts = await world.db.sql.selectFrom('oidc_attempts').selectAll().execute()
    const text = JSON.stringify({ links, attempts })
    expect(links.length).toBeGreaterThan(0)
    expect(text).not.toContain(state)
    expect(text).not.toContain(browser.cookies.get('reeve_sign_in'))
    expect(links.every(({ refresh_token }) => refresh_token === null || refresh_token.length > 80)).toBe(true)
    expect(Object.keys(Object(links[0]?.claims))).not.toContain('nonce')
  })
})

/** What people were told about their roles, the last first. */
async function toldOfRoles(): Promise<unknown[]> {
  const messages = world.db.sql.selectFrom('outbox_messages').select('facts').where('event', '=', 'roles-changed')
  return (await messages.orderBy('id', 'desc').execute()).map(({ facts }) => facts)
}
