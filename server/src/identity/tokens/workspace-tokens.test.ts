import { uuidv7 } from '@reeve/base'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestIdentity, testIdentity } from '../testing.ts'
import { endWorkspaceTokens, mintWorkspaceToken } from './workspace-tokens.ts'

let world: TestIdentity
let max: string
let userId: string
beforeAll(async () => {
  world = await testIdentity()
  max = await world.person('max')
  userId = (await world.call('GET', '/api/v2/users/me', { token: max })).json.id
})
afterAll(() => world[Symbol.asyncDispose]())

const scope = { actor: null, requestId: 'start', sourceIp: null, userAgent: null }
const newWorkspace = () => uuidv7(new Date())
const mint = (workspaceId: string, lifetimeMs = 3_600_000) =>
  world.db.transaction((tx) =>
    mintWorkspaceToken(tx, { userId, workspaceId, lifetimeMs, now: world.clock.now(), scope }),
  )
const end = (workspaceId: string) =>
  world.db.transaction((tx) => endWorkspaceTokens(tx, workspaceId, { now: world.clock.now(), scope }))

test('it calls models as the owner and does nothing else', async () => {
  const { token } = await mint(newWorkspace())
  expect(await world.authenticator.authenticate(token)).toMatchObject({ userId, scopes: ['gateway'] })
  expect((await world.call('GET', '/api/v2/users/me', { token })).status).toBe(403)
})

test('two workspaces have one each of the same name, and their owner sees which is which', async () => {
  const [one, two] = [newWorkspace(), newWorkspace()]
  await mint(one)
  await mint(two)
  const { json } = await world.call('GET', '/api/v2/users/me/keys/tokens?q=kind:workspace', { token: max })
  const bound = json.map(({ workspace_id }: { workspace_id: string }) => workspace_id)
  expect(bound).toEqual(expect.arrayContaining([one, two]))
  expect(json[0]).toMatchObject({ token_name: 'workspace', scopes: ['gateway'] })
  const named = { token: max, body: { token_name: 'workspace' } }
  expect((await world.call('POST', '/api/v2/users/me/keys/tokens', named)).status).toBe(201)
})

test('it ends with its workspace, everywhere, and no other does', async () => {
  const [one, two] = [newWorkspace(), newWorkspace()]
  const tokens = [await mint(one), await mint(one), await mint(two)]
  for (const { token } of tokens) expect(await world.authenticator.authenticate(token)).not.toBe(null)
  expect(await end(one)).toBe(2)
  await expect.poll(() => world.authenticator.authenticate(tokens[0]!.token)).toBe(null)
  expect(await world.authenticator.authenticate(tokens[1]!.token)).toBe(null)
  expect(await world.authenticator.authenticate(tokens[2]!.token)).not.toBe(null)
  expect(await end(one)).toBe(0)
})

test('it ends by itself', async () => {
  const { token } = await mint(newWorkspace(), 60_000)
  expect(await world.authenticator.authenticate(token)).not.toBe(null)
  world.clock.advance(60_001)
  expect(await world.authenticator.authenticate(token)).toBe(null)
})

test('somebody who is suspended gets none', async () => {
  await world.call('PUT', '/api/v2/users/max/status/suspend', { token: await world.owner() })
  await expect(mint(newWorkspace())).rejects.toMatchObject({ code: 'conflict' })
})
