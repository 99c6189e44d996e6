import type { CompiledLayer, CompiledPolicy } from './compile.ts'
import type { Connection, ConnectionDecision, Decision, RequestDecision, WebRequest } from './decision.ts'
import type { AddressClass } from './document.ts'
import { matchesPath } from './glob.ts'
import { decideLayered, type Fit, type Layered, type Said } from './layered.ts'
import { addressClasses, always } from './parse-network.ts'
import { readings } from './path.ts'
import type { Candidate, CompiledRule } from './rule-index.ts'

/** In the order in which they are compared, and told to people. */
export type Difference = 'host' | 'port' | 'method' | 'path' | 'process' | 'expired'

interface RuleFit extends Fit {
  readonly compiled: CompiledRule
}

/** Where the rule and a request part; null where it fits. The host was compared already. */
export function requestDiffers(
  compiled: CompiledRule,
  request: WebRequest,
  ways: readonly (readonly string[])[],
  nowMs: number,
): Difference | null {
  const { rule, ports, methods, paths } = compiled
  const denies = rule.effect !== 'allow'
  if (rule.tcp && denies) return 'port'
  if (ports !== null && !ports.has(request.port)) return 'port'
  // Port 443 is where TLS is; plain HTTP there is not what the rule means.
  if (!denies && request.port === 443 && request.scheme === 'http') return 'port'
  if (methods !== null && !methods.has(request.method)) return 'method'
  if (paths !== null) {
    const fits = (way: readonly string[]) => paths.some((pattern) => matchesPath(pattern, way))
    if (!(denies ? ways.some(fits) : ways.every(fits))) return 'path'
  }
  return contextDiffers(compiled, request.exes, nowMs)
}

function contextDiffers({ exe, expiresMs }: CompiledRule, exes: readonly string[], nowMs: number): Difference | null {
  if (exe !== null && !exes.some((one) => exe.some((pattern) => matchesPath(pattern, one.split('/'))))) return 'process'
  return nowMs >= expiresMs ? 'expired' : null
}

export function decideRequest(policy: CompiledPolicy, request: WebRequest, now: Date): RequestDecision {
  const ways = readings(request.path)
  if (ways === null) {
    const decision = { effect: 'deny', rule: 'default', policy: policy.layers[0]?.label ?? 'none', hint: null } as const
    return {
      ...decision,
      reason: 'not-canonical',
      deniedClasses: addressClasses,
      injectSession: false,
      requestBytesMax: null,
    }
  }
  const nowMs = now.getTime()
  const layered = decideLayered(policy, (layer) =>
    said(layer.rules.about(request.host), nowMs, (one) => requestDiffers(one, request, ways, nowMs) === null),
  )
  const rules = layered.allowing.map(({ fit }) => fit.compiled.rule)
  const limits = rules.flatMap(({ request_bytes_max }) => request_bytes_max ?? [])
  return {
    ...layered.decision,
    deniedClasses: deniedClasses(policy, layered),
    injectSession: rules.some(({ inject_session }) => inject_session),
    requestBytesMax: limits.length === 0 ? null : Math.min(...limits),
  }
}

/** The closest rule of each effect; of equally close hosts the one with the longer path. */
function said(
  candidates: readonly Candidate[],
  nowMs: number,
  fits: (compiled: CompiledRule) => boolean,
): Said<RuleFit> {
  const found: Record<'deny' | 'ask' | 'allow', { closeness: number; compiled: CompiledRule } | null> = {
    deny: null,
    ask: null,
    allow: null,
  }
  for (const { compiled, closeness } of candidates) {
    const { effect } = compiled.rule
    const before = found[effect]
    if (before !== null && (before.closeness > closeness || depth(before.compiled) >= depth(compiled))) continue
    if (fits(compiled)) found[effect] = { closeness, compiled }
  }
  const fit = (one: { compiled: CompiledRule } | null): RuleFit | null =>
    one === null ? null : { id: one.compiled.rule.id, reason: one.compiled.rule.reason, compiled: one.compiled }
  const extendable = candidates.some(({ compiled }) => compiled.rule.extendable && nowMs < compiled.expiresMs)
  return { deny: fit(found.deny), ask: fit(found.ask), allow: fit(found.allow), extendable }
}

