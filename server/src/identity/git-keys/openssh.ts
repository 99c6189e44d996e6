import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { Secret } from '@reeve/base'

/** An Ed25519 key pair as OpenSSH and Git hosts write it. */
export interface SshKeyPair {
  readonly publicKey: string
  readonly privateKey: Secret
}

const type = 'ssh-ed25519'

/**
 * OpenSSH reads private Ed25519 keys in its own format alone (`PROTOCOL.key` of its sources, 2023-10): a magic word, the
 * cipher, here none, and between two equal random numbers, by which it sees that it deciphered well, the key itself.
 */
export function newSshKeyPair(comment: string): SshKeyPair {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const publicBytes = Buffer.from(x ?? '', 'base64url')
  const privateBytes = Buffer.concat([Buffer.from(d ?? '', 'base64url'), publicBytes])
  const publicBlob = Buffer.concat([field(type), field(publicBytes)])
  const check = randomBytes(4)
  const plain = Buffer.concat([check, check, field(type), field(publicBytes), field(privateBytes), field(comment)])
  const padding = Buffer.from(Array.from({ length: (8 - (plain.length % 8)) % 8 }, (_, index) => index + 1))
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    uint32(1),
    field(publicBlob),
    field(Buffer.concat([plain, padding])),
  ])
  const lines = file.toString('base64').match(/.{1,70}/g) ?? []
  const name = 'OPENSSH PRIVATE KEY'
  return {
    publicKey: `${type} ${publicBlob.toString('base64')} ${comment}`,
    privateKey: new Secret(`-----BEGIN ${name}-----\n${lines.join('\n')}\n-----END ${name}-----\n`),
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const field = (value: string | Buffer): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)])
