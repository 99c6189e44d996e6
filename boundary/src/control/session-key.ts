import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'

/** The key pair of one session. The private half lives in the memory of the boundary and nowhere else. */
export interface SessionKey {
  /** Ed25519, the 32 raw bytes, base64url. */
  readonly publicKey: string
  /** Base64url. */
  sign(text: string): string
}

export function createSessionKey(): SessionKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
  }
}

/** Whether the holder of an Ed25519 key (raw, base64url) signed this text. What is no key and no signature did not. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  let key: KeyObject
  try {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  } catch {
    return false
  }
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}
