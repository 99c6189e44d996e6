import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import * as oidc from 'openid-client'

/**
 * The key by which this server proves to the provider that it is the client that is registered there (`private_key_jwt`,
 * RFC 7523): what crosses the network is good for a minute and for one use, where a secret would be good until changed.
 */
export interface ClientKey {
  readonly key: KeyObject
  readonly algorithm: Algorithm
  /** Header fields by which some providers find the certificate (`x5t`); empty without one. */
  readonly header: Readonly<Record<string, string>>
}

type Algorithm =
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: 'SHA-256' }
  | { readonly name: 'ECDSA'; readonly namedCurve: string }
  | { readonly name: 'Ed25519' }

const curves: ReadonlyMap<string | undefined, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** From the PEM text of the two files; the problem names the one that it is about. */
export function readClientKey(
  keyPem: string,
  certificatePem: string | null,
): { readonly value: ClientKey } | { readonly problem: string; readonly about: 'key' | 'certificate' } {
  const key = tried(() => createPrivateKey(keyPem))
  if (key === null) return { problem: 'has no private key in PEM form, or one with a password', about: 'key' }
  const algorithm = algorithmOf(key)
  if (algorithm === null)
    return { problem: 'has a key of a kind that cannot be used: RSA from 2048 bits, EC or Ed25519 can', about: 'key' }
  if (certificatePem === null) return { value: { key, algorithm, header: {} } }
  const certificate = tried(() => new X509Certificate(certificatePem))
  if (certificate === null) return { problem: 'has no certificate in PEM form', about: 'certificate' }
  if (!certificate.checkPrivateKey(key)) return { problem: 'is not the certificate of that key', about: 'certificate' }
  const thumbprint = (hash: 'sha1' | 'sha256') => createHash(hash).update(certificate.raw).digest('base64url')
  return { value: { key, algorithm, header: { x5t: thumbprint('sha1'), 'x5t#S256': thumbprint('sha256') } } }
}

function algorithmOf(key: KeyObject): Algorithm | null {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const curve = curves.get(namedCurve)
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) return { name: 'ECDSA', namedCurve: curve }
  return key.asymmetricKeyType === 'ed25519' ? { name: 'Ed25519' } : null
}

/** How the client proves itself with the key, to the library. */
export const keyAuthentication = ({ key, algorithm, header }: ClientKey): oidc.ClientAuth =>
  oidc.PrivateKeyJwt(key.toCryptoKey(algorithm, false, ['sign']), {
    [oidc.modifyAssertion]: (fields) => void Object.assign(fields, header),
  })

function tried<T>(work: () => T): T | null {
  try {
    return work()
  } catch {
    return null
  }
}
