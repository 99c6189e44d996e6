export { allowlistDocument, importAllowlist } from './allowlist.ts'
export {
  canonicalAuthority,
  type CanonicalRequest,
  canonicalRequest,
  isRefusal,
  type RawRequest,
  type Refusal,
  requestOfUrl,
} from './canonical.ts'
export { splitCommand } from './command-pattern.ts'
export { decideExecution } from './commands.ts'
export { type CompiledLayer, type CompiledPolicy, compilePolicy, type PolicyLayer } from './compile.ts'
export { decideConnection, decideRequest, type Difference, mayResolve, namesHost } from './decide.ts'
export type * from './decision.ts'
export type * from './document.ts'
export { problemsAtRules, type RuleLines, ruleLines, type RuleText, withoutRule, withRule } from './edit.ts'
export { type CheckedRule, explainRequest } from './explain.ts'
export { matchesPath, matchesWord, type PathPattern, pathPattern } from './glob.ts'
export { canonicalHost } from './host.ts'
export { lintPolicy } from './lint.ts'
export { type DeniedAccess, narrowestRule } from './narrowest.ts'
export { parsePolicy } from './parse.ts'
export type { PolicyProblem } from './problem.ts'
export { runTests, type TestOutcome } from './run-tests.ts'
export { riskyShared } from './shared-hosts.ts'
export { ruleSummary } from './rule-summary.ts'
export { allowlistEntries, ruleTextOf, startPolicy } from './starter.ts'
