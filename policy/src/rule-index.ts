import { addressBytes } from './address.ts'
import type { NetworkRule } from './document.ts'
import { type PathPattern, pathPattern } from './glob.ts'
import { type HostPattern, hostPattern, matchesHost } from './host.ts'
import { pathRule } from './path.ts'

/** A rule ready for use. Null means any. */
export interface CompiledRule {
  readonly rule: NetworkRule
  readonly hosts: readonly HostPattern[]
  readonly ports: ReadonlySet<number> | null
  readonly methods: ReadonlySet<string> | null
  readonly paths: readonly PathPattern[] | null
  readonly exe: readonly PathPattern[] | null
  readonly expiresMs: number
}

/** A rule that is about a host, and how closely its host names it: more is closer. */
export interface Candidate {
  readonly compiled: CompiledRule
  readonly closeness: number
}

/**
 * Finds the rules about a host by its name, not by going through them: a session may have a thousand, and every request
 * is decided.
 */
export interface RuleIndex {
  readonly rules: readonly CompiledRule[]
  about(host: string): readonly Candidate[]
}

export function compileRule(rule: NetworkRule): CompiledRule {
  const hosts = rule.host.map((text) => {
    const pattern = hostPattern(text)
    if ('message' in pattern) throw new TypeError(`the rule ${rule.id} was not read by parsePolicy: ${pattern.message}`)
    return pattern
  })
  const paths = (rule.http?.paths ?? []).flatMap((text) => {
    const read = pathRule(text)
    if (typeof read === 'string')
      throw new TypeError(`the rule ${rule.id} was not read by parsePolicy: ${text} ${read}`)
    return read
  })
  const methods = rule.http?.methods ?? []
  return {
    rule,
    hosts,
    ports: rule.ports.length === 0 ? null : new Set(rule.ports),
    methods: methods.length === 0 ? null : new Set(methods),
    paths: paths.length === 0 ? null : paths,
    exe: rule.when === null ? null : rule.when.exe.map(pathPattern),
    expiresMs: rule.expires === null ? Number.POSITIVE_INFINITY : Date.parse(rule.expires),
  }
}

export function indexRules(rules: readonly NetworkRule[]): RuleIndex {
  const compiled = rules.map(compileRule)
  const exact = new Map<string, Candidate[]>()
  const suffixes = new Map<string, { readonly candidate: Candidate; readonly pattern: HostPattern }[]>()
  const networks: { readonly candidate: Candidate; readonly pattern: HostPattern }[] = []
  for (const one of compiled) {
    for (const pattern of one.hosts) {
      const candidate = { compiled: one, closeness: closenessOf(pattern) }
      if (pattern.kind === 'exact') push(exact, pattern.host, candidate)
      else if (pattern.kind === 'network') networks.push({ candidate, pattern })
      else push(suffixes, pattern.kind === 'any' ? '' : pattern.suffix, { candidate, pattern })
    }
  }
  const about = (host: string): readonly Candidate[] => {
    const address = addressBytes(host)
    const found = [...(exact.get(host) ?? [])]
    const look = address === null ? endingsOf(host).flatMap((ending) => suffixes.get(ending) ?? []) : networks
    for (const { candidate, pattern } of look) if (matchesHost(pattern, host, address)) found.push(candidate)
    return found.sort((a, b) => b.closeness - a.closeness)
  }
  return { rules: compiled, about }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** `a.b.c`: itself, `b.c`, `c` and nothing. */
function endingsOf(host: string): readonly string[] {
  const endings = [host]
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) endings.push(host.slice(dot + 1))
  return [...endings, '']
}

function closenessOf(pattern: HostPattern): number {
  if (pattern.kind === 'exact') return 1000
  if (pattern.kind === 'network') return pattern.bits
  if (pattern.kind === 'any') return 0
  return pattern.labels.filter((label) => label !== '*').length * 4 + (pattern.leading ? 1 : 2)
}
