import { afterAll, beforeAll, expect, test } from 'vitest'
import { dumpDatabase } from '../../testing/canaries.ts'
import { type TestIdentity, testIdentity } from '../testing.ts'
import { openUserSecrets } from './user-secrets.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const path = '/api/v2/users/me/secrets'
const call: TestIdentity['call'] = (...args) => world.call(...args)
const value = 'hunter2-and-more'

test('a secret is kept, changed and forgotten, and its value is told to nobody', async () => {
  const body = { name: 'deploy', value, env_name: 'DEPLOY_KEY' }
  const made = await call('POST', path, { token: member, body })
  expect(made.status).toBe(201)
  const shown = { name: 'deploy', env_name: 'DEPLOY_KEY', file_path: '' }
  expect((await call('GET', path, { token: member })).json).toMatchObject([shown])
  const { json: user } = await call('GET', '/api/v2/users/me', { token: member })
  const open = () => openUserSecrets(world.db.sql, world.keyring, user.id)
  expect([...(await open())].map(([key, secret]) => [key, secret.reveal()])).toEqual([['env:DEPLOY_KEY', value]])

  const moved = { env_name: '', file_path: '~/.deploy' }
  expect((await call('PATCH', `${path}/deploy`, { token: member, body: moved })).json).toMatchObject(moved)
  expect([...(await open()).keys()]).toEqual(['file:~/.deploy'])
  for (const [, text] of await dumpDatabase(world.db)) expect(text.includes(value)).toBe(false)

  expect((await call('DELETE', `${path}/deploy`, { token: member })).status).toBe(204)
  expect((await call('GET', `${path}/deploy`, { token: member })).status).toBe(404)
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'user_secret')
  expect(events.map(({ action }) => action)).toEqual(['create', 'write', 'delete'])
  expect(JSON.stringify(events)).not.toContain(value)
})

test('two secrets are not for one place, and what is no place is refused', async () => {
  const make = (body: object) => call('POST', path, { token: member, body: { value, ...body } })
  expect((await make({ name: 'one', env_name: 'A' })).status).toBe(201)
  expect((await make({ name: 'one' })).status).toBe(409)
  expect((await make({ name: 'two', env_name: 'A' })).status).toBe(409)
  expect((await make({ name: 'two', env_name: '1A' })).status).toBe(400)
  expect((await make({ name: 'two', file_path: 'relative' })).status).toBe(400)
  expect((await make({ name: 'two words' })).status).toBe(400)
  expect((await make({ name: 'big', value: 'x'.repeat(24 * 1024 + 1) })).status).toBe(400)
})

test('nobody has those of somebody else', async () => {
  const { json: user } = await call('GET', '/api/v2/users/me', { token: owner })
  expect((await call('GET', `/api/v2/users/${user.id}/secrets`, { token: member })).status).toBe(404)
  const body = { name: 'mine', value }
  expect((await call('POST', `/api/v2/users/${user.id}/secrets`, { token: member, body })).status).toBe(404)
})
