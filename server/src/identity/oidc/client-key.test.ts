import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readClientKey } from './client-key.ts'
import { testOidc } from './testing.ts'
import { testProvider } from './testing-provider.ts'

const folder = mkdtempSync(join(tmpdir(), 'reeve-client-key-'))
afterAll(() => rmSync(folder, { recursive: true }))

const pem = { type: 'pkcs8', format: 'pem' } as const
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaPem = rsa.privateKey.export(pem).toString()
const ecPem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString()

function certificateOf(keyPem: string): string {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  writeFileSync(key, keyPem)
  execFileSync('openssl', ['req', '-x509', '-key', key, '-out', certificate, '-subj', '/CN=reeve', '-days', '1'])
  return readFileSync(certificate, 'utf8')
}

describe('a client that proves itself with a key', () => {
  const publicKey = { ...createPublicKey(rsa.privateKey).export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }

  async function signsIn(keyPem: string) {
    await using provider = await testProvider(publicKey)
    const env = { REEVE_OIDC_CLIENT_KEY_FILE: '/etc/reeve/oidc.key' }
    await using world = await testOidc(provider.issuer, env, { readFile: () => keyPem })
    await world.owner()
    provider.people.set('ann', { email: 'ann@example.com', email_verified: true, preferred_username: 'ann' })
    provider.whoSignsIn = 'ann'
    const answer = await world.browser().signIn()
    return { status: answer.status, refreshed: answer.status === 303 ? await world.refreshAll() : 0 }
  }

  test('gets people in and asks about them later, without a secret', async () => {
    expect(await signsIn(rsaPem)).toEqual({ status: 303, refreshed: 1 })
  })

  test('gets nobody in with another key, which is the operator’s trouble and not theirs', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem).toString()
    expect(await signsIn(other)).toEqual({ status: 503, refreshed: 0 })
  })
})

describe('the files of the key', () => {
  test('may be of RSA, EC and Ed25519', () => {
    const ed = generateKeyPairSync('ed25519').privateKey.export(pem).toString()
    for (const text of [rsaPem, ecPem, ed]) expect(readClientKey(text, null)).toHaveProperty('value')
  })

  test('name the certificate in the ways in which providers look for it', () => {
    const certificate = certificateOf(rsaPem)
    const { fingerprint, fingerprint256 } = new X509Certificate(certificate)
    const told = (hex: string) => Buffer.from(hex.replaceAll(':', ''), 'hex').toString('base64url')
    expect(readClientKey(rsaPem, certificate)).toMatchObject({
      value: { header: { x5t: told(fingerprint), 'x5t#S256': told(fingerprint256) } },
    })
  })

  test('are refused when they are no key, too weak a key, no certificate, or that of another key', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem).toString()
    const locked = rsa.privateKey.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'x' }).toString()
    for (const text of ['', 'nonsense', weak, locked]) expect(readClientKey(text, null)).toMatchObject({ about: 'key' })
    for (const text of ['', 'nonsense', certificateOf(ecPem)]) {
      expect(readClientKey(rsaPem, text)).toMatchObject({ about: 'certificate' })
    }
  })
})
