import { createPublicKey, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LicenseClaims } from '@reeve/sdk'
import { afterAll, expect, test } from 'vitest'
import { runCli, serveContract } from '../testing.ts'
import { everything } from '../testing-data.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-licenses-'))
afterAll(() => rmSync(folder, { recursive: true }))
const keyFile = join(folder, 'vendor.pem')

async function asked(argv: readonly string[], stdin = '') {
  const seen: { name: string; query: unknown; body: unknown }[] = []
  const handlers = Object.fromEntries(
    Object.entries(everything(false)).map(([name, handler]) => [
      name,
      (request: Parameters<NonNullable<typeof handler>>[0]) => {
        seen.push({ name, query: request.query, body: request.body })
        return handler?.(request)
      },
    ]),
  )
  await using deployment = await serveContract(handlers)
  const env = { REEVE_URL: deployment.url, REEVE_TOKEN: 'rv_kept' }
  const ran = await runCli(['licenses', ...argv], { env, stdin })
  return { ...ran, seen }
}

test('a key is made once, for its owner alone, and printed as servers are told it', async () => {
  const { code, stdout, stderr } = await runCli(['licenses', 'make-key', 'acme-1', '--out', keyFile])
  expect(code).toBe(0)
  expect(stdout).toMatch(/acme-1:[A-Za-z0-9+/]{43}=/)
  expect(stderr).toContain('REEVE_LICENSE_PUBLIC_KEYS=acme-1:')
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  const before = readFileSync(keyFile, 'utf8')
  expect((await runCli(['licenses', 'make-key', 'acme-1', '--out', keyFile])).code).toBe(2)
  expect(readFileSync(keyFile, 'utf8')).toBe(before)
  expect((await runCli(['licenses', 'make-key', 'a:b', '--out', join(folder, 'other')])).code).toBe(2)
})

test('a licence says what it was made for, and carries a signature that the public key verifies', async () => {
  const id = '0199a000-0000-7000-8000-000000000001'
  const argv = ['licenses', 'make', 'acme-1', '--key', keyFile, '--account', 'Acme', '--deployment', id]
  const { code, stdout } = await runCli([
    ...argv,
    '--builds',
    '20000',
    '--from',
    '2026-12-01',
    '--tz',
    'UTC',
    '--days',
    '30',
  ])
  expect(code).toBe(0)
  const [header = '', payload = '', signature = ''] = stdout.trim().split('.')
  const decoded = [header, payload].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  expect(decoded[0]).toEqual({ alg: 'EdDSA', kid: 'acme-1', typ: 'JWT' })
  const claims = LicenseClaims.parse(decoded[1])
  expect(claims).toMatchObject({ account_id: 'Acme', deployment_ids: [id], features: { managed_agent_limit: 20_000 } })
  expect(new Date(claims.nbf * 1_000).toISOString()).toBe('2026-12-01T00:00:00.000Z')
  expect([claims.license_expires - claims.nbf, claims.exp - claims.license_expires]).toEqual([30 * 86_400, 30 * 86_400])
  const key = createPublicKey(readFileSync(keyFile))
  expect(verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('what no server would take is not signed', async () => {
  const make = (...argv: string[]) => runCli(['licenses', 'make', 'acme-1', ...argv])
  expect(await make('--key', keyFile, '--days', '3000')).toMatchObject({ code: 2, stdout: '' })
  expect(await make('--key', keyFile, '--deployment', 'here')).toMatchObject({ code: 2, stdout: '' })
  expect(await make()).toMatchObject({ code: 2, stdout: '' })
  const noKey = join(folder, 'no-key')
  writeFileSync(noKey, 'hello')
  const { stderr, code } = await make('--key', noKey)
  expect(code).toBe(2)
  expect(stderr).toContain('no Ed25519 private key')
  expect(stderr).not.toContain('hello')
})

test('a licence is sent as it is in the file or on stdin, without what stands around it', async () => {
  const file = join(folder, 'acme.license')
  writeFileSync(file, ' a.b.c\n')
  expect((await asked(['add', file])).seen[0]?.body).toEqual({ license: 'a.b.c' })
  expect((await asked(['add'], 'd.e.f\n')).seen[0]?.body).toEqual({ license: 'd.e.f' })
  expect(await asked(['add'], '\n')).toMatchObject({ code: 2, seen: [] })
})

test('warnings stand beside the list, and the meter says when builds are used up', async () => {
  const { stderr, stdout } = await asked(['list'])
  expect(stderr).toContain('evil')
  expect(stdout).toContain('grace_period')
  expect((await asked(['usage'])).stderr).toContain('nothing stops')
})

test('builds are asked for as one says, and a file has the reason in words', async () => {
  const { seen, stdout } = await asked([
    'builds',
    '--owner',
    'me',
    '--counted',
    'all',
    '--since',
    '2026-11-01T00:00:00Z',
    '-o',
    'csv',
  ])
  expect(seen.at(-1)?.query).toMatchObject({
    owner: 'me',
    counted: 'all',
    from: '2026-11-01T00:00:00.000Z',
    limit: '50',
  })
  expect(stdout).toContain('A task was resumed')
})
