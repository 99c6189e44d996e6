import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** Where a request came from, as far as it can be believed; null over a unix socket. */
export type SourceAddress = (req: IncomingMessage) => string | null

/**
 * The peer of the connection. When that is a trusted proxy, the nearest address in X-Forwarded-For that is not one:
 * everything to the left of it was written by somebody who is not trusted.
 */
export function sourceAddress(
  trusted: readonly Network[],
  peerOf: (req: IncomingMessage) => string | undefined = (req) => req.socket.remoteAddress,
): SourceAddress {
  const proxies = new BlockList()
  for (const { address, prefix, family } of trusted) proxies.addSubnet(address, prefix, family)
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (req) => {
    let address = plain(peerOf(req))
    const forwarded = req.headers['x-forwarded-for']
    if (address === null || forwarded === undefined || !isProxy(address)) return address
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : forwarded).split(',')
    for (let hop = hops.pop(); hop !== undefined && isProxy(address); hop = hops.pop()) {
      const next = plain(hop.trim())
      if (next === null) break
      address = next
    }
    return address
  }
}

/** An IPv4 address that came in over an IPv6 socket is the same address. */
function plain(address: string | undefined): string | null {
  if (address === undefined) return null
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(bare) === 0 ? null : bare
}
