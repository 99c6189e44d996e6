import { X509Certificate } from 'node:crypto'
import { manualClock } from '@reeve/base'
import { expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { createAuthority } from './authority.ts'
import { certificatePem } from './certificate.ts'
import { systemRoots, trustBundle, trustVariables } from './trust.ts'

test('an authority signs servers and nothing else', () => {
  const { certificate } = createAuthority({ clock: manualClock() })
  const read = new X509Certificate(certificate)
  expect(read.ca).toBe(true)
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  expect(read.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
  expect(read.validToDate.getTime() - read.validFromDate.getTime()).toBeLessThan(91 * 86_400_000)
})

test.each(['api.test', 'a_b.test', '93.184.216.34', '2606:2800:220:1::1', `${'a'.repeat(60)}.${'b'.repeat(60)}.test`])(
  'a server’s certificate is for %s alone',
  (host) => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const from = new Date('2026-01-01T00:00:00Z')
    const names = {
      commonName: host,
      issuerName: 'session',
      notBefore: from,
      notAfter: new Date('2026-01-03T00:00:00Z'),
    }
    const keys = { publicKey: key.publicKey, issuerKey: key.privateKey, issuerPublicKey: key.publicKey }
    const read = new X509Certificate(certificatePem({ ...names, ...keys, host }))
    expect(read.ca).toBe(false)
    expect(host.includes(':') || /^\d/.test(host) ? read.checkIP(host) : read.checkHost(host)).toBe(host)
    expect(read.checkHost('other.test')).toBeUndefined()
    expect(read.verify(key.publicKey)).toBe(true)
    expect(read.validFromDate).toEqual(from)
  },
)

test('a host’s certificate is minted once, renewed in time, and not kept without end', () => {
  const clock = manualClock()
  const { contextFor } = createAuthority({ clock, leavesMax: 2 })
  const first = contextFor('a.test')
  expect(contextFor('a.test')).toBe(first)
  clock.advance(86_400_001)
  const renewed = contextFor('a.test')
  expect(renewed).not.toBe(first)
  contextFor('b.test')
  contextFor('c.test')
  expect(contextFor('a.test')).not.toBe(renewed)
})

test('the bundle holds the machine’s roots and the authority, and variables name it', () => {
  const { certificate } = createAuthority({ clock: manualClock() })
  const read = (path: string) => (path === '/etc/ssl/cert.pem' ? `# roots\n${certificate}` : null)
  const roots = systemRoots(null, read)
  expect(roots).toEqual([certificate.trim()])
  expect(trustBundle(roots, certificate).match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  expect(trustVariables('/run/ca.pem')).toMatchObject({
    SSL_CERT_FILE: '/run/ca.pem',
    NODE_EXTRA_CA_CERTS: '/run/ca.pem',
  })
})
