import { replaceSecrets } from '@reeve/base'
import type { EventProcess, Fact, NetFacts } from './event.ts'

/**
 * What may stand in the record. Everything here comes from programs that are not trusted: it is cut to a length, made
 * free of control characters, and credentials are taken out of it wherever they are known to stand: user names and
 * values in URLs, flags and variables with telling names, headers, request bodies on a command line, and whatever has
 * the form of a known credential.
 */
export function redactFact(fact: Fact): Fact {
  const { process, net, dns, file, exec, facts } = fact
  return {
    ...(fact.policy === undefined ? {} : { policy: fact.policy }),
    kind: fact.kind,
    decision: fact.decision,
    would: fact.would,
    rule: clean(fact.rule, nameCharsMax),
    reason: fact.reason,
    process: process === null ? null : redactProcess(process),
    net: net === null ? null : redactNet(net),
    dns: dns === null ? null : { name: clean(dns.name, 255), type: clean(dns.type, 16), count: dns.count },
    file:
      file === null ? null : { op: clean(file.op, 32), path: redactText(file.path, pathCharsMax), count: file.count },
    exec:
      exec === null
        ? null
        : {
            path: redactText(exec.path, pathCharsMax),
            argv: redactArgv(exec.argv),
            cwd: redactText(exec.cwd, pathCharsMax),
          },
    facts: facts === null ? null : redactFacts(facts),
  }
}

const nameCharsMax = 128
const pathCharsMax = 1024
const urlCharsMax = 2048
const wordsMax = 48
const wordCharsMax = 512
const argvCharsMax = 4096
const queryNamesMax = 32

/** No control characters, no lone surrogates, not longer than that: what PostgreSQL and a terminal take as it is. */
export function clean(text: string, charsMax: number): string {
  const cut = text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text
  // oxlint-disable-next-line no-control-regex -- They are what is looked for.
  return cut.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd').toWellFormed()
}

/** The same without credentials that have the form of known ones. */
export function redactText(text: string, charsMax: number): string {
  return clean(
    replaceSecrets(text, ({ rule }) => `[${rule}]`),
    charsMax,
  )
}

function redactProcess({ pid, exe, argv, tree }: EventProcess): EventProcess {
  return {
    pid,
    exe: exe === null ? null : redactText(exe, pathCharsMax),
    argv: redactArgv(argv),
    tree: tree.slice(0, 16).map((name) => clean(name, 64)),
  }
}

function redactNet(net: NetFacts): NetFacts {
  return {
    protocol: net.protocol,
    method: net.method === null ? null : clean(net.method, 32),
    url: net.url === null ? null : clean(redactUrl(net.url), urlCharsMax),
    host: clean(net.host, 255),
    port: net.port,
    address: net.address === null ? null : clean(net.address, 64),
    inspected: net.inspected,
    status: net.status,
    bytes_up: net.bytes_up,
    bytes_down: net.bytes_down,
    duration_ms: net.duration_ms,
  }
}

function redactFacts(facts: NonNullable<Fact['facts']>): NonNullable<Fact['facts']> {
  return Object.fromEntries(
    Object.entries(facts)
      .slice(0, 32)
      .map(([name, value]) => [clean(name, 64), typeof value === 'string' ? redactText(value, wordCharsMax) : value]),
  )
}

/** `https://user:pw@host/path?a=1&b#c` as `https://host/path?a=*&*`. What is no URL has its known secrets taken out. */
export function redactUrl(text: string): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?/i.exec(text)
  if (parts === null) return replaceSecrets(text, ({ rule }) => `[${rule}]`)
  const [, scheme = '', authority = '', path = '', query] = parts
  const bare = scheme + authority.slice(authority.lastIndexOf('@') + 1) + path
  const masked = replaceSecrets(bare, ({ rule }) => `[${rule}]`)
  return query === undefined ? masked : `${masked}?${redactQuery(query)}`
}

/** The names of a query, each once; a value without a name is only a value. */
function redactQuery(query: string): string {
  const pieces = query.split('&').map((piece) => {
    const equals = piece.indexOf('=')
    if (equals === -1) return piece === '' ? '' : '*'
    return `${replaceSecrets(piece.slice(0, equals), ({ rule }) => `[${rule}]`).slice(0, 64)}=*`
  })
  return [...new Set(pieces)].slice(0, queryNamesMax).join('&')
}

