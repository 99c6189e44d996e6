import { parseQuery, termValue } from '../table/query.ts'

/**
 * The rows of a list that was read as a whole which a query asks for, as the server picks them where it does: every term
 * narrows, commas in a value mean or, and other words are looked for in the text of the row.
 */
export function pick<Row>(
  rows: readonly Row[],
  q: string,
  facts: Readonly<Record<string, (row: Row) => string>>,
  text: (row: Row) => string,
): readonly Row[] {
  const { terms, words } = parseQuery(q, Object.keys(facts))
  const wanted = wordsOf(words)
  return rows.filter((row) => {
    const readable = text(row).toLowerCase()
    return (
      terms.every((term) =>
        termValue(term)
          .split(',')
          .includes(facts[term.key]?.(row) ?? ''),
      ) && wanted.every((word) => readable.includes(word))
    )
  })
}

const wordsOf = (words: string): string[] =>
  [...words.toLowerCase().matchAll(/"([^"]*)"|([^\s"]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
