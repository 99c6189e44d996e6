import { Fault, isUuid, type Uuid } from '@reeve/base'
import { Outcome } from '@reeve/sdk'

/**
 * The `q` of the lists: terms with spaces between them, all of which must hold. `key:value` narrows by a fact, where a
 * comma in the value means or; a term without a key is looked for in the prompts. Quotes keep spaces, colons and commas
 * together: `client:"Claude Code" model:a,b "flaky: billing"`.
 */
export interface SessionFilter {
  readonly initiators: readonly string[]
  readonly clients: readonly string[]
  readonly models: readonly string[]
  readonly providers: readonly string[]
  readonly providerNames: readonly string[]
  /** Ours or the client's own. */
  readonly sessionIds: readonly string[]
  readonly outcomes: readonly Outcome[]
  readonly statuses: readonly SessionStatus[]
  readonly startedAfter: Date | null
  readonly startedBefore: Date | null
  readonly words: readonly string[]
  /** Of a masked secret; null looks for none. */
  readonly fingerprint: string | null
}

export type SessionStatus = 'live' | 'done' | 'error'

const statuses: readonly SessionStatus[] = ['live', 'done', 'error']
const wordsMax = 8

interface Term {
  readonly key: string | null
  readonly values: readonly string[]
}

/** Throws `Fault('invalid')` that says what is wrong with which term. `me` is whoever asks. */
export function readSearch(
  q: string | undefined,
  me: { readonly userId: Uuid },
  fingerprint: string | null = null,
): SessionFilter {
  const terms = splitTerms(q ?? '')
  const valuesOf = (...keys: string[]): string[] =>
    terms.flatMap((term) => (term.key !== null && keys.includes(term.key) ? term.values : []))
  for (const { key } of terms) {
    if (key !== null && !keys.includes(key)) {
      throw invalid(`there is no key ${key}; the keys are ${keys.join(', ')}. Put words with a colon into quotes.`)
    }
  }
  const words = terms.flatMap((term) => (term.key === null ? term.values : []))
  if (words.length > wordsMax) throw invalid(`at most ${wordsMax} words can be looked for at once`)
  return {
    initiators: valuesOf('initiator').map((who) => (who === 'me' ? me.userId : who.toLowerCase())),
    clients: valuesOf('client').map((client) => client.toLowerCase()),
    models: valuesOf('model'),
    providers: valuesOf('provider'),
    providerNames: valuesOf('provider_name'),
    sessionIds: valuesOf('session_id').map((id) => (isUuid(id) ? id.toLowerCase() : id)),
    outcomes: valuesOf('outcome').map((value) => oneOf('outcome', value, Outcome.options)),
    statuses: valuesOf('status').map((value) => oneOf('status', value, statuses)),
    startedAfter: instant('started_after', valuesOf('started_after')),
    startedBefore: instant('started_before', valuesOf('started_before')),
    words,
    fingerprint,
  }
}

/** Whether it looks into what was said, and not only at facts about it. */
export const looksForWords = (filter: SessionFilter): boolean => filter.words.length > 0 || filter.fingerprint !== null

const keys = [
  'initiator',
  'client',
  'model',
  'provider',
  'provider_name',
  'session_id',
  'outcome',
  'status',
  'started_after',
  'started_before',
]

/** One term: an optional key, then a run of quoted and plain pieces. */
const termPattern = /(?:([A-Za-z_]+):)?((?:"[^"]*"|[^\s"])*)/y

function splitTerms(q: string): Term[] {
  if (q.includes('\0')) throw invalid('it has a NUL character')
  if ((q.match(/"/g) ?? []).length % 2 !== 0) throw invalid('a quote is not closed')
  const terms: Term[] = []
  let at = 0
  for (;;) {
    while (at < q.length && /\s/.test(q[at]!)) at++
    if (at >= q.length) return terms
    termPattern.lastIndex = at
    const match = termPattern.exec(q)
    const key = match?.[1]?.toLowerCase() ?? null
    const text = match?.[2] ?? ''
    at += Math.max(match?.[0].length ?? 0, 1)
    if (key !== null && text === '') throw invalid(`${key}: has no value`)
    const values = key === null || key.startsWith('started_') ? [unquoted(text)] : splitValues(text)
    if (values.some((value) => value === ''))
      throw invalid(key === null ? 'there is an empty word' : `${key} has an empty value`)
    terms.push({ key, values })
  }
}

/** At the commas that are not in quotes. */
function splitValues(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+|(?<=^|,)(?=,|$)/g) ?? []).map(unquoted)
}

const unquoted = (text: string): string => text.replaceAll('"', '')

function oneOf<T extends string>(key: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value.toLowerCase())
  if (found === undefined) throw invalid(`${key} is one of ${allowed.join(', ')}, not ${value}`)
  return found
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2}))?$/

function instant(key: string, values: readonly string[]): Date | null {
  const [value] = values
  if (value === undefined) return null
  if (values.length > 1) throw invalid(`${key} is there twice`)
  const time = new Date(value)
  if (!rfc3339.test(value) || Number.isNaN(time.getTime())) {
    throw invalid(`${key} is not a time such as 2026-11-20T15:04:05Z: ${value}`)
  }
  return time
}

function invalid(detail: string): Fault {
  return new Fault('invalid', 'the query cannot be read', { problems: [{ field: 'q', detail }] })
}
