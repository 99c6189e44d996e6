import { boundAt, type Range } from './range.ts'

/** The query language of the lists: `key:value` terms, values with spaces in quotes, other words searched for. */
export interface Query {
  readonly terms: readonly Term[]
  readonly words: string
}
export interface Term {
  readonly key: string
  readonly value: string
}

const part = /([a-z_]+):(?:"([^"]*)"|(\S+))|"[^"]*"|\S+/g

export function parseQuery(text: string, keys: readonly string[]): Query {
  const terms: Term[] = []
  const words: string[] = []
  for (const [found, key, quoted, plain] of text.matchAll(part)) {
    if (key !== undefined && keys.includes(key)) terms.push({ key, value: quoted ?? plain ?? '' })
    else words.push(found)
  }
  return { terms, words: words.join(' ') }
}

export const termText = ({ key, value }: Term): string =>
  `${key}:${/^[^\s"]+$/.test(value) ? value : `"${value.replaceAll('"', '')}"`}`

export const queryText = ({ terms, words }: Query): string =>
  [...terms.map(termText), words.trim()].filter((text) => text !== '').join(' ')

/** Sets the one term of a key, or takes it away. */
export function withTerm(query: Query, key: string, value: string | null): Query {
  const others = query.terms.filter((term) => term.key !== key)
  return { ...query, terms: value === null ? others : [...others, { key, value }] }
}

export const valueOf = ({ terms }: Query, key: string): string | null =>
  terms.find((term) => term.key === key)?.value ?? null

/** What the API is asked: the query with the range as instants. Relative bounds are rounded to a minute. */
export function apiQuery(text: string, range: Range, now: Date): string {
  const minute = new Date(Math.floor(now.getTime() / 60_000) * 60_000)
  const from = boundAt(range.from, minute)
  const to = boundAt(range.to, minute)
  return [
    text.trim(),
    from === null ? '' : `started_after:${from.toISOString()}`,
    to === null ? '' : `started_before:${to.toISOString()}`,
  ]
    .filter((piece) => piece !== '')
    .join(' ')
}
