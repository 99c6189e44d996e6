/**
 * The grammar of `q`, which lists and the console share: terms with spaces between them. `key:value` narrows by a fact,
 * where a comma in the value means or; a term without a key is looked for. Quotes keep spaces, colons and commas together:
 * `client:"Claude Code" model:a,b "flaky: billing"`.
 */
export interface QueryPiece {
  /** Where it begins, from 0. */
  readonly at: number
  /** As it is written. */
  readonly raw: string
  /** In lower case; null for a word. */
  readonly key: string | null
  /** What is behind the colon, or the word; quotes included. */
  readonly text: string
}

const piece = /([A-Za-z_]+):((?:"[^"]*"|[^\s"])*)|(?:"[^"]*"|[^\s"])+|"/g

/** Every text has pieces; a quote that is not closed is one of its own, and so is what comes behind it. */
export function queryPieces(q: string): QueryPiece[] {
  return [...q.matchAll(piece)].map(({ index, 0: raw, 1: key, 2: value }) => ({
    at: index,
    raw,
    key: key?.toLowerCase() ?? null,
    text: value ?? raw,
  }))
}

/** What the commas that are not in quotes stand between, without the quotes. */
export function pieceValues(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+|(?<=^|,)(?=,|$)/g) ?? []).map(unquoted)
}

export const unquoted = (text: string): string => text.replaceAll('"', '')
