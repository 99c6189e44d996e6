import { silentLog, type Uuid, uuidv7 } from '@reeve/base'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { listen } from '../db/listen.ts'
import { answersNotSeen, type TestIdentity, testIdentity } from '../identity/testing.ts'
import { rulesChannel } from './queries.ts'
import { ruleRoutes } from './routes.ts'
import { openRules, type Rules } from './source.ts'

/** Two replicas on one database; what is changed goes through the routes of the first. */
let world: TestIdentity
let here: Rules
let there: Rules
let owner: string
let max: string
let acme: Uuid
const ids: Record<string, Uuid> = {}

beforeAll(async () => {
  const reload = () => here.reload()
  world = await testIdentity({
    routes: ({ db, clock, log }) => ruleRoutes({ rules: { reload }, db, clock, log }),
  })
  here = await openRules({ db: world.db, clock: world.clock, log: silentLog, metrics: new Registry() })
  there = await openRules({ db: world.db, clock: world.clock, log: silentLog, metrics: new Registry() })
  owner = await world.owner()
  max = await world.person('max')
  await world.person('ann')
  for (const { id, username } of await world.db.sql.selectFrom('users').select(['id', 'username']).execute())
    ids[username] = id
  acme = (await world.db.sql.selectFrom('organizations').select('id').executeTakeFirstOrThrow()).id
})
afterAll(async () => {
  await here[Symbol.asyncDispose]()
  await there[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await world.db.sql.deleteFrom('groups').execute()
  await world.db.sql.deleteFrom('ai_rules').execute()
  await here.reload()
  await there.reload()
})

const none = { models: null, tools_allowed: null, tools_denied: [], contact: '' }
const path = `/api/v2/organizations/default/ai-rules`
const put = (body: object, query = '', token = owner) =>
  world.call('PUT', `${path}${query}`, { token, body: { ...none, ...body } })
const about = (who: string, model = 'gpt-5', organizationId = acme) => ({
  actor: { userId: ids[who] ?? '', organizationId, apiKeyId: 'k' },
  providerName: 'openai',
  model,
  client: 'Codex',
})
const mayAsk = (rules: Rules, ...of: Parameters<typeof about>) => rules.policy.model(about(...of)) === null
const lastEvent = () =>
  world.db.sql.selectFrom('audit_events').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow()

async function group(name: string, ...members: string[]): Promise<Uuid> {
  const made = await world.call('POST', '/api/v2/organizations/default/groups', { token: owner, body: { name } })
  const path = `/api/v2/groups/${made.json.id}`
  await world.call('PATCH', path, { token: owner, body: { add_users: members } })
  return made.json.id
}

test('a model is denied at once here, within seconds on another server, and allowed again when the rules go', async () => {
  expect((await put({ models: ['claude-*'] })).json).toMatchObject({ version: 1, models: ['claude-*'], group_id: null })
  expect([mayAsk(here, 'max'), mayAsk(here, 'max', 'claude-5')]).toEqual([false, true])
  await vi.waitFor(() => expect(mayAsk(there, 'max')).toBe(false), 60_000)
  expect((await world.call('DELETE', path, { token: owner })).status).toBe(204)
  expect(mayAsk(here, 'max')).toBe(true)
  await vi.waitFor(() => expect(mayAsk(there, 'max')).toBe(true), 60_000)
  expect((await world.call('DELETE', path, { token: owner })).status).toBe(404)
})

test('somebody who is moved from one group to another has the rules of the other within seconds, everywhere', async () => {
  const [blue, green] = [await group('blue', 'max'), await group('green', 'ann')]
  await put({ models: ['gpt-*'] }, '?group=blue')
  await put({ models: ['claude-*'] }, `?group=${green}`)
  await vi.waitFor(() => expect([mayAsk(there, 'max'), mayAsk(there, 'ann')]).toEqual([true, false]), 60_000)
  await world.call('PATCH', `/api/v2/groups/${blue}`, { token: owner, body: { remove_users: ['max'] } })
  await world.call('PATCH', `/api/v2/groups/${green}`, { token: owner, body: { add_users: ['max'] } })
  for (const rules of [here, there]) {
    await vi.waitFor(
      () => expect([mayAsk(rules, 'max'), mayAsk(rules, 'max', 'claude-5')]).toEqual([false, true]),
      60_000,
    )
  }
  await world.call('DELETE', `/api/v2/groups/${green}`, { token: owner })
  await vi.waitFor(() => expect(mayAsk(there, 'max')).toBe(true), 60_000)
})

test('only members who come into a group with rules, or leave one, are told to the servers', async () => {
  const [plain, ruled] = [await group('plain'), await group('ruled')]
  await put({ models: ['gpt-*'] }, '?group=ruled')
  let heard = 0
  await using _ = await listen(world.db.connection, rulesChannel, () => void heard++, { log: silentLog })
  const move = (id: Uuid, body: object) => world.call('PATCH', `/api/v2/groups/${id}`, { token: owner, body })
  await move(plain, { add_users: ['max'] })
  await move(plain, { remove_users: ['max'] })
  await move(ruled, { remove_users: ['max'] })
  // What is told comes in the order of the transactions: if those above were, it would be by now.
  await move(ruled, { add_users: ['max'] })
  await vi.waitFor(() => expect(heard).toBe(1), 60_000)
  await move(ruled, { remove_users: ['max'] })
  await vi.waitFor(() => expect(heard).toBe(2), 60_000)
})

test('rules of one organization say nothing in another, and neither do its groups', async () => {
  const other = uuidv7(world.clock.now())
  await put({ models: [], tools_denied: ['*'] })
  await group('blue', 'max')
  await put({ models: [] }, '?group=blue')
  expect(mayAsk(here, 'max')).toBe(false)
  expect(mayAsk(here, 'max', 'gpt-5', other)).toBe(true)
  expect(here.policy.tools(about('max', 'm', other))).toBeNull()
})

test('no tool call is held where no rule is about tools; a rule that comes later decides the calls after it', async () => {
  await put({ models: ['*'] })
  expect(here.policy.tools(about('max'))).toBeNull()
  await put({ tools_denied: ['Bash'] })
  const gate = here.policy.tools(about('max'))
  const call = (name: string) => gate?.decide({ id: '1', name, input: '{}' })
  expect([call('Read'), call('Bash')]).toEqual([
    null,
    expect.objectContaining({ rule: 'tools of organization default' }),
  ])
  await put({ tools_denied: ['Bash', 'Read'] })
  expect(call('Read')).not.toBeNull()
})

test('while the database cannot be read, what was known holds', async () => {
  await put({ models: ['claude-*'] })
  await world.db.sql.schema.alterTable('ai_rules').renameTo('ai_rules_away').execute()
  try {
    await expect(here.reload()).rejects.toThrow()
    expect(mayAsk(here, 'max')).toBe(false)
    // Who has never read them does not begin.
    await expect(
      openRules({ db: world.db, clock: world.clock, log: silentLog, metrics: new Registry() }),
    ).rejects.toThrow()
  } finally {
    await world.db.sql.schema.alterTable('ai_rules_away').renameTo('ai_rules').execute()
  }
})

test('each change is on record with what was and what is, and what changes nothing is not one', async () => {
  await put({ models: ['claude-*'], contact: 'dana' })
  expect(await lastEvent()).toMatchObject({
    action: 'create',
    resource_type: 'ai_rules',
    resource_id: acme,
    resource_target: 'organization default',
    organization_id: acme,
    diff: { models: { old: 'not bounded', new: ['claude-*'] }, contact: { old: '', new: 'dana' } },
  })
  const before = await lastEvent()
  expect((await put({ models: ['claude-*'], contact: 'dana' })).json.version).toBe(1)
  expect((await lastEvent()).id).toBe(before.id)
  expect((await put({ models: [], contact: 'dana' })).json.version).toBe(2)
  expect(await lastEvent()).toMatchObject({ action: 'write', diff: { models: { old: ['claude-*'], new: [] } } })
  const blue = await group('blue')
  await put({ tools_denied: ['Bash'] }, '?group=blue')
  await world.call('DELETE', `${path}?group=blue`, { token: owner })
  expect(await lastEvent()).toMatchObject({
    action: 'delete',
    resource_id: blue,
    resource_target: 'group blue',
    diff: { tools_denied: { old: ['Bash'], new: [] } },
  })
})

test('who sets rules that somebody else has changed since is told so, and so is the second of two first ones', async () => {
  expect((await world.call('GET', path, { token: owner })).json).toMatchObject({ version: 0, models: null })
  expect((await put({ models: ['a'], version: 0 })).status).toBe(200)
  expect((await put({ models: ['b'], version: 0 })).status).toBe(409)
  expect((await put({ models: ['b'], version: 1 })).json.version).toBe(2)
  await group('blue')
  const answers = await Promise.all(['c', 'd', 'e'].map((text) => put({ models: [text], version: 0 }, '?group=blue')))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
})

test.each([
  ['a pattern without end', { models: ['a'.repeat(201)] }],
  ['a thousand wildcards', { models: ['*'.repeat(1000)] }],
  ['patterns without end', { models: Array.from({ length: 201 }, (_, at) => `m${at}`) }],
  ['an empty pattern', { tools_denied: [''] }],
  ['a pattern with a line break', { tools_denied: ['Bash\nRead'] }],
  ['a pattern that turns the text around', { tools_allowed: ['\u202eBash'] }],
  ['a contact of two lines', { contact: 'dana\r\nmax' }],
  ['a field that there is not', { tool_denied: ['Bash'] }],
  ['a list that is none', { models: 'claude-*' }],
])('%s is refused', async (_, body) => {
  expect((await put(body)).status).toBe(400)
})

test('a rule that is left out is refused and not taken for none', async () => {
  expect((await world.call('PUT', path, { token: owner, body: { models: ['a'] } })).status).toBe(400)
})

test('the check says which rule denies and what is told; everybody may ask about himself, and not about others', async () => {
  const check = async (body: object, token = owner) =>
    world.call('POST', '/api/v2/ai/rules/check', { token, body: { provider: 'openai', model: 'gpt-5', ...body } })
  await put({ models: ['openai/gpt-*'], contact: 'the platform team' })
  await group('blue', 'max')
  await put({ tools_denied: ['Bash'] }, '?group=blue')
  expect((await check({ user: 'max', tool: 'Bash' })).json).toEqual({
    organization_name: 'default',
    groups: ['blue'],
    allowed: false,
    decisions: [
      { subject: 'model', name: 'gpt-5', allowed: true, rule: null, message: null },
      {
        subject: 'tool_call',
        name: 'Bash',
        allowed: false,
        rule: 'tools of group blue',
        message: 'The tool Bash is not allowed to members of the group blue; ask the platform team.',
      },
    ],
  })
  expect((await check({ user: 'ann', tool: 'Bash' })).json.allowed).toBe(true)
  expect((await check({ provider: 'azure' }, max)).json).toMatchObject({ allowed: false, groups: ['blue'] })
  expect((await check({ user: 'ann' }, max)).status).toBe(404)
  expect((await check({ user: 'nobody' })).status).toBe(404)
  expect((await check({ organization: 'nowhere' })).status).toBe(404)
  expect((await check({ model: '' })).status).toBe(400)
})

test('the preview shows what of the last thirty days would be denied, to a group of its members', async () => {
  await group('blue', 'max')
  const use = (who: string, model: string, requests: number, daysAgo: number) => {
    const hour = new Date(Math.floor((world.clock.now().getTime() - daysAgo * 86_400_000) / 3_600_000) * 3_600_000)
    const row = { hour, organization_id: acme, user_id: ids[who]!, provider: 'openai', provider_name: 'ours' }
    return world.db.sql
      .insertInto('usage_hourly')
      .values({ ...row, model, client: 'Codex', requests, errors: 0 })
      .execute()
  }
  await use('max', 'gpt-5', 3, 1)
  await use('ann', 'gpt-5', 2, 2)
  await use('ann', 'gpt-5-mini', 1, 2)
  await use('ann', 'ancient', 9, 40)
  const preview = async (body: object) => world.call('POST', `${path}/preview`, { token: owner, body })
  const row = { provider_name: 'ours' }
  expect((await preview({ models: ['ours/gpt-5'] })).json.models).toEqual([
    { ...row, model: 'gpt-5', requests: 5, people: 2, denied: false },
    { ...row, model: 'gpt-5-mini', requests: 1, people: 1, denied: true },
  ])
  expect((await preview({ group: 'blue', models: [] })).json.models).toEqual([
    { ...row, model: 'gpt-5', requests: 3, people: 1, denied: true },
  ])
  expect((await preview({ models: null })).json.models).toMatchObject([{ denied: false }, { denied: false }])
  expect((await preview({ group: 'nowhere', models: null })).status).toBe(404)
  expect((await preview({ models: 'all' })).status).toBe(400)
})

test('every answer that these endpoints declare was seen', async () => {
  await put({ models: ['a'] })
  expect((await world.call('GET', '/api/v2/ai/rules', { token: owner })).json).toHaveLength(1)
  expect((await world.call('GET', '/api/v2/ai/rules', { token: max })).json).toEqual([])
  expect((await put({}, '?group=nowhere')).status).toBe(404)
  expect((await world.call('GET', `${path}?group=nowhere`, { token: owner })).status).toBe(404)
  expect(
    answersNotSeen('listAiRules', 'getAiRules', 'putAiRules', 'deleteAiRules', 'previewAiRules', 'checkAiRules'),
  ).toEqual([])
})
