import { once } from 'node:events'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Fault } from '@reeve/base'
import type { CorporateProxy } from './dial.ts'
import { connectTo } from './machine.ts'

/**
 * The proxy that the supervisor's own environment names: `HTTPS_PROXY`, and `NO_PROXY` for what goes without it. Nothing of
 * the command's environment is read here. Null where there is none.
 */
export function corporateProxyFrom(env: Readonly<Record<string, string | undefined>>): CorporateProxy | null {
  const text = env['HTTPS_PROXY'] ?? env['https_proxy'] ?? ''
  if (text === '') return null
  const url = proxyUrl(text)
  const exempt = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  return {
    covers: (host) => !exempt.some((entry) => isExempt(host, entry.toLowerCase())),
    connect: async (host, port, signal) => await tunnel(url, host, port, signal),
  }
}

function proxyUrl(text: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new Fault('invalid', 'HTTPS_PROXY is not the address of an HTTP proxy', { fix: 'write http://host:port' })
}

/** `example.com` and what is under it, `.example.com`, `*`; an address by itself. */
function isExempt(host: string, entry: string): boolean {
  if (entry === '*') return true
  const name = entry.replace(/^\*?\./, '').replace(/:\d+$/, '')
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

async function tunnel(url: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const tls = url.protocol === 'https:'
  const plain = await connectTo(name, Number(url.port || (tls ? 443 : 80)), signal)
  const socket = tls ? connectTls({ socket: plain, ...(isIP(name) === 0 ? { servername: name } : {}) }) : plain
  const end = (): void => void socket.destroy()
  signal.addEventListener('abort', end)
  try {
    if (tls) await once(socket, 'secureConnect')
    const authority = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
    const credential = decodeURIComponent(`${url.username}:${url.password}`)
    const login =
      url.username === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(credential).toString('base64')}\r\n`
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`)
    const status = await answeredStatus(socket)
    if (status >= 200 && status < 300) return socket
    throw Object.assign(new Error(`the proxy answered ${status}`), { code: 'EPROXY' })
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Reads the head of the answer and leaves what comes behind it in the socket. */
async function answeredStatus(socket: Socket): Promise<number> {
  let head = Buffer.alloc(0)
  for (;;) {
    const piece: Buffer | null = socket.read()
    if (piece === null) {
      if (socket.readableEnded || socket.destroyed) throw Object.assign(new Error('cut off'), { code: 'EPROXY' })
      await Promise.race([once(socket, 'readable'), once(socket, 'close')])
      continue
    }
    head = Buffer.concat([head, piece])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0 && head.length < headBytesMax) continue
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 64))?.[1]
    if (end < 0 || status === undefined) throw Object.assign(new Error('no answer of a proxy'), { code: 'EPROXY' })
    if (head.length > end + 4) socket.unshift(head.subarray(end + 4))
    return Number(status)
  }
}
const headBytesMax = 16_384
