import type { CompiledPolicy } from './compile.ts'
import { matchesCommand } from './command-pattern.ts'
import type { Decision, Execution } from './decision.ts'
import type { CommandRule, Effect } from './document.ts'
import { matchesPath, type PathPattern } from './glob.ts'

/** Programs that are another one by their first argument. */
const manifold = /\/(busybox|toybox)[^/]*$/

/**
 * What the policy says to the start of a program: an explicit deny of any layer, then an approved request, then ask,
 * then allow. What no rule is about may run: files and the network are held by other means.
 */
export function decideExecution(policy: CompiledPolicy, execution: Execution): Decision {
  const { layers, grants } = policy
  const find = (effect: Effect, among: typeof layers): Decision | null => {
    for (const layer of among) {
      const found = layer.commands.find(({ rule, exe }) => rule.effect === effect && fits(rule, exe, execution))
      if (found !== undefined) {
        const { id, reason } = found.rule
        return { effect, rule: id, policy: layer.label, reason: 'rule', hint: reason }
      }
    }
    return null
  }
  const unsaid: Decision = {
    effect: 'allow',
    rule: 'default',
    policy: layers.at(-1)?.label ?? 'none',
    reason: 'no-matching-rule',
    hint: null,
  }
  return find('deny', layers) ?? find('allow', grants) ?? find('ask', layers) ?? find('allow', layers) ?? unsaid
}

function fits(rule: CommandRule, exe: readonly PathPattern[] | null, { path, argv, exes }: Execution): boolean {
  if (exe !== null && !exes.some((one) => exe.some((pattern) => matchesPath(pattern, one.split('/'))))) return false
  if (matchesCommand(rule.argv, path, argv)) return true
  // An agent chooses the first word of a command line freely: it can make a rule hold, and never be what allows.
  if (rule.effect === 'allow') return false
  const called = argv[0] ?? ''
  if (called !== '' && called !== path && matchesCommand(rule.argv, called, argv)) return true
  return manifold.test(path) && argv.length > 1 && matchesCommand(rule.argv, argv[1]!, argv.slice(1))
}
