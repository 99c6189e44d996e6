import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { deploymentsFile, isLoopback, normalizeUrl, readDeployments, writeDeployments } from './deployments.ts'

test('tokens are kept where only their owner can read them, and nothing is left beside them', async () => {
  const home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
  const io = { env: {}, home }
  expect(await readDeployments(io)).toEqual({ current: null, tokens: {} })
  const kept = { current: 'https://a', tokens: { 'https://a': 'rv_1', 'https://b': 'rv_2' } }
  await writeDeployments(io, kept)
  await writeDeployments(io, kept)
  expect(await readDeployments(io)).toEqual(kept)
  const file = deploymentsFile(io)!
  expect(file).toBe(join(home, '.config/reeve/deployments.json'))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await stat(dirname(file))).mode & 0o777).toBe(0o700)
  expect(await readdir(dirname(file))).toEqual(['deployments.json'])
  await rm(home, { recursive: true })
})

test('a damaged file is told, never taken for an empty one', async () => {
  const home = await mkdtemp(join(tmpdir(), 'reeve-home-'))
  const io = { env: { XDG_CONFIG_HOME: home }, home: '' }
  await writeDeployments(io, { current: null, tokens: {} })
  for (const text of ['', '{', '[]', '{"current":1,"tokens":{}}', '{"current":null,"tokens":null}']) {
    await writeFile(deploymentsFile(io)!, text)
    await expect(readDeployments(io), text).rejects.toThrow('is damaged')
  }
  await rm(home, { recursive: true })
})

test('without a home there is nothing kept, and keeping says what to do instead', async () => {
  const io = { env: { XDG_CONFIG_HOME: 'relative' }, home: '' }
  expect(await readDeployments(io)).toEqual({ current: null, tokens: {} })
  await expect(writeDeployments(io, { current: null, tokens: {} })).rejects.toThrow('no home directory')
})

test('an address means the same however it is written', () => {
  expect(normalizeUrl(' HTTPS://Reeve.example.com:443/ ')).toBe('https://reeve.example.com')
  expect(normalizeUrl('reeve.example.com/ai/')).toBe('https://reeve.example.com/ai')
  expect(normalizeUrl('localhost:3000')).toBe('http://localhost:3000')
  expect(normalizeUrl('127.0.0.1:3000')).toBe('http://127.0.0.1:3000')
  expect(normalizeUrl('[::1]:3000')).toBe('http://[::1]:3000')
  for (const text of ['', 'ftp://x', 'https://user:pw@x', 'https://x?y', 'a b', 'https://']) {
    expect(() => normalizeUrl(text), text).toThrow('is not the address')
  }
})

test('only this machine is loopback', () => {
  for (const here of ['localhost', 'http://localhost:1', 'x.localhost', '127.1.2.3', 'http://[::1]'])
    expect(isLoopback(here)).toBe(true)
  for (const there of ['127.0.0.1.example.com', 'http://localhost.example.com', 'example.com', 'http://128.0.0.1']) {
    expect(isLoopback(there)).toBe(false)
  }
})
