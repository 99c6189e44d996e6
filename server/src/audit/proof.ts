import { createHash, createPublicKey, verify } from 'node:crypto'
import type { Sha256 } from '@reeve/sdk'

/** What the proof of the contract needs of this platform. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest()

export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url')
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature)
}
