import type { NetworkRule, PolicyDocument } from './document.ts'
import { covers } from './glob.ts'
import { hostPattern } from './host.ts'
import type { PolicyProblem } from './problem.ts'
import { riskyShared } from './shared-hosts.ts'

type Finding = Pick<PolicyProblem, 'message' | 'fix'>

/** What a policy says that its author may not mean. Warnings only: the policy is as good as it reads. */
export function lintPolicy(document: PolicyDocument, now: Date): readonly PolicyProblem[] {
  const { rules } = document.network
  const problems: PolicyProblem[] = []
  const warn = (path: string, { message, fix }: Finding) =>
    problems.push({ level: 'warning', path, line: null, column: null, message, fix })
  rules.forEach((rule, at) => {
    const path = `network.rules[${at}]`
    for (const finding of [...findings(rule, now), ...dead(rules, rule, at)]) warn(path, finding)
  })
  if (rules.length > 0 && document.tests.length === 0) {
    warn('tests', {
      message: 'the policy has no tests',
      fix: 'tests: [{ request: "GET https://host/", expect: allow }]',
    })
  }
  return problems
}

function findings(rule: NetworkRule, now: Date): readonly Finding[] {
  const found: Finding[] = []
  const say = (message: string, fix: string | null = null) => found.push({ message, fix })
  if (rule.expires !== null && Date.parse(rule.expires) <= now.getTime()) say(`${rule.id} has expired`, 'take it out')
  if (rule.effect === 'deny') return found
  for (const host of rule.host) {
    const shared = riskyShared(host)
    const pinned = (rule.http?.paths ?? []).length > 0
    if (host === '*') say(`${rule.id} is about every host name`, 'name the domains')
    else if (/^\*\.[^.]+$/.test(host)) say(`${host} is a whole top-level domain`, 'name the domains')
    else if (shared !== null && !pinned && writes(rule)) {
      say(
        `anybody can keep things at ${shared}: what is allowed to write there can carry data out`,
        'name paths or only GET and HEAD',
      )
    }
    const pattern = hostPattern(host)
    if ('kind' in pattern && pattern.kind === 'network' && pattern.bits < 8) say(`${host} is most of the internet`)
  }
  if (rule.ports.includes(80) && !rule.tcp) say(`${rule.id} allows plain HTTP`, 'leave port 80 out')
  if (rule.tls === 'passthrough') say(`${rule.id} is not looked into: methods, paths and bodies are not seen`)
  if (rule.tcp && rule.ports.some((port) => port === 443 || port === 80))
    say(`${rule.id} lets web requests pass unread`)
  return found
}

const writes = ({ http }: NetworkRule): boolean =>
  http === null ||
  http.methods.length === 0 ||
  http.methods.some((method) => !['GET', 'HEAD', 'OPTIONS'].includes(method))

/** Rules that can never decide: another one takes everything that they are about. */
function dead(rules: readonly NetworkRule[], rule: NetworkRule, at: number): readonly Finding[] {
  for (const [other, wide] of rules.entries()) {
    if (other === at || !contains(wide, rule)) continue
    if (wide.effect === 'deny' && rule.effect !== 'deny') {
      return [{ message: `${rule.id} can never allow: ${wide.id} denies all of it`, fix: 'take one of them out' }]
    }
    const same = contains(rule, wide)
    if (wide.effect === rule.effect && (!same || other < at)) {
      const message = same ? `${rule.id} says the same as ${wide.id}` : `${rule.id} adds nothing to ${wide.id}`
      return [{ message, fix: 'take it out' }]
    }
  }
  return []
}

/** Whether all that `inner` is about, `outer` is about. What is not sure is not said. */
function contains(outer: NetworkRule, inner: NetworkRule): boolean {
  if (outer.when !== null && JSON.stringify(outer.when) !== JSON.stringify(inner.when)) return false
  if (outer.expires !== null && outer.expires !== inner.expires) return false
  if (outer.effect !== 'deny' && !alike(outer, inner)) return false
  const every = outer.effect === 'deny' && outer.ports.length === 0
  const ports = every || (inner.ports.length > 0 && inner.ports.every((port) => outer.ports.includes(port)))
  return (
    ports && inner.host.every((host) => outer.host.some((wide) => hostCovers(wide, host))) && httpContains(outer, inner)
  )
}

/** What else a rule brings: one that limits bodies or opens classes is not replaced by one that does not. */
const alike = (a: NetworkRule, b: NetworkRule): boolean => {
  const rest = (rule: NetworkRule) => [
    rule.tcp,
    rule.tls,
    rule.inject_session,
    rule.request_bytes_max,
    rule.address_classes,
    rule.extendable,
  ]
  return JSON.stringify(rest(a)) === JSON.stringify(rest(b))
}

function httpContains({ http: outer, tcp }: NetworkRule, inner: NetworkRule): boolean {
  if (tcp !== inner.tcp && tcp) return false
  if (outer === null) return true
  if (inner.http === null) return false
  const { methods, paths } = inner.http
  const method =
    outer.methods.length === 0 || (methods.length > 0 && methods.every((one) => outer.methods.includes(one)))
  const path =
    outer.paths.length === 0 ||
    (paths.length > 0 && paths.every((one) => outer.paths.some((wide) => covers(wide, one))))
  return method && path
}

function hostCovers(outer: string, inner: string): boolean {
  if (outer === inner) return true
  const [wide, narrow] = [hostPattern(outer), hostPattern(inner)]
  if (!('kind' in wide) || !('kind' in narrow) || narrow.kind === 'network' || narrow.kind === 'any') return false
  if (wide.kind === 'exact') return narrow.kind === 'exact' && wide.host === narrow.host
  if (wide.kind !== 'wildcard' || !outer.startsWith('*.') || outer.lastIndexOf('*') !== 0) return wide.kind === 'any'
  return inner.toLowerCase().endsWith(`.${wide.suffix}`)
}
