import type { Context } from '../context.ts'

export interface PagingInput {
  readonly limit: number | undefined
  readonly all: boolean
}

export interface Page<Row> {
  readonly rows: readonly Row[]
  /** How many the whole list has; null when the server does not say. */
  readonly count: number | null
}

const pageMax = 1000
const limitDefault = 50

/**
 * Reads a list page by page until there are as many rows as were asked for. `read` gets the last row that it gave, from
 * which the server goes on. Says on stderr when there are more.
 */
export async function* paged<Row>(
  context: Context,
  { limit, all }: PagingInput,
  read: (limit: number, last: Row | undefined) => Promise<Page<Row>>,
): AsyncGenerator<Row> {
  const wanted = all ? Number.POSITIVE_INFINITY : (limit ?? limitDefault)
  let given = 0
  let last: Row | undefined
  while (given < wanted) {
    const asked = Math.min(wanted - given, pageMax)
    const { rows, count } = await read(asked, last)
    yield* rows.slice(0, asked)
    given += Math.min(rows.length, asked)
    if (rows.length < asked) return
    last = rows.at(-1)
    if (given >= wanted) {
      if (limit === undefined && count !== null && count > given)
        context.note(`${given} of ${count}: --limit or --all shows more`)
      return
    }
  }
}
