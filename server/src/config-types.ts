import { isIP } from 'node:net'
import { formatDuration, parseDuration, Secret } from '@reeve/base'
import { parseKey, type SealingKey } from './keyring/seal.ts'

/**
 * How the text of a setting becomes a value. Flags, environment and file all hand over text, so there is one reading of
 * `30d` or `127.0.0.1:3000` wherever it was written.
 */
export interface ValueType<T> {
  /** For the reference: what to write. */
  readonly label: string
  read(text: string): Reading<T>
}

export type Reading<T> = { readonly value: T } | { readonly problem: string }

/** A place to listen on. */
export interface Address {
  readonly host: string
  readonly port: number
}

export const sameAddress = (a: Address, b: Address): boolean => a.host === b.host && a.port === b.port && a.port !== 0

/** Addresses of machines: one, or all that begin with the same bits. */
export interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

export const text: ValueType<string> = {
  label: 'text',
  read: (given) => (given === '' ? { problem: 'is empty' } : { value: given }),
}

export const secretText: ValueType<Secret> = {
  label: 'secret',
  read: (given) =>
    /^[\x21-\x7e]+$/.test(given)
      ? { value: new Secret(given) }
      : { problem: 'is empty or has spaces or characters that no key has' },
}

export const boolean: ValueType<boolean> = {
  label: 'true or false',
  read(given) {
    if (/^(?:true|1|yes|on)$/i.test(given)) return { value: true }
    if (/^(?:false|0|no|off)$/i.test(given)) return { value: false }
    return { problem: `is neither true nor false: ${quote(given)}` }
  },
}

export function choice<const T extends string>(...values: readonly T[]): ValueType<T> {
  return {
    label: values.join(', '),
    read(given) {
      const value = values.find((candidate) => candidate === given)
      return value === undefined ? { problem: `must be one of ${values.join(', ')}, not ${quote(given)}` } : { value }
    },
  }
}

export function integer(min: number, max: number): ValueType<number> {
  return {
    label: 'whole number',
    read(given) {
      const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
      if (value >= min && value <= max) return { value }
      return { problem: `must be a whole number from ${min} to ${max}, not ${quote(given)}` }
    },
  }
}

/** In milliseconds. */
export function duration(minMs: number, maxMs: number, options: { zero?: boolean } = {}): ValueType<number> {
  return {
    label: 'duration (90s, 1h30m, 30d)',
    read(given) {
      const value = parseDuration(given)
      if (value === null) return { problem: `is not a duration such as 90s, 1h30m or 30d: ${quote(given)}` }
      if (value === 0 && options.zero === true) return { value }
      if (value >= minMs && value <= maxMs) return { value }
      return { problem: `must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, not ${given.trim()}` }
    },
  }
}

const byteUnits: Readonly<Record<string, number>> = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

export function byteSize(min: number, max: number): ValueType<number> {
  return {
    label: 'size (1048576, 64MiB)',
    read(given) {
      const parts = /^(\d{1,15})\s*(|KiB|MiB|GiB)$/.exec(given.trim())
      const value = parts === null ? Number.NaN : Number(parts[1]) * byteUnits[parts[2]!]!
      if (value >= min && value <= max) return { value }
      return { problem: `must be a number of bytes from ${min} to ${max}, such as 64MiB, not ${quote(given)}` }
    },
  }
}

export const address: ValueType<Address> = {
  label: 'host:port',
  read(given) {
    const parts = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]*)):(\d{1,5})$/i.exec(given.trim())
    const port = Number(parts?.[3])
    const host = parts?.[1] ?? parts?.[2]
    if (host === undefined || port > 65535 || (parts?.[1] !== undefined && isIP(host) !== 6)) {
      return { problem: `is not host:port, as in 127.0.0.1:3000 or [::1]:3000: ${quote(given)}` }
    }
    // `:3000` is every address of the machine, as elsewhere.
    return { value: { host: host === '' ? '::' : host, port } }
  },
}

/** An http or https URL without credentials, query or fragment; never ends with a slash. */
export const httpUrl: ValueType<string> = {
  label: 'URL',
  read(given) {
    const url = URL.parse(given)
    if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
      return { problem: 'is not an http:// or https:// address' }
    }
    if (url.username !== '' || url.password !== '') return { problem: 'must not contain a user name or a password' }
    if (url.search !== '' || url.hash !== '') return { problem: 'must not contain a query or a fragment' }
    return { value: url.href.replace(/\/+$/, '') }
  },
}

/** An http or https URL that is a host and nothing after it: the server answers at the root. */
export const httpOrigin: ValueType<string> = {
  label: 'URL',
  read(given) {
    const reading = httpUrl.read(given)
    if ('problem' in reading || new URL(reading.value).pathname === '/') return reading
    return { problem: 'must not contain a path' }
  },
}

/** Keys to seal secrets with, the first one first. */
export const sealingKeys: ValueType<readonly SealingKey[]> = {
  label: '32 bytes in base64 each, with commas',
  read(given) {
    const keys = given.split(',').map((part) => parseKey(part.trim()))
    const wrong = keys.indexOf(null)
    // Which of them, and not what it says: it may be a key all the same.
    if (wrong !== -1)
      return { problem: `has no 32 bytes in base64 as key ${wrong + 1}; openssl rand -base64 32 makes one` }
    const found = keys.filter((key) => key !== null)
    if (new Set(found.map(({ id }) => id)).size < found.length) return { problem: 'has the same key twice' }
    return { value: found }
  },
}

export const postgresUrl: ValueType<Secret> = {
  label: 'postgres:// URL',
  read(given) {
    const url = URL.parse(given)
    if (url !== null && (url.protocol === 'postgres:' || url.protocol === 'postgresql:')) {
      return { value: new Secret(given) }
    }
    return { problem: 'is not a postgres:// URL' }
  },
}

export const networks: ValueType<readonly Network[]> = {
  label: 'addresses or CIDR ranges, with commas',
  read(given) {
    const read: Network[] = []
    for (const part of given.split(',').map((piece) => piece.trim())) {
      const [ip = '', bits] = part.split('/')
      const version = isIP(ip)
      const most = version === 6 ? 128 : 32
      const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
      if (version === 0 || !(prefix <= most)) return { problem: `has no address or CIDR range in ${quote(part)}` }
      read.push({ address: ip, prefix, family: version === 6 ? 'ipv6' : 'ipv4' })
    }
    return { value: read }
  },
}

const quote = (given: string): string => JSON.stringify(given.length > 60 ? `${given.slice(0, 60)}…` : given)
