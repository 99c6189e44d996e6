import type { AddressClass, NetworkRule } from './document.ts'
import { hostPattern } from './host.ts'
import { addressBytes } from './address.ts'
import { pathRule } from './path.ts'
import type { PolicyProblem } from './problem.ts'

/**
 * Reads the allow-list of Coder's boundary: `method=GET,HEAD domain=github.com path=/acme/*`. What was a trap there is
 * mended and reported: names are compared without their case, a `*` inside a segment holds, `path=/` is the root alone,
 * an entry without a domain reaches names only. What could only be read as everything is an error.
 */
export function importAllowlist(entries: readonly string[]): {
  readonly rules: readonly NetworkRule[]
  readonly problems: readonly PolicyProblem[]
} {
  const problems: PolicyProblem[] = []
  const rules = entries.flatMap((entry, at) => {
    const found: Found[] = []
    const rule = readEntry(entry, `allow-${at + 1}`, (level, message, fix = null) =>
      found.push({ level, message, fix }),
    )
    for (const one of found) problems.push({ ...one, path: `allowlist[${at}]`, line: null, column: null })
    return found.some(({ level }) => level === 'error') || rule === null ? [] : [rule]
  })
  if (rules.length > 0) {
    problems.push({
      level: 'warning',
      path: 'allowlist',
      line: null,
      column: null,
      message: 'the entries name no ports: 443 and, without TLS, 80 are allowed, where every port was',
      fix: 'name ports in a policy document: boundary import writes one',
    })
  }
  return { rules, problems }
}

type Found = Pick<PolicyProblem, 'level' | 'message' | 'fix'>
type Note = (level: Found['level'], message: string, fix?: string | null) => void

function readEntry(entry: string, id: string, note: Note): NetworkRule | null {
  const parts = readParts(entry, note)
  if (parts === null) return null
  const { host, classes } = readDomain(parts.get('domain') ?? null, note)
  const methods = readMethods(parts.get('method') ?? null, note)
  const paths = (parts.get('path')?.split(',') ?? []).flatMap((text) => readPath(text, note))
  const anyPath = paths.length === 0 || paths.includes('/**')
  return {
    id,
    effect: 'allow',
    host: [host],
    ports: [443, 80],
    http: methods.length === 0 && anyPath ? null : { methods, paths: anyPath ? [] : paths },
    tcp: false,
    tls: 'inspect',
    when: null,
    inject_session: false,
    request_bytes_max: null,
    address_classes: classes,
    reason: null,
    expires: null,
    extendable: false,
  }
}

const keys = ['method', 'domain', 'path']

function readParts(entry: string, note: Note): ReadonlyMap<string, string> | null {
  const words = entry
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) {
    note('error', 'an empty entry would allow everything', 'take it out')
    return null
  }
  const parts = new Map<string, string>()
  for (const word of words) {
    const [, key, value] = /^([^=]*)=(.*)$/.exec(word) ?? []
    if (key === undefined || value === undefined) note('error', `"${word}" is not key=value`, listFix(word))
    else if (!keys.includes(key)) note('error', `"${key}" is not known`, 'known are method, domain and path')
    else if (parts.has(key))
      note('error', `"${key}" stands twice`, key === 'domain' ? 'make two entries of it' : 'write one list: GET,HEAD')
    else if (value === '' || /^,|,,|,$/.test(value)) note('error', `"${word}" has an empty value`, listFix(word))
    else parts.set(key, value)
  }
  return parts
}

const listFix = (word: string) =>
  word.includes(',') || !word.includes('=') ? 'no space after a comma, none at the end' : null

function readDomain(
  text: string | null,
  note: Note,
): { readonly host: string; readonly classes: readonly AddressClass[] } {
  if (text === null || text === '*') {
    const what = text === null ? 'an entry without a domain' : 'domain=*'
    note('warning', `${what} is about every public host name, and about no address`, 'name the domains')
    return { host: '*', classes: [] }
  }
  const pattern = hostPattern(text)
  if ('message' in pattern) {
    const port = /:\d+$/.test(text) ? 'leave the port out; a policy document can name it' : pattern.fix
    note('error', pattern.message, port)
    return { host: text, classes: [] }
  }
  if (pattern.kind === 'network') {
    note('error', `"${text}" is a network`, 'write it in a policy document')
    return { host: text, classes: [] }
  }
  if (/[A-Z]/.test(text))
    note('warning', `"${text}" matched no request that wrote the name in small letters; now it does`)
  if (pattern.kind === 'exact' && addressBytes(pattern.host) !== null) return readAddress(pattern.host, note)
  return { host: pattern.kind === 'exact' ? pattern.host : text.toLowerCase(), classes: [] }
}

/** Whoever writes an address of the own network means it, but never the services of the machine or of the cloud. */
function readAddress(host: string, note: Note): { readonly host: string; readonly classes: readonly AddressClass[] } {
  const inner: readonly (readonly [RegExp, AddressClass])[] = [
    [/^(127\.|::1$)/, 'loopback'],
    [/^(169\.254\.|fe[89ab])/, 'link_local'],
    [/^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/, 'private'],
  ]
  const found = inner.find(([form]) => form.test(host))?.[1]
  if (found === 'private') {
    note(
      'warning',
      `${host} is a private address: this entry opens it`,
      'a name with address_classes: [private] says it better',
    )
    return { host, classes: ['private'] }
  }
  if (found !== undefined)
    note('warning', `${host} is ${found}: it stays denied`, 'reach the service by a name of its own')
  return { host, classes: [] }
}

function readMethods(text: string | null, note: Note): readonly string[] {
  const methods = text?.split(',') ?? []
  if (methods.includes('*')) return []
  return methods.map((method) => {
    const upper = method.toUpperCase()
    if (!/^[A-Z][A-Z0-9-]{0,31}$/.test(upper)) note('error', `"${method}" is not a method`)
    else if (upper !== method) note('warning', `"${method}" matched no request; it is read as ${upper}`)
    return upper
  })
}

function readPath(text: string, note: Note): readonly string[] {
  if (text === '*' || text === '/*') return ['/**']
  if (text === '/') note('warning', 'path=/ was every path; it is the root alone now', 'for every path leave path out')
  const open = text.endsWith('/*') ? `${text}*` : text
  const read = pathRule(open)
  if (typeof read === 'string') {
    note('error', `path "${text}" ${read}`)
    return []
  }
  if (/[^/]\*/.test(text)) note('warning', `"${text}" matched nothing; its * now holds inside the segment`)
  // Coder drops the slash at the end of a pattern, so its users know both to be meant.
  if (text.length > 1 && text.endsWith('/')) {
    note('warning', `"${text}" is also about ${text.slice(0, -1)}`)
    return [text, text.slice(0, -1)]
  }
  return [open]
}

/** An allow-list as a document: what was in it and nothing else. */
export function allowlistDocument(name: string, rules: readonly NetworkRule[]): string {
  const lines = rules.map((rule) => {
    const { id, host, ports, http, address_classes: classes } = rule
    const methods = http?.methods ?? []
    const paths = http?.paths ?? []
    const web = { ...(methods.length > 0 ? { methods } : {}), ...(paths.length > 0 ? { paths } : {}) }
    const parts = {
      id,
      host,
      ports,
      ...(http === null ? {} : { http: web }),
      ...(classes.length > 0 ? { address_classes: classes } : {}),
    }
    return `    - ${JSON.stringify(parts)}\n`
  })
  const list = lines.length === 0 ? '  rules: []\n' : `  rules:\n${lines.join('')}`
  return `apiVersion: reeve/v1\nname: ${name}\nmode: enforce\nnetwork:\n${list}`
}
