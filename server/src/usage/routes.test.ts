import { type Uuid, uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from '../identity/testing.ts'
import { usageRoutes } from './routes.ts'

let world: TestIdentity
let owner: string
const tokens: Record<string, string> = {}
const ids: Record<string, Uuid> = {}
let organization: Uuid

beforeAll(async () => {
  world = await testIdentity({ routes: ({ db, clock }) => usageRoutes({ db, clock }) })
  owner = await world.owner()
  tokens['max'] = await world.person('max')
  tokens['ann'] = await world.person('ann')
  tokens['fin'] = await world.person('fin', 'finance')
  for (const { id, username } of await world.db.sql.selectFrom('users').select(['id', 'username']).execute()) {
    ids[username] = id
  }
  organization = (await world.db.sql.selectFrom('organizations').select('id').executeTakeFirstOrThrow()).id
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => world.db.sql.deleteFrom('usage_hourly').execute())

const ask = (query: string, token = owner) => world.call('GET', `/api/v2/usage?${query}`, { token })
const november = 'from=2026-11-01&to=2026-12-01'

async function use(given: {
  who?: string
  hour?: string
  model?: string
  input?: number
  requests?: number
  client?: string
}) {
  const {
    who = 'max',
    hour = '2026-11-10T10:00:00Z',
    model = 'm-1',
    input = 10,
    requests = 1,
    client = 'Codex',
  } = given
  await world.db.sql
    .insertInto('usage_hourly')
    .values({
      hour: new Date(hour),
      organization_id: organization,
      user_id: ids[who]!,
      provider: 'openai',
      provider_name: 'our-openai',
      model,
      client,
      requests,
      errors: 1,
      input_tokens: input,
      output_tokens: 2,
      cache_read_tokens: 3,
      cache_write_tokens: 4,
      cache_write_1h_tokens: 4,
      reasoning_tokens: 1,
    })
    .execute()
}

type Row = { key: string; name: string; requests: number; total_tokens: number }
const short = (rows: Row[]) => rows.map(({ name, requests, total_tokens }) => [name, requests, total_tokens])

test('the classes add up: what was read is fresh and both of the cache, and the total is that of the rows', async () => {
  await use({})
  await use({ model: 'm-2', input: 100, requests: 5 })
  await use({ who: 'ann', model: 'm-2' })
  const { json } = await ask(`${november}&group_by=model`)
  expect(json.total).toEqual({
    requests: 7,
    errors: 3,
    input_tokens: 120,
    output_tokens: 6,
    cache_read_input_tokens: 9,
    cache_write_input_tokens: 12,
    cache_write_1h_input_tokens: 12,
    reasoning_tokens: 3,
    audio_input_tokens: 0,
    audio_output_tokens: 0,
    read_tokens: 141,
    total_tokens: 147,
  })
  expect(short(json.rows)).toEqual([
    ['m-2', 6, 128],
    ['m-1', 1, 19],
  ])
  expect(json).toMatchObject({ from: '2026-11-01T00:00:00.000Z', overlapping: false, other: null })
  for (const name of Object.keys(json.total)) {
    expect(json.rows.reduce((sum: number, row: Record<string, number>) => sum + (row[name] ?? 0), 0)).toBe(
      json.total[name],
    )
  }
})

test('what is over the number of rows is told as one, and how many it is', async () => {
  for (const [at, model] of ['a', 'b', 'c', 'd'].entries()) await use({ model, input: 100 - at })
  const { json } = await ask(`${november}&group_by=model&top=2`)
  expect(short(json.rows)).toEqual([
    ['a', 1, 109],
    ['b', 1, 108],
  ])
  expect(json.other).toMatchObject({ count: 2, requests: 2, total_tokens: 107 + 106 })
  expect(json.total).toMatchObject({ requests: 4, total_tokens: 109 + 108 + 107 + 106 })
})

test('members see their own alone, finance everybody’s', async () => {
  await use({})
  await use({ who: 'ann' })
  expect(short((await ask(`${november}&group_by=user`, tokens['max'])).json.rows)).toEqual([['max', 1, 19]])
  expect((await ask(`${november}&user=ann`, tokens['max'])).json.total.requests).toBe(0)
  expect((await ask(`${november}&user=me`, tokens['ann'])).json.total.requests).toBe(1)
  for (const token of [owner, tokens['fin']!]) {
    const { json } = await ask(`${november}&group_by=user`, token)
    expect(json.rows.map(({ name }: Row) => name).toSorted()).toEqual(['ann', 'max'])
    expect(json.total.requests).toBe(2)
  }
  expect((await world.call('GET', '/api/v2/usage')).status).toBe(401)
})

test('somebody in two groups is counted in each, once in the total, and the answer says so', async () => {
  const groups: Record<string, Uuid> = {}
  for (const [name, members] of [
    ['blue', ['max']],
    ['green', ['max', 'ann']],
  ] as const) {
    const { json } = await world.call('POST', `/api/v2/organizations/${organization}/groups`, {
      token: owner,
      body: { name },
    })
    groups[name] = json.id
    await world.call('PATCH', `/api/v2/groups/${json.id}`, {
      token: owner,
      body: { add_users: members.map((who) => ids[who]) },
    })
  }
  await use({})
  await use({ who: 'ann' })
  await use({ who: 'dana' })
  const { json } = await ask(`${november}&group_by=group`)
  expect(short(json.rows)).toEqual(
    [
      ['green', 2, 38],
      ['', 1, 19],
      ['blue', 1, 19],
    ].toSorted((a, b) => Number(b[2]) - Number(a[2])),
  )
  expect(json).toMatchObject({ overlapping: true, total: { requests: 3, total_tokens: 57 } })
  expect((await ask(`${november}&group=${groups['green']}`)).json).toMatchObject({
    overlapping: false,
    total: { requests: 2 },
  })
  // Who may not read groups learns of none but his own.
  expect(short((await ask(`${november}&group_by=group`, tokens['ann'])).json.rows)).toEqual([['green', 1, 19]])
  expect((await ask(`${november}&group=${groups['blue']}`, tokens['ann'])).json.total.requests).toBe(0)
})

test('days are those of the zone, in order, and none is left out', async () => {
  await use({ hour: '2026-11-10T23:00:00Z' })
  await use({ hour: '2026-11-12T00:00:00Z', requests: 2 })
  const days = async (zone: string) => {
    const { json } = await ask(`from=2026-11-10&to=2026-11-13&zone=${zone}`)
    return json.rows.map(({ key, requests }: Row) => `${key} ${requests}`)
  }
  expect(await days('UTC')).toEqual(['2026-11-10 1', '2026-11-11 0', '2026-11-12 2'])
  expect(await days('Europe/Berlin')).toEqual(['2026-11-10 0', '2026-11-11 1', '2026-11-12 2'])
  expect(await days('America/New_York')).toEqual(['2026-11-10 1', '2026-11-11 2', '2026-11-12 0'])
  expect(await days('Asia/Kolkata')).toEqual(['2026-11-10 0', '2026-11-11 1', '2026-11-12 2'])
  const { json } = await ask('from=2026-03-29&to=2026-03-30&zone=Europe/Berlin&group_by=hour')
  expect(json.rows).toHaveLength(23)
  expect(json.rows[0].key).toBe('2026-03-28T23:00:00Z')
})

test('without a period it is thirty days, of which today is the last', async () => {
  const { json } = await ask('zone=Europe/Berlin')
  expect(json.to).toBe(world.clock.now().toISOString())
  expect(json.rows).toHaveLength(30)
})

test('filters narrow both the rows and the total', async () => {
  await use({})
  await use({ model: 'm-2', client: 'Claude Code' })
  for (const filter of [
    'model=m-2',
    'client=claude%20code',
    'model=m-2&provider=our-openai',
    'model=m-2&provider=openai',
  ]) {
    expect((await ask(`${november}&group_by=model&${filter}`)).json, filter).toMatchObject({
      total: { requests: 1 },
      rows: [{ key: 'm-2' }],
    })
  }
  expect((await ask(`${november}&organization=${organization}`)).json.total.requests).toBe(2)
  for (const filter of ['organization=other', `group=${uuidv7(world.clock.now())}`, 'user=nobody', 'provider=other']) {
    expect((await ask(`${november}&${filter}`)).json.total.requests, filter).toBe(0)
  }
})

test('numbers that no provider can mean do not keep the others from being told', async () => {
  await use({ input: Number.MAX_SAFE_INTEGER })
  await use({ who: 'ann', input: Number.MAX_SAFE_INTEGER })
  const { status, json } = await ask(`${november}&group_by=model`)
  expect([status, Number.isSafeInteger(json.total.total_tokens)]).toEqual([200, true])
})

test('periods and zones that there are not are refused in words', async () => {
  const wrong = [
    'zone=Nowhere/Land',
    'zone=%2B05:30',
    'from=2026-02-31',
    'from=2026-11-02&to=2026-11-01',
    'from=2000-01-01',
  ]
  for (const query of [...wrong, 'from=2026-01-01&group_by=hour', 'group_by=secret', 'top=0']) {
    expect((await ask(query)).status, query).toBe(400)
  }
  expect(JSON.stringify((await ask('zone=Nowhere/Land')).json)).toContain('no time zone Nowhere/Land')
})

test('as a file, every row is a line, and no name is a formula', async () => {
  await use({ model: '=1+1' })
  await use({ model: 'a,b' })
  const answer = await fetch(`${world.url}/api/v2/usage/csv?${november}&group_by=model`, {
    headers: { authorization: `Bearer ${owner}` },
  })
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(answer.headers.get('content-disposition')).toContain('reeve-usage-2026-11-01-2026-12-01.csv')
  const [header, ...lines] = (await answer.text()).trimEnd().split('\r\n')
  expect(header).toMatch(/^model,name,requests,errors,input_tokens,output_tokens,.*,read_tokens,total_tokens$/)
  expect(lines).toEqual([`"'=1+1","'=1+1",1,1,10,2,3,4,4,1,0,0,17,19`, '"a,b","a,b",1,1,10,2,3,4,4,1,0,0,17,19'])
})

test('every answer that these endpoints declare was seen', async () => {
  expect((await world.call('GET', '/api/v2/usage/csv?zone=X', { token: owner })).status).toBe(400)
  expect(answersNotSeen('getUsage', 'exportUsage')).toEqual([])
})
