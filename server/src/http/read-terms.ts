import { Fault, type Problem } from '@reeve/base'
import { pieceValues, queryPieces, unquoted } from '@reeve/sdk'

/** The `q` of a list, by its keys. */
export interface Terms<K extends string> {
  /** All values of a key. */
  of(key: K): readonly string[]
  /** The values of each of its terms. */
  each(key: K): readonly (readonly string[])[]
  /** Terms without a key. */
  readonly words: readonly string[]
  /** Something else is wrong with it. */
  bad(detail: string): void
  /** Throws `Fault('invalid')` with all that is wrong. */
  demandGood(): void
}

const valuesMax = 100

export function readTerms<K extends string>(q: string, keys: readonly K[]): Terms<K> {
  const problems: Problem[] = []
  const bad = (detail: string): void => void problems.push({ field: 'q', detail })
  const terms: { readonly key: K; readonly values: readonly string[] }[] = []
  const words: string[] = []
  for (const { at, raw, key, text } of queryPieces(q)) {
    const known = keys.find((one) => one === key)
    if (raw === '"') bad(`a quote at character ${at + 1} is not closed`)
    else if (key === null) words.push(unquoted(text))
    else if (known === undefined) bad(`there is no key ${key}; the keys are ${keys.join(', ')}`)
    else {
      const values = pieceValues(text)
      if (values.length === 0 || values.includes('')) bad(`${key} has an empty value`)
      terms.push({ key: known, values })
    }
  }
  if (terms.flatMap(({ values }) => values).length + words.length > valuesMax)
    bad(`there are more than ${valuesMax} values`)
  const each = (key: K) => terms.filter((term) => term.key === key).map(({ values }) => values)
  return {
    of: (key) => each(key).flat(),
    each,
    words,
    bad,
    demandGood() {
      if (problems.length > 0) throw new Fault('invalid', 'the search cannot be read', { problems })
    },
  }
}
