import type { BoundaryEvent } from '@reeve/sdk'

/** How a decision of a boundary reads, whatever it was about. */

type Act = Pick<BoundaryEvent, 'kind' | 'net' | 'dns' | 'file' | 'exec' | 'facts'>

export function verdictOf({ decision, would }: BoundaryEvent): 'allowed' | 'denied' | 'observed' {
  if (decision === 'deny') return 'denied'
  return would === 'allow' ? 'allowed' : 'observed'
}

export function targetOf({ net, dns, file, exec, kind, facts }: Act): string {
  if (net !== null) return net.port === 443 || net.port === 80 ? net.host : `${net.host}:${net.port}`
  return dns?.name ?? file?.path ?? exec?.path ?? (kind === 'call' ? String(facts?.['call']) : kind)
}

export function actOf({ net, dns, file, exec, kind }: Act): string {
  if (net !== null) return net.method ?? net.protocol
  if (dns !== null) return `DNS ${dns.type}`
  return exec === null ? (file?.op ?? kind) : 'run'
}

/** The path of a request, or the words of a command. */
export function detailOf({ net, exec }: Act): string {
  if (net !== null) return net.url?.replace(/^[a-z]+:\/\/[^/]*/i, '') ?? ''
  return exec?.argv.join(' ') ?? ''
}

/** All of it in one line. */
export function actLine(act: Act): string {
  if (act.net !== null) return `${actOf(act)} ${act.net.url ?? targetOf(act)}`
  return act.exec === null ? `${actOf(act)} ${targetOf(act)}` : `run ${detailOf(act)}`
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

export const reasonText = (reason: string | null): string => reasons[reason ?? ''] ?? reason ?? ''
