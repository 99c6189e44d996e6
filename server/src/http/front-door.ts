import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { Fault } from '@reeve/base'
import { type Refusal, refusal } from './faults.ts'

/**
 * What every request must pass, whichever part of the server it is for. Node's parser answers the classic smuggling
 * tricks itself; these are the ones that it lets through.
 */
export interface FrontDoorOptions {
  /**
   * Set while nobody has named the server's public address and it listens to its own machine only. Then a request that
   * a proxy brought, or that calls the server by another name, is somebody reaching in from outside: a proxy that was
   * put in front, or a web page whose name was made to resolve to this machine.
   */
  readonly localOnly: boolean
}

export function checkRequest(req: IncomingMessage, { localOnly }: FrontDoorOptions): Refusal | null {
  const host = req.headers.host
  if (countHeader(req, 'host') !== 1 || host === undefined) {
    return bad('a request needs exactly one Host header')
  }
  // The parser hands a request over before it finds that it cannot tell where its body ends.
  if ((req.headers['transfer-encoding'] ?? 'chunked').toLowerCase() !== 'chunked') {
    return bad('the only transfer encoding is chunked')
  }
  if (req.method === 'CONNECT' || req.method === 'TRACE') {
    return refusal(405, new Fault('invalid', `${req.method} is not served here`))
  }
  if (!isPlainTarget(req.url ?? '')) return bad('the path is not in its plain form')
  if (localOnly) {
    if (!isLocalName(host)) {
      return bad(`this server answers to localhost only, not to ${printable(host)}`, setAccessUrl)
    }
    const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip'].find((name) => req.headers[name] !== undefined)
    if (forwarded !== undefined) return bad(`this request came through a proxy (${forwarded})`, setAccessUrl)
  }
  return null
}

const setAccessUrl = 'set REEVE_ACCESS_URL to the address that people use'
const bad = (message: string, fix?: string): Refusal =>
  refusal(400, new Fault('invalid', message, fix === undefined ? {} : { fix }), { Connection: 'close' })

export function countHeader(req: IncomingMessage, name: string): number {
  let count = 0
  for (let i = 0; i < req.rawHeaders.length; i += 2) if (req.rawHeaders[i]!.toLowerCase() === name) count++
  return count
}

/** The path of a request target, without the query. */
export function pathOf(req: IncomingMessage): string {
  const target = req.url ?? ''
  const question = target.indexOf('?')
  return question === -1 ? target : target.slice(0, question)
}

/**
 * One path has one spelling. Dots, doubled or encoded slashes, backslashes and absolute targets are the ways in which
 * two readers of one path come to different ends.
 */
function isPlainTarget(target: string): boolean {
  const question = target.indexOf('?')
  const path = question === -1 ? target : target.slice(0, question)
  return /^\/[\x21-\x7e]*$/.test(path) && !/[\\;]|\/\/|\/\.\.?(?:\/|$)|%(?:2f|5c|00|2e)/i.test(path)
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

const printable = (text: string): string => text.slice(0, 100).replaceAll(/[^\x20-\x7e]/g, '?')
