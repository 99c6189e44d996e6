import { queryPieces } from '@reeve/sdk'
import { boundAt, type Range } from './range.ts'

/**
 * The query language of the lists: terms with spaces between them. `key:value` narrows by a fact, a comma in the value
 * means or, quotes keep spaces, commas and colons together; other words are searched for.
 */
export interface Query {
  readonly terms: readonly Term[]
  readonly words: string
}
export interface Term {
  readonly key: string
  /** As it is written, quotes included: `"Claude Code"` is one value, `a,b` are two. */
  readonly text: string
}

export function parseQuery(text: string, keys: readonly string[]): Query {
  const terms: Term[] = []
  const words: string[] = []
  for (const { raw, key, text: value } of queryPieces(text)) {
    if (key !== null && value !== '' && keys.includes(key)) terms.push({ key, text: value })
    else words.push(raw)
  }
  return { terms, words: words.join(' ') }
}

/** The term that asks for exactly this value, whatever characters are in it. */
export const termFor = (key: string, value: string): Term => ({
  key,
  text: /^[\w.@/+-]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`,
})

export const termText = ({ key, text }: Term): string => `${key}:${text}`
/** Without the quotes: for reading. */
export const termValue = ({ text }: Term): string => text.replaceAll('"', '')

export const queryText = ({ terms, words }: Query): string =>
  [...terms.map(termText), words.trim()].filter((text) => text !== '').join(' ')

/** Sets the one term of a key, or takes it away. */
export function withTerm(query: Query, key: string, value: string | null): Query {
  const others = query.terms.filter((term) => term.key !== key)
  return { ...query, terms: value === null ? others : [...others, termFor(key, value)] }
}

export function valueOf({ terms }: Query, key: string): string | null {
  const term = terms.find((one) => one.key === key)
  return term === undefined ? null : termValue(term)
}

/** What a list calls the bounds of its times. */
export type BoundKeys = readonly [from: string, to: string]

/** What the API is asked: the query with the range as instants. Relative bounds are rounded to a minute. */
export function apiQuery(
  text: string,
  range: Range,
  now: Date,
  [after, before]: BoundKeys = ['started_after', 'started_before'],
): string {
  const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000)
  const from = boundAt(range.from, minute)
  const to = boundAt(range.to, minute)
  return [
    text.trim(),
    from === null ? '' : `${after}:${from.toISOString()}`,
    to === null ? '' : `${before}:${to.toISOString()}`,
  ]
    .filter((piece) => piece !== '')
    .join(' ')
}
