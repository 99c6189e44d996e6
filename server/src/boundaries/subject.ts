import { Fault } from '@reeve/base'
import {
  canonicalHost,
  type CompiledPolicy,
  compilePolicy,
  type Connection,
  decideConnection,
  decideExecution,
  decideRequest,
  type Decision,
  type Execution,
  explainRequest,
  isRefusal,
  parsePolicy,
  requestOfUrl,
  ruleSummary,
  splitCommand,
  type WebRequest,
} from '@reeve/policy'
import type { BoundaryLine, CheckedRule } from '@reeve/sdk'

/** One thing that a policy is asked about, and what it says. The boundary decides by the same functions. */
export type Subject =
  | { readonly web: WebRequest }
  | { readonly tcp: Connection }
  | { readonly run: Execution }
  /** There is no one form of it, so it is denied whatever a policy says. */
  | { readonly refused: string }

/** `GET https://host/path` or `tcp://host:port`, as people write it. */
export function readRequest(text: string, exes: readonly string[]): Subject {
  const raw = /^(?:CONNECT )?tcp:\/\/(.+):(\d{1,5})$/.exec(text.trim())
  if (raw !== null) {
    const host = canonicalHost(raw[1] ?? '')
    return host === null ? { refused: 'authority' } : { tcp: { host, port: Number(raw[2]), exes } }
  }
  const words = /^(\S+) (https?:\/\/\S+)$/i.exec(text.trim())
  if (words === null) throw bad('request', 'is not a request such as GET https://host/path, or tcp://host:port')
  const request = requestOfUrl(words[1] ?? '', words[2] ?? '', exes)
  return isRefusal(request) ? { refused: request.refused } : { web: request }
}

export function readCommand(text: string, exe: string | undefined, exes: readonly string[]): Subject {
  const argv = splitCommand(text) ?? []
  if (argv.length === 0) throw bad('command', 'is not a command line')
  return { run: { path: exe ?? argv[0] ?? '', argv, cwd: '/', exes } }
}

const bad = (field: string, detail: string): Fault =>
  new Fault('invalid', 'the request has problems', { problems: [{ field, detail }] })

/** Of a line of a record; null for what no rule is about. Of the parents only the program itself is known. */
export function subjectOf({ kind, net, exec, process }: BoundaryLine): Subject | null {
  const exes = process?.exe == null ? [] : [process.exe]
  // What a boundary asks about is told as `access`.
  if (exec !== null && (kind === 'exec' || kind === 'access')) return { run: { ...exec, exes } }
  if (net === null || (kind !== 'net' && kind !== 'access')) return null
  if (net.method === null || net.url === null) return { tcp: { host: net.host, port: net.port, exes } }
  const request = requestOfUrl(net.method, net.url, exes)
  return isRefusal(request) ? { refused: request.refused } : { web: request }
}

export function decide(policy: CompiledPolicy, subject: Subject, now: Date): Decision {
  if ('web' in subject) return decideRequest(policy, subject.web, now)
  if ('tcp' in subject) return decideConnection(policy, subject.tcp, now)
  if ('run' in subject) return decideExecution(policy, subject.run)
  const label = policy.layers[0]?.label ?? 'none'
  return { effect: 'deny', rule: 'default', policy: label, reason: 'not-canonical', hint: null }
}

const checkedMax = 50

/** The rules that were looked at, those that came closest first. */
export function checkedRules(policy: CompiledPolicy, subject: Subject, now: Date): CheckedRule[] {
  const layers = [...policy.layers, ...policy.grants]
  if ('web' in subject) {
    const summaries = new Map(
      layers.flatMap(({ label, rules }) => rules.rules.map(({ rule }) => [`${label} ${rule.id}`, ruleSummary(rule)])),
    )
    return explainRequest(policy, subject.web, now, checkedMax).checked.map(({ rule, policy: label, differs }) => ({
      rule,
      policy: label,
      summary: summaries.get(`${label} ${rule}`) ?? rule,
      differs,
    }))
  }
  const decision = decide(policy, subject, now)
  const isIt = (label: string, rule: string) => label === decision.policy && rule === decision.rule
  if ('run' in subject) {
    return layers
      .flatMap(({ label, commands }) =>
        commands.map(({ rule }) => ({
          rule: rule.id,
          policy: label,
          summary: `${rule.effect} ${rule.argv.map((word) => (typeof word === 'string' ? word : '…')).join(' ')}`,
          differs: isIt(label, rule.id) ? null : ('command' as const),
        })),
      )
      .slice(0, checkedMax)
  }
  if (!('tcp' in subject)) return []
  const { host } = subject.tcp
  return layers
    .flatMap(({ label, rules }) => {
      const about = new Set(rules.about(host).map(({ compiled }) => compiled))
      return rules.rules.map((compiled) => ({
        rule: compiled.rule.id,
        policy: label,
        summary: ruleSummary(compiled.rule),
        differs: isIt(label, compiled.rule.id) ? null : about.has(compiled) ? ('port' as const) : ('host' as const),
      }))
    })
    .slice(0, checkedMax)
}

/** Stored layers made ready. One that a newer release does not read any more is left out: what stays only narrows less. */
export function compiled(
  layers: readonly {
    readonly scope: string
    readonly name: string
    readonly version: number
    readonly document: string
  }[],
): CompiledPolicy {
  return compilePolicy(
    layers.flatMap(({ scope, name, version, document: text }) => {
      const { policy } = parsePolicy(text)
      return policy === null ? [] : [{ label: `${name}@v${version}`, document: policy, grant: scope === 'grant' }]
    }),
  )
}
