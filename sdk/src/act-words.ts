import type { BoundaryEvent } from './boundary-event.ts'

/** How people read what a boundary decided about: the same in the console and on the command line. */
type Act = Pick<BoundaryEvent, 'kind' | 'net' | 'dns' | 'file' | 'exec' | 'facts'>

/** What it was done to: a host, a name, a program, a file. */
export function actTarget({ net, dns, file, exec, kind, facts }: Act): string {
  if (net !== null) return net.port === 443 || net.port === 80 ? net.host : `${net.host}:${net.port}`
  return dns?.name ?? file?.path ?? exec?.path ?? (kind === 'call' ? String(facts?.['call']) : kind)
}

/** What was done, in a word: a method, a protocol, an operation. */
export function actVerb({ net, dns, file, exec, kind }: Act): string {
  if (net !== null) return net.method ?? net.protocol
  if (dns !== null) return `DNS ${dns.type}`
  return exec === null ? (file?.op ?? kind) : 'run'
}

/** The path of a request, the words of a command, or what else is known of it. */
export function actDetail({ kind, net, exec, facts }: Act): string {
  if (net !== null) return pathOfUrl(net.url)
  if (exec !== null) return exec.argv.join(' ')
  return facts === null || kind === 'call'
    ? ''
    : Object.entries(facts)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')
}

/** With the query; empty where there is none. */
export const pathOfUrl = (url: string | null): string => url?.replace(/^[a-z]+:\/\/[^/]*/i, '') ?? ''

/** All of it in one line, as whoever is asked about it reads it. */
export function actLine(act: Act): string {
  if (act.net !== null) return `${actVerb(act)} ${act.net.url ?? actTarget(act)}`
  return act.exec === null ? `${actVerb(act)} ${actTarget(act)}` : `run ${actDetail(act)}`
}

const reasons: Readonly<Record<string, string>> = {
  rule: 'a rule says so',
  'no-matching-rule': 'no rule allows it',
  'address-class': 'the address is of a class that nothing may reach',
  'not-canonical': 'the request could be read in more than one way',
  'name-mismatch': 'the names inside the connection do not agree',
  protocol: 'the protocol is not one that is let through',
  'too-large': 'the body is larger than the rule allows',
  'expired-policy': 'the policy is too old to be followed',
  'bulk-delete': 'too much was deleted at once',
  'protected-path': 'the path is protected',
  'not-writable': 'nothing can be written there',
  'system-call': 'programs in the sandbox may not call that',
}

/** Why it was decided so. What a newer boundary says is shown as it says it. */
export const reasonText = (reason: string | null): string => reasons[reason ?? ''] ?? reason ?? ''
