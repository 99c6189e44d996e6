import { Fault } from '@reeve/base'
import { type CompiledPolicy, explainRequest, isRefusal, requestOfUrl } from '@reeve/policy'

/** `boundary explain-url GET https://host/path`: what the policy says to it, and which rules were near. Exit code 0 or 1. */
export function explainUrl(
  words: readonly string[],
  policy: CompiledPolicy,
  now: Date,
  write: (text: string) => void,
): number {
  const [method, url, ...more] = words.length === 1 ? ['GET', ...words] : words
  if (method === undefined || url === undefined || more.length > 0) {
    throw new Fault('invalid', 'explain-url wants a method and an address.', {
      fix: 'boundary explain-url GET https://host/path',
    })
  }
  const request = requestOfUrl(method.toUpperCase(), url)
  if (isRefusal(request)) {
    write(`denied (${request.refused}): ${request.message}\n`)
    return 1
  }
  const { decision, checked } = explainRequest(policy, request, now, 10)
  const said = { allow: 'allowed', deny: 'denied', ask: 'asked for' } as const
  const { method: verb, scheme, host, port, path } = request
  write(`${said[decision.effect]}: ${verb} ${scheme}://${host}:${port}${path}\n`)
  write(`  rule    ${decision.rule} of ${decision.policy}${decision.hint === null ? '' : ` (${decision.hint})`}\n`)
  for (const { rule, policy: layer, effect, differs } of checked.filter((one) => one.differs !== 'host')) {
    write(`  looked  ${rule} of ${layer}, ${effect}: ${differs === null ? 'fits' : `another ${differs}`}\n`)
  }
  return decision.effect === 'allow' ? 0 : 1
}
