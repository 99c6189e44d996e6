import { Fault, Secret } from '@reeve/base'
import { addressCheck, type AllowedNetwork, createEgress } from '../../http/egress.ts'
import { contextOf, type Keyring } from '../../keyring/keyring.ts'
import { sendOtlp, sendRecords, sendWebhook } from './http-sinks.ts'
import type { SinkMessage } from './message.ts'
import type { SinkRow } from './queries.ts'
import { sendSyslog } from './syslog.ts'

/** What a sink is made of once its row has been believed: a way to send, and nothing of how that works. */
export interface Target extends AsyncDisposable {
  /** How many messages go in one piece. */
  readonly batch: number
  /** Resolves when the receiver has taken all of them; throws a `Fault` that can be shown. */
  send(messages: readonly SinkMessage[], now: Date, signal: AbortSignal): Promise<void>
}

const everywhere: readonly AllowedNetwork[] = [
  { address: '0.0.0.0', prefix: 0, family: 'ipv4' },
  { address: '::', prefix: 0, family: 'ipv6' },
]

export const secretContext = (sinkId: string): string => contextOf('audit_sinks', 'secret', sinkId)

export function openTarget(
  row: SinkRow,
  {
    keyring,
    outboundAllowed,
    answerMs = 15_000,
  }: {
    readonly keyring: Pick<Keyring, 'open'>
    readonly outboundAllowed: readonly AllowedNetwork[]
    readonly answerMs?: number
  },
): Target {
  const allowed = row.allow_private ? everywhere : outboundAllowed
  const secret = row.secret === null ? null : keyring.open(row.secret, secretContext(row.id))
  if (row.kind === 'syslog') {
    const { hostname, port } = readSinkUrl('syslog', row.url)
    const host = hostname.replace(/^\[|\]$/g, '')
    const target = { host, port: Number(port || '6514'), ca: row.ca, isAllowed: addressCheck(allowed) }
    return {
      batch: 500,
      send: (messages, _, signal) => sendSyslog(target, messages, signal),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const egress = createEgress({ allowed, ...(row.ca === null ? {} : { ca: row.ca }) })
  const close = () => egress[Symbol.asyncDispose]()
  if (row.kind === 'otlp') {
    return {
      batch: 200,
      send: (messages, _, signal) => sendOtlp(egress, { url: row.url, token: secret, answerMs }, messages, signal),
      [Symbol.asyncDispose]: close,
    }
  }
  return {
    batch: 1,
    async send(messages, now, signal) {
      const signedWith = secret ?? new Secret('')
      const to = { url: row.url, secret: signedWith, now, answerMs }
      for (const [first, ...rest] of groupsOf(messages)) {
        if (first.group === null) await sendWebhook(egress, to, first, signal)
        else await sendRecords(egress, to, [first, ...rest], signal)
      }
    },
    [Symbol.asyncDispose]: close,
  }
}

/** What stands side by side and belongs together. */
function groupsOf(messages: readonly SinkMessage[]): [SinkMessage, ...SinkMessage[]][] {
  const groups: [SinkMessage, ...SinkMessage[]][] = []
  for (const message of messages) {
    const last = groups.at(-1)
    if (last !== undefined && message.group !== null && last[0].group === message.group) last.push(message)
    else groups.push([message])
  }
  return groups
}

/** Throws `invalid` for what the kind of sink cannot be at. */
export function readSinkUrl(kind: SinkRow['kind'], text: string): URL {
  const url = URL.parse(text)
  const protocols = kind === 'syslog' ? ['tls:'] : ['https:', 'http:']
  const wanted = kind === 'syslog' ? 'tls://host:6514' : 'https://host/path'
  const bad = (detail: string) =>
    new Fault('invalid', 'the request has problems', { problems: [{ field: 'url', detail }] })
  if (url === null || !protocols.includes(url.protocol) || url.hostname === '') throw bad(`must be like ${wanted}`)
  if (url.username !== '' || url.password !== '') throw bad('must not contain a user name or a password')
  if (url.hash !== '' || (kind !== 'webhook' && url.search !== '')) throw bad('must not contain a query or a fragment')
  if (kind === 'syslog' && !['', '/'].includes(url.pathname)) throw bad('must not contain a path')
  return url
}
