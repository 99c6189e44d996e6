import { lookup } from 'node:dns/promises'
import { hostname } from 'node:os'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { Fault, toError } from '@reeve/base'
import type { AddressCheck } from '../../http/egress.ts'
import type { SinkMessage } from './message.ts'

/**
 * Syslog (RFC 5424) over TLS (RFC 5425) with octet counting. Syslog has no acknowledgement, so one is made of how the
 * connection ends: a batch is a connection of its own, we close our half after it, and only when the receiver closes its
 * half in order is the batch taken for delivered. A receiver that dies with bytes unread resets the connection instead,
 * and the batch is sent again.
 */
export interface SyslogTarget {
  readonly host: string
  readonly port: number
  /** PEM; null for the public authorities. */
  readonly ca: string | null
  readonly isAllowed: AddressCheck
}

const timeoutMs = 30_000

export async function sendSyslog(
  target: SyslogTarget,
  messages: readonly SinkMessage[],
  signal: AbortSignal,
): Promise<void> {
  const { address } = await resolve(target)
  const place = `${target.host}:${target.port}`
  await new Promise<void>((done, fail) => {
    let endedInOrder = false
    let isOver = false
    const socket: TLSSocket = connect({
      host: address,
      port: target.port,
      ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
      ...(target.ca === null ? {} : { ca: target.ca }),
      ...(isIP(target.host) === 0 ? {} : { checkServerIdentity: identityOfAddress(target.host) }),
    })
    const over = (error: Fault | null) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      if (error === null) done()
      else fail(error)
    }
    const onAbort = () => over(new Fault('unavailable', 'the server is stopping'))
    const timer = setTimeout(
      () => over(new Fault('timeout', `${place} did not take the events within ${timeoutMs / 1000} s`)),
      timeoutMs,
    )
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    socket.once('secureConnect', () => {
      for (const message of messages) socket.write(frame(syslogLine(message)))
      socket.end()
    })
    // What a receiver says back has no meaning in syslog; it must be read all the same, or the end is never seen.
    socket.resume()
    socket.once('end', () => (endedInOrder = socket.writableEnded))
    socket.once('error', (error) =>
      over(new Fault('unavailable', `${place}: ${toError(error).message}`, { cause: error })),
    )
    socket.once('close', () =>
      over(
        endedInOrder ? null : new Fault('unavailable', `${place} closed the connection before it had taken the events`),
      ),
    )
  })
}

/** With the address in a certificate where the host is one: a name would be checked by `servername`. */
function identityOfAddress(host: string) {
  return (_: string, certificate: { readonly subjectaltname?: string }): Error | undefined => {
    const names = (certificate.subjectaltname ?? '').split(',').map((name) => name.trim())
    return names.includes(`IP Address:${host}`) ? undefined : new Error(`its certificate is not for ${host}`)
  }
}

async function resolve({ host, isAllowed }: SyslogTarget): Promise<{ address: string }> {
  let found
  try {
    found = await lookup(host, { all: true })
  } catch (thrown) {
    throw new Fault('unavailable', `${host} could not be found`, { cause: thrown })
  }
  const [first] = found
  if (first === undefined || !found.every(({ address }) => isAllowed(address))) {
    throw new Fault('forbidden', `${host} is or means a private address, which the server does not connect to`, {
      fix: 'create the sink with --allow-private, if it is meant',
    })
  }
  return first
}

function frame(line: string): Buffer {
  const bytes = Buffer.from(line)
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
}

/** Facility 13 is the audit log; a refusal is a warning, the rest are notices. */
export function syslogLine(message: SinkMessage): string {
  const priority = 13 * 8 + (message.refused ? 4 : 5)
  const host =
    hostname()
      .replaceAll(/[^\x21-\x7e]/g, '-')
      .slice(0, 255) || '-'
  const id = message.type.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 32) || '-'
  const data = `[reeve@32473 id="${param(message.id)}" seq="${message.seq}"]`
  // JSON escapes every control character: nothing in an event can begin a line of its own.
  return `<${priority}>1 ${message.at.toISOString()} ${host} reeve ${process.pid} ${id} ${data} ${JSON.stringify(message.body)}`
}

const param = (text: string): string => text.replaceAll(/["\\\]]/g, '\\$&')