const telling = String.raw`[\w-]*(?:passw|pwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|authori[sz]ation|bearer|cookie|signature)[\w-]*`
/** A flag whose value is a secret, and follows as a word of its own. */
const tellingFlag = new RegExp(`^--?${telling}$`, 'i')
/** `NAME=value` and `--name=value`, in a word or somewhere in a script. */
const tellingAssignment = new RegExp(String.raw`(?<![\w-])((?:--?)?${telling}=)(?:"[^"]*"|'[^']*'|[^\s"'&;|]+)`, 'gi')
/** The same inside a script, with the value behind a space. */
const tellingFlagInText = new RegExp(String.raw`(?<!\S)(--${telling}\s+)(?:"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)`, 'gi')
const headerInText = new RegExp(
  String.raw`(?<![\w-])((?:authori[sz]ation|cookie|x-[\w-]*key|${telling}):\s*)(?:(?:bearer|basic|token|digest)\s+)?[^"'\r\n]+`,
  'gi',
)
const headerWord = new RegExp(String.raw`^(-H|--header=)?((?:x-[\w-]*key|${telling}))\s*:.*$`, 'is')
const urlInText = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]+/gi
const netrcUser = /^(-u|--user|--proxy-user|-U)$/
const bodyFlag = /^(?:-d|-F|-b|--data(?:-\w+)*|--form(?:-string)?|--json|--post-data|--body-data|--cookie)$/

/** A process decides about many things in its life; its command line is looked through once. */
const known = new WeakMap<readonly string[], readonly string[]>()

/** A command line without the secrets on it: `["curl", "-H", "Authorization: *", "https://x.test/?key=*"]`. */
export function redactArgv(argv: readonly string[]): readonly string[] {
  const held = known.get(argv)
  if (held !== undefined) return held
  const redacted = redactWords(argv)
  known.set(argv, redacted)
  return redacted
}

function redactWords(argv: readonly string[]): string[] {
  const program = (argv[0] ?? '').replace(/^.*\//, '')
  const words: string[] = []
  let chars = 0
  for (const [at, word] of argv.entries()) {
    if (at >= wordsMax || chars >= argvCharsMax) {
      words.push('…')
      break
    }
    const shown = clean(redactWord(program, argv[at - 1] ?? '', word.slice(0, 2 * wordCharsMax)), wordCharsMax)
    chars += shown.length
    words.push(shown)
  }
  return words
}

const sendsRequests = new Set(['curl', 'wget', 'http', 'https', 'xh', 'httpie'])
const hasPasswordFlag = new Set(['mysql', 'mysqldump', 'mysqladmin', 'mariadb', 'mariadb-dump', 'sshpass', 'zip', '7z'])

function redactWord(program: string, before: string, word: string): string {
  if (tellingFlag.test(before) && !(word.startsWith('-') && tellingFlag.test(word))) return '*'
  if (netrcUser.test(before) && word.includes(':')) return `${word.slice(0, word.indexOf(':'))}:*`
  const attached = /^(-u)([^:]*):./s.exec(word)
  if (attached !== null && !word.includes('/')) return `${attached[1]}${attached[2]}:*`
  if (sendsRequests.has(program)) {
    if (bodyFlag.test(before) && !word.startsWith('@')) return '*'
    const body = /^(-[dFb]|--(?:data(?:-\w+)*|json|form|post-data|body-data|cookie)=)[^@]/s.exec(word)
    if (body !== null) return `${body[1]}*`
  }
  if (hasPasswordFlag.has(program)) {
    if (before === '-p' && program !== 'mysql') return '*'
    if (/^-p./s.test(word)) return '-p*'
  }
  const header = headerWord.exec(word)
  if (header !== null) return `${header[1] ?? ''}${header[2]}: *`
  return redactScript(word)
}

/** Text that may be a whole script: `bash -c "TOKEN=… curl -H 'Authorization: …' https://…"`. */
function redactScript(text: string): string {
  const withoutUrls = text.replaceAll(urlInText, (url) => redactUrl(url))
  return replaceSecrets(
    withoutUrls
      .replaceAll(headerInText, '$1*')
      .replaceAll(tellingAssignment, '$1*')
      .replaceAll(tellingFlagInText, '$1*'),
    ({ rule }) => `[${rule}]`,
  )
}
