import { Fault, type Problem } from '@reeve/base'

/** The `q` of a list: `key:value key:"two words" free words`. Parsed into parts; never put together as SQL. */
export interface Search {
  /** Everything without a key. */
  readonly words: readonly string[]
  values(key: string): readonly string[]
}

const termsMax = 20

/** Throws `invalid` for a key that the list does not know. */
export function readSearch(q: string, keys: readonly string[]): Search {
  const terms = [...q.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/gi)].map(([, key, quoted, plain]) => ({
    key: key?.toLowerCase() ?? null,
    value: quoted ?? plain ?? '',
  }))
  const problems: Problem[] = terms
    .filter(({ key }) => key !== null && !keys.includes(key))
    .map(({ key }) => ({ field: 'q', detail: `there is no key ${key}; there are ${keys.join(', ')}` }))
  if (terms.length > termsMax) problems.push({ field: 'q', detail: `has more than ${termsMax} terms` })
  if (problems.length > 0) throw new Fault('invalid', 'the search is not understood', { problems })
  return {
    words: terms.filter(({ key, value }) => key === null && value !== '').map(({ value }) => value),
    values: (wanted) => terms.filter(({ key }) => key === wanted).map(({ value }) => value),
  }
}
