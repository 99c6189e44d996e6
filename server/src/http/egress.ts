import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Fault, toError } from '@reeve/base'
import { Agent, buildConnector, request } from 'undici'

/**
 * Requests of the server to addresses that somebody configured. They reach public addresses, and private ones only where
 * an operator allowed exactly those: nobody makes the server talk to its neighbours for him. The address is checked
 * where the connection is made, so that a name which means something else the second time does not get through.
 * Redirects are not followed, and an answer is read to a bound.
 */
export interface Egress extends AsyncDisposable {
  /** Throws a `Fault` when there is no answer. Its message does not tell a closed port from one that does not exist. */
  send(request: EgressRequest): Promise<EgressAnswer>
}

export interface EgressRequest {
  readonly url: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Until the answer has ended. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface EgressAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** No more than `answerBytesMax` of it. */
  readonly body: Buffer
}

export interface AllowedNetwork {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export const answerBytesMax = 64 * 1024

/** Everything that is not a public unicast address (IANA special-purpose registries), and what embeds an IPv4 address. */
const special = new BlockList()
for (const range of [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4',
  '::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10',
  'fec0::/10 ff00::/8',
]
  .join(' ')
  .split(' ')) {
  const [address = '', prefix] = range.split('/')
  special.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

export type AddressCheck = (address: string) => boolean

/** Whether the server may connect to an address. */
export function addressCheck(allowed: readonly AllowedNetwork[]): AddressCheck {
  const exceptions = new BlockList()
  for (const { address, prefix, family } of allowed) exceptions.addSubnet(address, prefix, family)
  return (address) => {
    const version = isIP(address)
    if (version === 0) return false
    const family = version === 6 ? 'ipv6' : 'ipv4'
    return exceptions.check(address, family) || !special.check(address, family)
  }
}

const refused = (host: string): Fault =>
  new Fault('forbidden', `${host} is or means a private address, which the server does not connect to`, {
    fix: 'allow its network in the settings, if it is meant',
  })

/** Answers with addresses that may be connected to, or an error: whoever connects uses what was checked. */
export function checkedLookup(isAllowed: AddressCheck): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '')
      const good = found.filter(({ address }) => isAllowed(address))
      const [first] = good
      if (first === undefined || good.length < found.length) return done(refused(hostname), '')
      if (options.all === true) done(null, good)
      else done(null, first.address, first.family)
    })
  }
}

/** Connects to addresses that are allowed, and to no others. */
export function checkedConnector(
  isAllowed: AddressCheck,
  options: { readonly timeout: number; readonly ca?: string },
): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup: checkedLookup(isAllowed) })
  return (target, done) => {
    // A literal address is connected to without being looked up.
    const host = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !isAllowed(host)) done(refused(host), null)
    else connect(target, done)
  }
}

export function createEgress(options: {
  readonly allowed: readonly AllowedNetwork[]
  /** Further certificate authorities (PEM). */
  readonly ca?: string
}): Egress {
  const connect = checkedConnector(addressCheck(options.allowed), {
    timeout: 10_000,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
  const agent = new Agent({ connect, connections: 8, maxHeaderSize: 16 * 1024 })
  return {
    async send({ url, method, headers, body, timeoutMs, signal }) {
      const late = AbortSignal.timeout(timeoutMs)
      const until = signal === undefined ? late : AbortSignal.any([late, signal])
      try {
        const answer = await request(url, {
          dispatcher: agent,
          method,
          headers,
          body: body ?? null,
          signal: until,
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
        })
        return { status: answer.statusCode, headers: answer.headers, body: await readBounded(answer.body) }
      } catch (thrown) {
        if (thrown instanceof Fault) throw thrown
        const { host } = new URL(url)
        if (late.aborted) throw new Fault('timeout', `${host} did not answer within ${Math.round(timeoutMs / 1000)} s`)
        throw new Fault('unavailable', `${host} could not be reached`, { cause: toError(thrown) })
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  }
}

/** What is beyond the bound is not waited for. */
async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= answerBytesMax) break
  }
  return Buffer.concat(chunks).subarray(0, answerBytesMax)
}
