import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import {
  type BaseBlock,
  BitString,
  Boolean as BooleanValue,
  Constructed,
  fromBER,
  Integer,
  ObjectIdentifier,
  OctetString,
  Primitive,
  Sequence,
  Set as SetValue,
  UTCTime,
  Utf8String,
} from 'asn1js'
import { addressBytes } from '../dial/address-bytes.ts'

/** What a certificate of the boundary says (RFC 5280): an authority's own, or a server's that the authority signs. */
export interface CertificateText {
  readonly commonName: string
  readonly issuerName: string
  readonly publicKey: KeyObject
  /** The host of a server's certificate, a name or an address; null for the authority's. */
  readonly host: string | null
  readonly notBefore: Date
  readonly notAfter: Date
  readonly issuerKey: KeyObject
  readonly issuerPublicKey: KeyObject
}

export function certificatePem(text: CertificateText): string {
  const extensions = text.host === null ? authorityExtensions(text) : serverExtensions(text, text.host)
  const signed = new Sequence({
    value: [
      tagged(0, new Integer({ value: 2 })),
      new Integer({ valueHex: serialNumber() }),
      signatureAlgorithm(),
      nameOf(text.issuerName),
      new Sequence({ value: [new UTCTime({ valueDate: text.notBefore }), new UTCTime({ valueDate: text.notAfter })] }),
      nameOf(text.commonName),
      fromBER(spkiOf(text.publicKey)).result,
      tagged(3, new Sequence({ value: extensions })),
    ],
  })
  const signature = sign('sha256', bytesOf(signed), text.issuerKey)
  const der = bytesOf(new Sequence({ value: [signed, signatureAlgorithm(), new BitString({ valueHex: signature })] }))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** It signs certificates of servers for this session and nothing else: no authorities below it, no code, no clients. */
const authorityExtensions = ({ publicKey }: CertificateText): Sequence[] => [
  extension('2.5.29.14', false, new OctetString({ valueHex: keyId(publicKey) })),
  extension('2.5.29.35', false, authorityKeyId(publicKey)),
  extension('2.5.29.19', true, new Sequence({ value: [new BooleanValue({ value: true }), new Integer({ value: 0 })] })),
  extension('2.5.29.15', true, new BitString({ valueHex: Uint8Array.of(0x06), unusedBits: 1 })),
  extension('2.5.29.37', false, new Sequence({ value: [new ObjectIdentifier({ value: serverAuthentication })] })),
]

const serverExtensions = ({ publicKey, issuerPublicKey }: CertificateText, host: string): Sequence[] => [
  extension('2.5.29.14', false, new OctetString({ valueHex: keyId(publicKey) })),
  extension('2.5.29.35', false, authorityKeyId(issuerPublicKey)),
  extension('2.5.29.19', true, new Sequence({ value: [] })),
  extension('2.5.29.15', true, new BitString({ valueHex: Uint8Array.of(0x80), unusedBits: 7 })),
  extension('2.5.29.37', false, new Sequence({ value: [new ObjectIdentifier({ value: serverAuthentication })] })),
  extension('2.5.29.17', false, new Sequence({ value: [alternativeName(host)] })),
]
const serverAuthentication = '1.3.6.1.5.5.7.3.1'

function alternativeName(host: string): Primitive {
  const [tagNumber, valueHex] = isIP(host) === 0 ? [2, Buffer.from(host, 'latin1')] : [7, addressBytes(host)]
  return new Primitive({ idBlock: { tagClass: 3, tagNumber }, valueHex })
}

const authorityKeyId = (key: KeyObject): Sequence =>
  new Sequence({ value: [new Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: keyId(key) })] })

const extension = (id: string, critical: boolean, value: BaseBlock): Sequence =>
  new Sequence({
    value: [
      new ObjectIdentifier({ value: id }),
      ...(critical ? [new BooleanValue({ value: true })] : []),
      new OctetString({ valueHex: bytesOf(value) }),
    ],
  })

const nameOf = (commonName: string): Sequence =>
  new Sequence({
    value: [
      new SetValue({
        value: [
          new Sequence({
            // A common name has 64 characters at most; what counts is the alternative name.
            value: [new ObjectIdentifier({ value: '2.5.4.3' }), new Utf8String({ value: commonName.slice(0, 64) })],
          }),
        ],
      }),
    ],
  })

/** ECDSA with SHA-256. */
const signatureAlgorithm = (): Sequence =>
  new Sequence({ value: [new ObjectIdentifier({ value: '1.2.840.10045.4.3.2' })] })
const tagged = (tagNumber: number, value: BaseBlock): Constructed =>
  new Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value] })
const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const keyId = (key: KeyObject): Buffer => createHash('sha256').update(spkiOf(key)).digest().subarray(0, 20)
const bytesOf = (block: BaseBlock): Buffer => Buffer.from(block.toBER())

/** Positive, and never with a zero in front, so that its encoding is the shortest. */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  return serial
}
