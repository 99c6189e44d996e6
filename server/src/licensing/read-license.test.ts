import { expect, test } from 'vitest'
import { parsePublicKeys, vendorKeys } from './public-keys.ts'
import { readLicense } from './read-license.ts'
import { testClaims, testIssuer } from './testing.ts'

const deployment = '0199a000-0000-7000-8000-000000000001'
const elsewhere = '0199a000-0000-7000-8000-000000000002'
const from = new Date('2026-03-01T00:00:00Z')
const issuer = testIssuer()
const read = (text: string, keys = issuer.keys) => readLicense(text, keys, deployment)
const problemOf = (text: string, keys = issuer.keys) => {
  const reading = read(text, keys)
  return 'problem' in reading ? reading.problem : null
}
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a licence that a known key signed is read, for this deployment or for any', async () => {
  const claims = testClaims(from)
  expect(read(`\n${await issuer.sign(claims)}\n`)).toEqual({ claims })
  expect(read(await issuer.sign({ ...claims, deployment_ids: [elsewhere, deployment.toUpperCase()] }))).toMatchObject({
    claims: { deployment_ids: [elsewhere, deployment] },
  })
})

test('a licence for another deployment is refused, and the answer names this one', async () => {
  const text = await issuer.sign(testClaims(from, { deployment_ids: [elsewhere] }))
  expect(problemOf(text)).toBe(`is for another deployment; this one is ${deployment}`)
})

test('one letter of it changed, another signer and an unknown key are refused', async () => {
  const text = await issuer.sign(testClaims(from))
  const [header = '', , signature = ''] = text.split('.')
  const more = base64({ ...testClaims(from), features: { managed_agent_limit: 1_000_000 } })
  expect(problemOf([header, more, signature].join('.'))).toContain('was changed')
  expect(problemOf(await testIssuer().sign(testClaims(from)))).toContain('was not signed by whom it says')
  expect(problemOf(text, vendorKeys)).toContain('"test", which is not known')
  expect(problemOf(await issuer.sign(testClaims(from), { kid: 'reeve-2026-1' }), vendorKeys)).toContain('was changed')
})

test('no other algorithm is believed, whatever the header says', async () => {
  const payload = base64(testClaims(from))
  const [, , signature = ''] = (await issuer.sign(testClaims(from))).split('.')
  for (const alg of ['none', 'HS256', 'ES256', 'Ed25519', undefined]) {
    expect(problemOf(`${base64({ alg, kid: 'test' })}.${payload}.${signature}`)).toBe('cannot be read as one')
  }
  expect(problemOf(`${base64({ alg: 'EdDSA', kid: 'test' })}.${payload}.`)).toBe('cannot be read as one')
  expect(problemOf(`${base64({ alg: 'EdDSA', kid: 'test', crit: ['x'] })}.${payload}.${signature}`)).toBe(
    'cannot be read as one',
  )
  for (const text of ['', 'x', 'a.b.c', '..', 'a.b.c.d', '💥.💥.💥', `${'a'.repeat(60_000)}.a.a`]) {
    expect(problemOf(text), text.slice(0, 20)).not.toBeNull()
  }
})

test('claims that make no sense are refused although they are signed', async () => {
  const claims = testClaims(from)
  const wrong = [
    { exp: claims.nbf - 1 },
    { license_expires: claims.exp + 1 },
    { exp: claims.nbf + 6 * 366 * 86_400 },
    { nbf: Number.MAX_SAFE_INTEGER },
    { features: { managed_agent_limit: -1 } },
    { features: { managed_agent_limit: 1.5 } },
    { jti: 'not an id' },
  ]
  for (const each of wrong) {
    expect(problemOf(await issuer.sign({ ...claims, ...each })), JSON.stringify(each)).toContain(
      'is signed and not understood',
    )
  }
  const { features: _, ...without } = claims
  expect(problemOf(await issuer.sign(without))).toContain('features')
})

test('keys are written as kid:base64, and what is none is refused', () => {
  const key = issuer.keys.get('test')!
  expect(parsePublicKeys(`a:${key.toString('base64')}, b-2:${key.toString('base64url')}`)).toEqual(
    new Map([
      ['a', key],
      ['b-2', key],
    ]),
  )
  const one = `a:${key.toString('base64')}`
  for (const text of ['', 'a', `${one},`, `${one},${one}`, `a:${key.toString('hex')}`, `:${key.toString('base64')}`]) {
    expect(parsePublicKeys(text), text).toBeNull()
  }
  expect([...vendorKeys.values()].every((each) => each.length === 32)).toBe(true)
})