const depth = ({ paths }: CompiledRule): number =>
  paths === null ? 0 : Math.max(...paths.map((pattern) => pattern.length))

/** Classes that any layer denies, where the rule of it that allowed makes no exception. */
function deniedClasses(policy: CompiledPolicy, { allowing, granted }: Layered<RuleFit>): readonly AddressClass[] {
  const excepted = (layer: CompiledLayer): readonly AddressClass[] =>
    allowing.find((one) => granted || one.layer === layer)?.fit.compiled.rule.address_classes ?? []
  const denies = (name: AddressClass) =>
    policy.layers.some((layer) => layer.deniedClasses.includes(name) && !excepted(layer).includes(name))
  return addressClasses.filter((name) => always.includes(name) || allowing.length === 0 || denies(name))
}

const carries = ['tcp', 'passthrough', 'web'] as const

/** How far a rule lets a connection go unseen: `tcp` includes the others. */
const carryOf = ({ rule }: CompiledRule): (typeof carries)[number] =>
  rule.tcp ? 'tcp' : rule.tls === 'passthrough' ? 'passthrough' : 'web'

/**
 * A connection before its first byte. `allow` with carry `web` means only that a request on it may be allowed: each is
 * decided by itself. Where any rule that denies or asks looks at requests, the connection is read.
 */
export function decideConnection(policy: CompiledPolicy, connection: Connection, now: Date): ConnectionDecision {
  const nowMs = now.getTime()
  const fits = (one: CompiledRule) =>
    (one.ports === null || one.ports.has(connection.port)) && contextDiffers(one, connection.exes, nowMs) === null
  const looks = policy.layers.some((layer) =>
    layer.rules.about(connection.host).some(({ compiled }) => {
      const { effect, http } = compiled.rule
      return (
        effect !== 'allow' && (http !== null || (effect === 'ask' && carryOf(compiled) === 'web')) && fits(compiled)
      )
    }),
  )
  const layeredAs = (carry: (typeof carries)[number]): Layered<RuleFit> =>
    decideLayered(policy, (layer) =>
      said(layer.rules.about(connection.host), nowMs, (one) => {
        if (one.rule.effect === 'deny') return one.rule.http === null && (!one.rule.tcp || carry === 'tcp') && fits(one)
        return carries.indexOf(carryOf(one)) <= carries.indexOf(carry) && fits(one)
      }),
    )
  const answer = (carry: (typeof carries)[number], layered: Layered<RuleFit>): ConnectionDecision => ({
    ...layered.decision,
    carry,
    deniedClasses: deniedClasses(policy, layered),
  })
  for (const carry of looks ? [] : (['tcp', 'passthrough'] as const)) {
    const layered = layeredAs(carry)
    if (layered.decision.effect !== 'deny') return answer(carry, layered)
  }
  const web = answer('web', layeredAs('web'))
  return web.effect === 'ask' ? { ...web, effect: 'allow' } : web
}

/** Whether a rule names the host itself, not only a pattern that it fits: who asks for it then chose none of its letters. */
export function namesHost(policy: CompiledPolicy, name: string): boolean {
  return [...policy.layers, ...policy.grants].some(({ rules }) =>
    rules
      .about(name)
      .some(
        ({ compiled: { rule, hosts } }) =>
          rule.effect !== 'deny' && hosts.some((pattern) => pattern.kind === 'exact' && pattern.host === name),
      ),
  )
}

/** Whether a name may have an address inside: only where some rule could let something reach it. */
export function mayResolve(policy: CompiledPolicy, name: string, now: Date): Decision {
  const nowMs = now.getTime()
  const { decision } = decideLayered(policy, (layer) =>
    said(layer.rules.about(name), nowMs, ({ rule, ports, exe, expiresMs }) => {
      if (nowMs >= expiresMs) return false
      return rule.effect !== 'deny' || (rule.http === null && !rule.tcp && ports === null && exe === null)
    }),
  )
  return decision.effect === 'ask' ? { ...decision, effect: 'allow' } : decision
}
