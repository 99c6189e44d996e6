import { Fault, isUuid, type Problem, type Uuid } from '@reeve/base'
import { sql } from 'kysely'
import { pieceValues, queryPieces, unquoted } from '@reeve/sdk'
import type { Condition } from './session-queries.ts'

/** The `q` of this room's lists: `key:value,value` for a fact, anything else is looked for. The grammar is in the contract. */
export interface Terms<Key extends string> {
  readonly words: readonly string[]
  values(key: Key): readonly string[]
  /** Null where it is not asked for. */
  instant(key: Key): Date | null
  /** Whole numbers from one to another, as `3..7`. Throws `invalid` for what is none. */
  ranges(key: Key): readonly (readonly [from: number, to: number])[]
  /** Throws `invalid` for a value that is none of these. */
  chosen<T extends string>(key: Key, allowed: readonly T[]): readonly T[]
}

const valuesMax = 100
const wordsMax = 8

export function readTerms<Key extends string>(q: string | undefined, keys: readonly Key[]): Terms<Key> {
  const problems: Problem[] = []
  const bad = (detail: string): void => void problems.push({ field: 'q', detail })
  const words: string[] = []
  const values = new Map<string, string[]>()
  let left = valuesMax
  for (const { at, raw, key, text } of queryPieces(q ?? '')) {
    if (raw === '"') bad(`a quote at character ${at + 1} is not closed`)
    else if (key === null) words.push(unquoted(text))
    else if (keys.find((known) => known === key) === undefined) {
      bad(`there is no key ${key}; the keys are ${keys.join(', ')}`)
    } else {
      const given = key.startsWith('started_') ? [unquoted(text)] : pieceValues(text)
      if (given.length === 0 || given.includes('')) bad(`${key} has an empty value`)
      left -= given.length
      values.set(key, [...(values.get(key) ?? []), ...given])
    }
  }
  if (left < 0) bad(`there are more than ${valuesMax} values`)
  if (words.length > wordsMax) bad(`at most ${wordsMax} words can be looked for at once`)
  if (problems.length > 0) throw unreadable(problems)
  const of = (key: Key): readonly string[] => values.get(key) ?? []
  return {
    words,
    values: of,
    instant(key) {
      const [text, second] = of(key)
      if (text === undefined) return null
      const at = new Date(text)
      if (second !== undefined || Number.isNaN(at.getTime())) {
        throw unreadable([{ field: 'q', detail: `${key} is one time such as 2026-11-20T15:04:05Z` }])
      }
      return at
    },
    ranges(key) {
      return of(key).map((text) => {
        const [, from, to] = /^(\d{1,15})\.\.(\d{1,15})$/.exec(text) ?? []
        if (from === undefined || to === undefined) {
          throw unreadable([{ field: 'q', detail: `${key} is a range such as 3..7, not ${text}` }])
        }
        return [Number(from), Number(to)]
      })
    },
    chosen(key, allowed) {
      return of(key).map((text) => {
        const found = allowed.find((one) => one === text.toLowerCase())
        if (found === undefined) {
          throw unreadable([{ field: 'q', detail: `${key} is one of ${allowed.join(', ')}, not ${text}` }])
        }
        return found
      })
    },
  }
}

const unreadable = (problems: readonly Problem[]): Fault =>
  new Fault('invalid', 'the query cannot be read', { problems })

/** `*` stands for anything; without one the whole text is meant. */
export function matches(column: Condition, patterns: readonly string[]): Condition[] {
  if (patterns.length === 0) return []
  const each = patterns.map((pattern) => {
    const like = pattern.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%')
    return pattern.includes('*') ? sql`${column} ilike ${like}` : sql`lower(${column}) = ${pattern.toLowerCase()}`
  })
  return [sql`(${sql.join(each, sql` or `)})`]
}

export const contains = (column: Condition, word: string): Condition =>
  sql`${column} ilike ${`%${word.replace(/[\\%_]/g, '\\$&')}%`}`

export const all = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)

/** By id or username; `me` is whoever asks. */
export function byUser(column: Condition, who: readonly string[], me: Uuid): Condition[] {
  if (who.length === 0) return []
  const ids = who.map((one) => (one === 'me' ? me : one)).filter(isUuid)
  const names = who.map((one) => one.toLowerCase())
  return [
    sql`${column} in (select id from users where id = any(${ids}::uuid[]) or lower(username) = any(${names}::text[]))`,
  ]
}
