import { BlockList, isIP } from 'node:net'
import type { AddressClass } from '@reeve/policy'
import { addressBytes, addressText } from './address-bytes.ts'

/**
 * What kind of place an address is (IANA's special-purpose registries, RFC 6890 and its updates). An address of version 6
 * that carries one of version 4 is judged as that one too: whoever routes it would end there.
 */
export function classesOf(address: string, own: ReadonlySet<string>): readonly AddressClass[] {
  if (isIP(address) === 0) return ['reserved']
  const bytes = addressBytes(address)
  const carried = carriedAddresses(bytes)
  const found = new Set<AddressClass>(carried.flatMap((inner) => [...classesOf(inner, own)]))
  const text = addressText(bytes)
  if (own.has(text)) found.add('self')
  for (const [name, list] of classes) if (list.check(text, bytes.length === 4 ? 'ipv4' : 'ipv6')) found.add(name)
  return [...found]
}

const listOf = (...networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address, bits] = network.split('/')
    list.addSubnet(address!, Number(bits), isIP(address!) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

const classes: readonly (readonly [AddressClass, BlockList])[] = [
  // To connect to the unspecified address is to connect to this machine.
  ['loopback', listOf('127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128')],
  ['link_local', listOf('169.254.0.0/16', 'fe80::/10')],
  [
    'metadata',
    listOf(
      // AWS, Azure, Google and most others; AWS's ECS and EKS; Alibaba; Azure's wire server; Oracle's second; AWS's IPv6.
      '169.254.169.254/32',
      '169.254.170.2/32',
      '169.254.170.23/32',
      '169.254.169.253/32',
      '169.254.169.123/32',
      '100.100.100.200/32',
      '168.63.129.16/32',
      '192.0.0.192/32',
      'fd00:ec2::/32',
      'fd20:ce::254/128',
    ),
  ],
  ['multicast', listOf('224.0.0.0/4', '255.255.255.255/32', 'ff00::/8')],
  ['private', listOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10')],
  [
    'reserved',
    listOf(
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '240.0.0.0/4',
      '64:ff9b:1::/48',
      '100::/64',
      '2001::/23',
      '2001:db8::/32',
      '3fff::/20',
      '5f00::/16',
    ),
  ],
]

/** Addresses of version 4 inside one of version 6: mapped, compatible, NAT64, 6to4, Teredo, ISATAP. */
function carriedAddresses(bytes: Buffer): string[] {
  if (bytes.length === 4) return []
  const hex = bytes.toString('hex')
  const at = (offset: number): string => addressText(bytes.subarray(offset, offset + 4))
  if (/^0{20}ffff/.test(hex) || /^0{16}ffff0000/.test(hex)) return [at(12)]
  if (/^0{24}/.test(hex) && !/^0{31}[01]$/.test(hex)) return [at(12)]
  if (hex.startsWith('0064ff9b')) return [at(12)]
  if (hex.startsWith('2002')) return [at(2)]
  if (hex.startsWith('20010000'))
    return [at(4), addressText(Buffer.from(bytes.subarray(12).map((byte) => byte ^ 0xff)))]
  if (/^.{16}0[02]005efe/.test(hex)) return [at(12)]
  return []
}

/** Names that clouds answer with such an address inside their networks, whatever a resolver says here. */
const metadataNames: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.platformequinix.com',
  'metadata.packet.net',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
  'api.metadata.cloud.ibm.com',
])

export const isMetadataName = (host: string): boolean => metadataNames.has(host)
