import {
  canonicalRequest,
  type CompiledPolicy,
  compilePolicy,
  decideRequest,
  isRefusal,
  parsePolicy,
} from '@reeve/policy'
import { atMost, figure, type Finding } from '../finding.ts'

/** What a decision of the boundary costs, canonical form included, at numbers of rules that policies have. */
export function boundaryRules(): Promise<Finding> {
  const measured = [10, 100, 1_000, 5_000].map((count) => measure(count))
  const thousand = measured.find(({ count }) => count === 1_000)!
  return Promise.resolve({
    question: 'What does a decision of the boundary cost?',
    method:
      'Each rule names two hosts, methods and paths; a tenth are wildcards, a tenth deny, two layers. Requests that are allowed, denied and unknown take turns, with paths in need of decoding. One process, no network.',
    header: ['rules', 'compile ms', 'p50 us', 'p99 us', 'max us', 'decisions/s'],
    rows: measured.map(({ count, compileMs, p50, p99, max, perSecond }) => [
      String(count),
      figure(compileMs),
      figure(p50),
      figure(p99),
      figure(max),
      String(Math.round(perSecond)),
    ]),
    targets: [atMost('decision at 1,000 rules, p99 ms', thousand.p99 / 1000, 1)],
    doubts: [],
  })
}

const decisions = 200_000
const now = new Date('2026-01-01T00:00:00Z')

function measure(count: number) {
  const text = policyOf(count)
  const started = performance.now()
  const policy = compiled(text)
  const compileMs = performance.now() - started
  const took = new Float64Array(decisions)
  for (let at = 0; at < 20_000; at += 1) decide(policy, at, count)
  const from = performance.now()
  for (let at = 0; at < decisions; at += 1) {
    const begin = performance.now()
    decide(policy, at, count)
    took[at] = (performance.now() - begin) * 1000
  }
  const elapsed = performance.now() - from
  took.sort()
  const at = (share: number) => took[Math.min(decisions - 1, Math.floor(decisions * share))]!
  return { count, compileMs, p50: at(0.5), p99: at(0.99), max: at(1), perSecond: (decisions / elapsed) * 1000 }
}

function decide(policy: CompiledPolicy, at: number, count: number): void {
  const number = (at * 7919) % (count * 2)
  const request = canonicalRequest({
    method: at % 5 === 0 ? 'DELETE' : 'GET',
    scheme: 'https',
    authority: number % 3 === 0 ? `x.h${number}.example.com` : `H${number}.example.com`,
    target: at % 4 === 0 ? '/v1/a%2Fb/../c;x=1?q=1' : '/v1/items/1234/comments?page=2',
    exes: ['/usr/bin/curl', '/usr/bin/bash', '/usr/bin/node'],
  })
  if (!isRefusal(request)) decideRequest(policy, request, now)
}

function policyOf(count: number): string {
  const rules = Array.from({ length: count }, (_, at) => {
    const host = at % 10 === 3 ? `*.h${at}.example.com` : `h${at}.example.com`
    const effect = at % 10 === 7 ? ', effect: deny' : ''
    return `    - { id: r${at}${effect}, host: ["${host}", "alt${at}.example.net"], http: { methods: [GET, POST], paths: ["/v1/**", "/v2/*/items"] } }`
  })
  return `apiVersion: reeve/v1\nname: bench\nnetwork:\n  rules:\n${rules.join('\n')}\n`
}

function compiled(text: string): CompiledPolicy {
  const { policy, problems } = parsePolicy(text)
  if (policy === null) throw new Error(JSON.stringify(problems[0]))
  return compilePolicy([
    { label: 'organization@v1', document: policy },
    { label: 'template@v1', document: policy },
  ])
}
