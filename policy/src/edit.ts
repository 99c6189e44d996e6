import { type Document, isMap, isSeq, LineCounter, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Effect } from './document.ts'
import { flowText, withKey } from './edit-key.ts'
import { endOf, lineEnd, lineStart } from './edit-place.ts'
import type { PolicyProblem } from './problem.ts'

/**
 * Changes of single rules in the text of a document. What is not about the rule stays as somebody wrote it, comments
 * included, so that a table of rules and the text beside it are two views of one thing.
 */

/** A rule of the network as a form has it: what is empty is not written. */
export interface RuleText {
  readonly id: string
  readonly effect: Effect
  readonly host: readonly string[]
  readonly ports: readonly number[]
  readonly tcp: boolean
  readonly methods: readonly string[]
  readonly paths: readonly string[]
  readonly exe: readonly string[]
  readonly reason: string | null
  readonly expires: string | null
}

/** Lines of the text that a rule stands on, from 1, both included. */
export interface RuleLines {
  readonly from: number
  readonly to: number
}

const place = ['network', 'rules'] as const

/** Where each rule of the network stands, in their order; none where the text is no document with rules. */
export function ruleLines(text: string): readonly RuleLines[] {
  const lines = new LineCounter()
  const rules = rulesOf(parseDocument(text, { lineCounter: lines }))
  return (rules?.items ?? []).map((item) => {
    const [from = 0, to = from] = isMap(item) ? (item.range ?? []) : []
    return { from: lines.linePos(from).line, to: lines.linePos(Math.max(from, to - 1)).line }
  })
}

/** What is said of a rule as a whole stands where the rule does. */
export function problemsAtRules(text: string, problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const lines = ruleLines(text)
  return problems.map((problem) => {
    const index = /^network\.rules\[(\d+)\]/.exec(problem.path)?.[1]
    if (problem.line !== null || index === undefined) return problem
    return { ...problem, line: lines[Number(index)]?.from ?? null }
  })
}

/** The text with this rule in place of the one at `index`, or behind the last; null where it cannot be read. */
export function withRule(text: string, index: number | null, rule: RuleText): string | null {
  const document = readable(text)
  if (document === null) return null
  const rules = rulesOf(document)
  if (index !== null && isMap(rules?.items[index])) return changed(text, index, rule)
  const [first, last] = [rules?.items[0], rules?.items.at(-1)]
  if (rules === null || rules.flow === true || !isMap(first) || !isMap(last)) return placed(document, rules, rule)
  const at = lineEnd(text, endOf(last))
  const indent = /^ */.exec(text.slice(lineStart(text, first.range?.[0] ?? 0)))?.[0] ?? ''
  return `${text.slice(0, at)}\n${indent}- ${flowText(plain(rule))}${text.slice(at)}`
}

/** The text without the rule at `index`; null where there is none. */
export function withoutRule(text: string, index: number): string | null {
  const document = readable(text)
  const rules = document === null ? null : rulesOf(document)
  const item = rules?.items[index]
  if (document === null || rules === null || !isMap(item)) return null
  if (rules.flow !== true && rules.items.length > 1)
    return text.slice(0, lineStart(text, item.range?.[0] ?? 0)) + text.slice(lineEnd(text, endOf(item)) + 1)
  rules.items.splice(index, 1)
  return written(document)
}

function readable(text: string): Document.Parsed | null {
  const document = parseDocument(text)
  return document.errors.length === 0 && isMap(document.contents) ? document : null
}

function rulesOf(document: Document.Parsed): YAMLSeq | null {
  const found = document.getIn(place, true)
  return isSeq(found) ? found : null
}

/** Key by key, each in the text that the one before left. */
function changed(text: string, index: number, rule: RuleText): string | null {
  let result: string = text
  for (const [key, value] of Object.entries(plain(rule))) {
    const item = ruleAt(result, index)
    if (item === null) return null
    result = withKey(result, item, key, value)
  }
  return result
}

function ruleAt(text: string, index: number): YAMLMap | null {
  const item = rulesOf(parseDocument(text))?.items[index]
  return isMap(item) ? item : null
}

/** Where there is no list of lines yet, the document is written anew. */
function placed(document: Document.Parsed, rules: YAMLSeq | null, rule: RuleText): string {
  const given = Object.entries(plain(rule)).filter(([, value]) => value !== undefined)
  const node = document.createNode(Object.fromEntries(given), { flow: true })
  if (rules === null) document.setIn(place, document.createNode([node]))
  else {
    // An empty list is written `[]`; rules stand below each other.
    if (rules.items.length === 0) rules.flow = false
    rules.items.push(node)
  }
  return written(document)
}

const written = (document: Document.Parsed): string => document.toString({ lineWidth: 120 })

/** As it is written; undefined where the default says it. */
function plain(rule: RuleText): Record<string, unknown> {
  const { methods, paths, exe, ports, host } = rule
  const http = {
    ...(methods.length === 0 ? {} : { methods: [...methods] }),
    ...(paths.length === 0 ? {} : { paths: [...paths] }),
  }
  return {
    id: rule.id,
    effect: rule.effect === 'allow' ? undefined : rule.effect,
    host: host.length === 1 ? host[0] : [...host],
    ports: ports.length === 0 ? undefined : [...ports],
    tcp: rule.tcp ? true : undefined,
    http: rule.tcp || Object.keys(http).length === 0 ? undefined : http,
    when: exe.length === 0 ? undefined : { exe: [...exe] },
    reason: rule.reason ?? undefined,
    expires: rule.expires ?? undefined,
  }
}
