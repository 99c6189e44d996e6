import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, type TestIdentity, testIdentity } from './testing.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const call: TestIdentity['call'] = (...args) => world.call(...args)

test('the default one is found by name, id and `default`, and another does not exist', async () => {
  const list = await call('GET', '/api/v2/organizations', { token: member })
  expect(list.json).toMatchObject([{ name: 'default', is_default: true }])
  for (const ref of ['default', 'DEFAULT', list.json[0].id]) {
    expect((await call('GET', `/api/v2/organizations/${ref}`, { token: member })).json.id).toBe(list.json[0].id)
  }
  expect((await call('GET', '/api/v2/organizations/other', { token: owner })).status).toBe(404)
})

test('one that he is no member of is nobody’s to a member', async () => {
  const now = new Date()
  await world.db.sql
    .insertInto('organizations')
    .values({ id: '0197c0de-0000-7000-8000-0000000000f1', name: 'theirs', created_at: now, updated_at: now })
    .execute()
  expect((await call('GET', '/api/v2/organizations/theirs', { token: owner })).status).toBe(200)
  expect((await call('GET', '/api/v2/organizations/theirs', { token: member })).status).toBe(404)
})

test('each of these endpoints gave every answer that it declares', () => {
  expect(answersNotSeen('listOrganizations', 'getOrganization')).toEqual([])
})
