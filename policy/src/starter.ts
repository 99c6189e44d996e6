import { parse } from 'yaml'
import { allowlistDocument, importAllowlist } from './allowlist.ts'
import type { NetworkRule } from './document.ts'
import type { RuleText } from './edit.ts'
import type { PolicyProblem } from './problem.ts'

/**
 * The text of a new policy, with the rules of an allow-list where there is one. It only observes: nothing that works
 * today stops working by being written down.
 */
export function startPolicy(
  name: string,
  allowlist: string,
): { readonly text: string; readonly problems: readonly PolicyProblem[] } {
  const { rules, problems } = importAllowlist(allowlistEntries(allowlist))
  return { text: allowlistDocument(name, rules).replace('\nmode: enforce\n', `\n${observing}\n`), problems }
}

const observing =
  '# observe lets pass what would be denied, and says so; make it enforce when the rules are whole.\nmode: observe'

/** From the configuration of a Coder boundary, a YAML list, or one entry on each line. */
export function allowlistEntries(text: string): readonly string[] {
  const read = parsed(text)
  const list = read !== null && typeof read === 'object' && 'allowlist' in read ? read.allowlist : read
  if (Array.isArray(list)) return list.map(String)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return null
  }
}

/** A rule as a form has it. What stands for a default is left out, so that the text stays as short as it was. */
export const ruleTextOf = ({ id, effect, host, ports, tcp, http, when, reason, expires }: NetworkRule): RuleText => ({
  id,
  effect,
  host: [...host],
  ports: !tcp && ports.length === 1 && ports[0] === 443 ? [] : [...ports],
  tcp,
  methods: (http?.methods ?? []).filter((method) => method !== '*'),
  paths: (http?.paths ?? []).filter((path) => path !== '/**'),
  exe: when?.exe ?? [],
  reason,
  expires,
})
