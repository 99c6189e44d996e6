import { type AddressBytes, addressBytes, inNetwork, type Network, unmapped } from './address.ts'

/**
 * Host names have one form here: lower case, punycode, no dot at the end; addresses as URLs print them, without
 * brackets. What is decided, what is dialled and what is compared with a server name is that form and no other.
 */

const plain = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/
/** What a URL parser would cut at, decode or drop without a word: none of it is part of a name. */
// oxlint-disable-next-line no-control-regex -- control bytes are what it is about
const foreign = /[\u0000-\u0020\u007f%@/?#\\:[\]<>^|`{}"]/

export function canonicalHost(text: string): string | null {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name.startsWith('[')) return bracketed(name)
  if (name.length > lengthMax || name === '') return null
  if (name.includes(':')) return bracketed(`[${name}]`)
  if (foreign.test(name)) return null
  // Names that end in a number may be an address in one of its odd notations, and `xn--` must be a real one.
  if (plain.test(name) && !/(^|\.)(xn--|(\d+|0x[0-9a-f]*)$)/.test(name)) return labelsFit(name) ? name : null
  const host = hostOfUrl(name)
  return host !== null && labelsFit(host) && (plain.test(host) || addressBytes(host) !== null) ? host : null
}
const lengthMax = 253
const labelMax = 63

const labelsFit = (name: string): boolean =>
  name.length <= lengthMax && name.split('.').every((label) => label.length > 0 && label.length <= labelMax)

function bracketed(text: string): string | null {
  if (!/^\[[0-9a-fA-F:.]+\]$/.test(text)) return null
  const host = hostOfUrl(text)?.slice(1, -1) ?? null
  const bytes = host === null ? null : addressBytes(host)
  if (bytes === null) return null
  const four = unmapped(bytes)
  return four.length === 4 ? four.join('.') : host
}

function hostOfUrl(name: string): string | null {
  try {
    return new URL(`http://${name}/`).hostname.replace(/\.$/, '')
  } catch {
    return null
  }
}

/** A host of a rule, read once. `labels` stand from the last to the first. */
export type HostPattern =
  | { readonly kind: 'exact'; readonly host: string }
  | {
      readonly kind: 'wildcard'
      readonly suffix: string
      readonly labels: readonly string[]
      readonly leading: boolean
    }
  | { readonly kind: 'any' }
  | ({ readonly kind: 'network' } & Network)

export interface Unreadable {
  readonly message: string
  readonly fix: string | null
}

export function hostPattern(text: string): HostPattern | Unreadable {
  if (text === '*') return { kind: 'any' }
  if (text.includes('/')) return networkPattern(text)
  if (!text.includes('*')) return exactPattern(text)
  const labels = text.replace(/\.$/, '').split('.')
  if (labels.some((label) => label.includes('*') && label !== '*')) {
    return { message: `"${text}" has a * inside a label`, fix: 'a * stands for whole labels: *.example.com' }
  }
  if (labels.at(-1) === '*') return { message: `"${text}" ends in *`, fix: 'name the domain that the hosts are under' }
  const literal = labels.map((label) => (label === '*' ? label : canonicalLabel(label)))
  if (literal.some((label) => label === null)) return { message: `"${text}" is not a host name`, fix: null }
  const known = literal.filter((label) => label !== null)
  if (/^(\d+|0x[0-9a-f]*)$/.test(known.at(-1)!)) {
    return { message: `"${text}" has a * in an address`, fix: 'write a network: 10.0.0.0/8' }
  }
  const suffix = known.slice(known.lastIndexOf('*') + 1).join('.')
  return { kind: 'wildcard', suffix, labels: known.toReversed(), leading: known[0] === '*' }
}

/** One label of a pattern, in the form that it has in a name. */
function canonicalLabel(label: string): string | null {
  const name = canonicalHost(`${label}.x`)
  return name === null || name.split('.').length !== 2 ? null : name.slice(0, -2)
}

function exactPattern(text: string): HostPattern | Unreadable {
  const port = /^(?:\[[^\]]*\]|[^:]+):(\d+)$/.exec(text)?.[1]
  if (port !== undefined) return { message: `"${text}" has a port`, fix: `write the port beside it: ports: [${port}]` }
  const host = canonicalHost(text)
  return host === null ? { message: `"${text}" is not a host name`, fix: null } : { kind: 'exact', host }
}

function networkPattern(text: string): HostPattern | Unreadable {
  const [address = '', length = '', ...more] = text.split('/')
  const host = canonicalHost(address)
  const bytes = host === null ? null : addressBytes(host)
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : null
  if (more.length > 0 || bytes === null || bits === null || bits > bytes.length * 8) {
    return { message: `"${text}" is neither a host name nor a network`, fix: 'only the host: no scheme and no path' }
  }
  return { kind: 'network', bytes, bits }
}

/** Whether a name matches; addresses are matched by `exact` and `network` alone. */
export function matchesHost(pattern: HostPattern, host: string, address: AddressBytes | null): boolean {
  if (pattern.kind === 'exact') return pattern.host === host
  if (pattern.kind === 'network') {
    return address !== null && inNetwork(pattern, address)
  }
  if (address !== null) return false
  if (pattern.kind === 'any') return true
  const labels = host.split('.').toReversed()
  const fits = pattern.leading ? labels.length >= pattern.labels.length : labels.length === pattern.labels.length
  return fits && pattern.labels.every((label, at) => label === '*' || label === labels[at])
}
