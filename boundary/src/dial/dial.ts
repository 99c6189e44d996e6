import { isIP, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { AddressClass } from '@reeve/policy'
import { classesOf, isMetadataName } from './address-class.ts'

/** Where something is to be connected to, and what its address must not be. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly deniedClasses: readonly AddressClass[]
}

export interface DialEffects {
  /** All addresses of a name, in the order in which they are to be tried; throws where there are none. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>
  /** A connected socket to exactly this address. The signal ends the attempt, not the connection that came of it. */
  connect(address: string, port: number, signal: AbortSignal): Promise<Socket>
  /** Addresses of this machine's own interfaces, asked anew each time: they change. */
  ownAddresses(): ReadonlySet<string>
  /** The proxy that leads out of the company's network, where there is one. */
  readonly corporateProxy: CorporateProxy | null
}

export interface CorporateProxy {
  covers(host: string): boolean
  /** A tunnel to the host, by its name: such proxies know names that nobody inside can resolve. */
  connect(host: string, port: number, signal: AbortSignal): Promise<Socket>
}

export type Dialled =
  | { readonly socket: Socket; /** Null where a proxy made the connection. */ readonly address: string | null }
  | { readonly refused: 'address-class'; readonly classes: readonly AddressClass[] }
  | { readonly failed: DialFailure }
export type DialFailure = 'name-not-found' | 'connection-refused' | 'timeout' | 'unreachable' | 'proxy-refused'

export type Dial = (target: Target, signal: AbortSignal) => Promise<Dialled>

/**
 * Connects once: the name is resolved one time, every address is judged, and what is connected to is an address that was
 * judged, never the name again. One address of a denied class refuses the whole name: an answer that mixes public and
 * inner addresses is how a name is rebound.
 */
export function createDial(effects: DialEffects, { timeoutMs = 15_000 }: { timeoutMs?: number } = {}): Dial {
  return async ({ host, port, deniedClasses }, signal) => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const denied = new Set<AddressClass>([...deniedClasses, 'metadata'])
    if (isMetadataName(host)) return { refused: 'address-class', classes: ['metadata'] }
    const proxy = effects.corporateProxy?.covers(host) === true ? effects.corporateProxy : null
    let addresses: readonly string[] = []
    try {
      addresses = isIP(host) === 0 ? await effects.resolve(host, bounded) : [host]
    } catch (error) {
      if (bounded.aborted) return { failed: 'timeout' }
      if (proxy === null) return { failed: failureOf(error, 'name-not-found') }
    }
    const own = effects.ownAddresses()
    const met = new Set(addresses.flatMap((address) => classesOf(address, own)).filter((it) => denied.has(it)))
    if (met.size > 0) return { refused: 'address-class', classes: [...met] }
    if (proxy !== null) return await throughProxy(proxy, host, port, bounded)
    return await firstThatAnswers(effects, interleaved(addresses).slice(0, addressesMax), port, bounded)
  }
}
const addressesMax = 8

async function throughProxy(proxy: CorporateProxy, host: string, port: number, signal: AbortSignal): Promise<Dialled> {
  try {
    return { socket: await proxy.connect(host, port, signal), address: null }
  } catch (error) {
    return { failed: signal.aborted ? 'timeout' : failureOf(error, 'proxy-refused') }
  }
}

/** Each next address begins a moment later than the one before (RFC 8305); the first that answers ends the others. */
async function firstThatAnswers(
  { connect }: DialEffects,
  addresses: readonly string[],
  port: number,
  signal: AbortSignal,
): Promise<Dialled> {
  const done = new AbortController()
  const attempt = async (address: string, turn: number): Promise<Dialled> => {
    const until = AbortSignal.any([signal, done.signal])
    if (turn > 0) await setTimeout(turn * attemptDelayMs, undefined, { signal: until })
    const socket = await connect(address, port, until)
    if (!done.signal.aborted) {
      done.abort()
      return { socket, address }
    }
    socket.destroy()
    throw new Error('another address was faster')
  }
  try {
    return await Promise.any(addresses.map(attempt))
  } catch (error) {
    if (signal.aborted) return { failed: 'timeout' }
    return { failed: failureOf(error instanceof AggregateError ? error.errors[0] : error, 'unreachable') }
  }
}
const attemptDelayMs = 250

/** Versions 6 and 4 by turns, so that one broken family costs one attempt. */
function interleaved(addresses: readonly string[]): string[] {
  const six = addresses.filter((address) => isIP(address) === 6)
  const four = addresses.filter((address) => isIP(address) === 4)
  const [first, second] = isIP(addresses[0] ?? '') === 6 ? [six, four] : [four, six]
  return first.flatMap((address, at) => [address, ...second.slice(at, at + 1)]).concat(second.slice(first.length))
}

function failureOf(error: unknown, otherwise: DialFailure): DialFailure {
  const code = error !== null && typeof error === 'object' && 'code' in error ? error.code : null
  if (code === 'ECONNREFUSED') return 'connection-refused'
  if (code === 'ETIMEDOUT' || code === 'ABORT_ERR') return 'timeout'
  if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EAI_AGAIN') return 'name-not-found'
  return code === 'EPROXY' ? 'proxy-refused' : otherwise
}
