import type { BoundaryEvent } from '@reeve/sdk'

/** How a decision reads, whatever it was about. */

type Act = Pick<BoundaryEvent, 'kind' | 'net' | 'dns' | 'file' | 'exec' | 'facts'>

/** What it was done to: a host, a name, a program, a file. */
export function targetOf({ net, dns, file, exec, kind, facts }: Act): string {
  if (net !== null) return net.port === 443 || net.port === 80 ? net.host : `${net.host}:${net.port}`
  return dns?.name ?? file?.path ?? exec?.path ?? (kind === 'call' ? String(facts?.['call']) : kind)
}

/** What was done, in a word: a method, a protocol, an operation. */
export function actOf({ net, dns, file, exec, kind }: Act): string {
  if (net !== null) return net.method ?? net.protocol
  if (dns !== null) return `DNS ${dns.type}`
  if (exec !== null) return 'run'
  return file?.op ?? kind
}

/** The path of a request, or the words of a command. */
export function detailOf({ kind, net, exec, facts }: Act): string {
  if (net !== null) return pathOf(net.url)
  if (exec !== null) return exec.argv.join(' ')
  return facts === null || kind === 'call'
    ? ''
    : Object.entries(facts)
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')
}

export const pathOf = (url: string | null): string => url?.replace(/^[a-z]+:\/\/[^/]*/i, '') ?? ''

/** All of it in one line, as whoever is asked about it reads it. */
export function actLine(act: Act): string {
  if (act.net !== null) return `${act.net.method ?? act.net.protocol} ${act.net.url ?? targetOf(act)}`
  return act.exec === null ? `${actOf(act)} ${targetOf(act)}` : `run ${detailOf(act)}`
}

/** What became of a wish for a credential that git uses; empty for everything else. */
export function credentialText({ facts }: Pick<Act, 'facts'>): string {
  const { credential, provider } = facts ?? {}
  if (credential === 'handed-out') return `handed out, of the linked account ${provider ?? ''}`
  if (credential === 'not-linked') return 'none: no account is linked'
  return credential === 'denied' ? 'denied, as the host is' : ''
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

/** `claude → bash → curl`. */
export const treeText = (tree: readonly string[]): string => tree.join(' → ')
