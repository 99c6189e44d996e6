import { canonicalRequest, isRefusal } from './canonical.ts'
import { type CompiledPolicy, compilePolicy } from './compile.ts'
import { decideRequest } from './decide.ts'
import type { RequestDecision } from './decision.ts'
import type { PolicyDocument } from './document.ts'
import { parsePolicy } from './parse.ts'

/** For tests: policies from their text, and requests as a client writes them. */

export const noon = new Date('2026-11-21T12:00:00Z')

export function document(body: string, name = 'p0'): PolicyDocument {
  const { policy, problems } = parsePolicy(`apiVersion: reeve/v1\nname: ${name}\n${body}`)
  if (policy === null) throw new Error(JSON.stringify(problems))
  return policy
}

/** Each text a layer, the widest first; labels are `l0@v1`, `l1@v1`. */
export const compiled = (...bodies: readonly string[]): CompiledPolicy =>
  compilePolicy(bodies.map((body, at) => ({ label: `l${at}@v1`, document: document(body, `l${at}`) })))

/** `refused` where the request has no canonical form. */
export function ask(policy: CompiledPolicy, line: string, exes: readonly string[] = []): RequestDecision | 'refused' {
  const [, method, scheme, authority, target] = /^(\S+) (https?):\/\/([^/]*)(.*)$/.exec(line) ?? []
  const request = canonicalRequest({
    method: method!,
    scheme: scheme === 'http' ? 'http' : 'https',
    authority: authority!,
    target: target === '' ? '/' : target!,
    exes,
  })
  return isRefusal(request) ? 'refused' : decideRequest(policy, request, noon)
}

/** The effect alone. */
export function effect(policy: CompiledPolicy, line: string, exes: readonly string[] = []): string {
  const decision = ask(policy, line, exes)
  return decision === 'refused' ? decision : decision.effect
}
