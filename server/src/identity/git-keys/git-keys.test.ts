import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dumpDatabase } from '../../testing/canaries.ts'
import { type TestIdentity, testIdentity } from '../testing.ts'
import { gitKeyOf, openPrivateKey } from './git-keys.ts'
import { newSshKeyPair } from './openssh.ts'

let world: TestIdentity
let owner: string
let member: string
beforeAll(async () => {
  world = await testIdentity()
  owner = await world.owner()
  member = await world.person('max')
})
afterAll(() => world[Symbol.asyncDispose]())

const path = '/api/v2/users/me/gitsshkey'
const call: TestIdentity['call'] = (...args) => world.call(...args)

test('OpenSSH reads the private half, and it is that of the public one', (context) => {
  if (spawnSync('ssh-keygen', ['-?']).error !== undefined) context.skip('there is no ssh-keygen')
  const folder = mkdtempSync(join(tmpdir(), 'reeve-key-'))
  try {
    const { publicKey, privateKey } = newSshKeyPair('max')
    const file = join(folder, 'key')
    writeFileSync(file, privateKey.reveal(), { mode: 0o600 })
    const { stdout } = spawnSync('ssh-keygen', ['-y', '-f', file])
    expect(stdout.toString().split(' ').slice(0, 2)).toEqual(publicKey.split(' ').slice(0, 2))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('everybody has a key, which stays until another is wanted, on record both times', async () => {
  const { status, json: first } = await call('GET', path, { token: member })
  expect(status).toBe(200)
  expect(first.public_key).toMatch(/^ssh-ed25519 \S+ max$/)
  expect((await call('GET', path, { token: member })).json).toEqual(first)
  const { json: second } = await call('PUT', path, { token: member })
  expect(second.public_key).not.toBe(first.public_key)
  const events = (await world.audit()).filter(({ resource_type }) => resource_type === 'git_ssh_key')
  expect(events.map(({ action }) => action)).toEqual(['create', 'write'])
  expect(JSON.stringify(events)).not.toContain('PRIVATE')
})

test('several who need it at once get the same', async () => {
  const { json: user } = await call('GET', '/api/v2/users/me', { token: owner })
  const keys = await Promise.all([1, 2, 3, 4].map(() => gitKeyOf(world.identity, user.id)))
  expect(new Set(keys.map(({ public_key }) => public_key)).size).toBe(1)
})

test('the private half is nowhere in the open', async () => {
  const { json: user } = await call('GET', '/api/v2/users/me', { token: member })
  const row = await gitKeyOf(world.identity, user.id)
  const secret = openPrivateKey(world.keyring, row).reveal()
  const body = secret.split('\n')[3]!
  for (const [, text] of await dumpDatabase(world.db)) expect(text.includes(body)).toBe(false)
})

test('of somebody else there is none', async () => {
  await call('GET', path, { token: owner })
  const { json: user } = await call('GET', '/api/v2/users/me', { token: owner })
  expect((await call('GET', `/api/v2/users/${user.id}/gitsshkey`, { token: member })).status).toBe(404)
  expect((await call('PUT', `/api/v2/users/${user.id}/gitsshkey`, { token: member })).status).toBe(404)
})
