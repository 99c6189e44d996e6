import { showInstant } from '../instants.ts'
import type { Style } from './style.ts'
import { visibleLine } from './visible.ts'

/**
 * What a command answers. A command never writes to stdout: it hands rows to the printer, which knows the formats, the
 * width of the terminal and what must not reach it. Everything else a command has to say goes to `context.note`.
 *
 * What takes a row is a method, not a property that holds a function: an answer of some rows is then an answer of
 * unknown ones, and only the answer's own rows are ever handed to it.
 */
export interface Answer<Row = unknown> {
  readonly rows: Iterable<Row> | AsyncIterable<Row>
  readonly columns: readonly Column<Row>[]
  id(row: Row): string
  /** What `-o json` prints; without it, the array of rows. */
  document?(rows: readonly Row[]): unknown
  /** What a person is shown instead of a table, in pieces that end with their newline. */
  page?(rows: AsyncIterable<Row>, screen: Screen): AsyncIterable<string>
  /** Rows keep coming until somebody stops it: each is shown at once, and a stop ends the answer properly. */
  readonly endless: boolean
  /** Bytes for stdout as they are, whatever the format: exports, scripts, bodies. Everything above is then unused. */
  readonly raw: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array> | null
  /** For an answer that tells of a problem; 0 when left out. */
  readonly exitCode?: number
  /** Said on stderr when a person asked for a table and there are no rows. */
  readonly empty: string
}

export type Cell = string | number | boolean | null

export interface Column<Row> {
  /** Name for `--columns` and header, in lower case. */
  readonly name: string
  value(row: Row): Cell
  /** What a terminal shows where that differs, as with shortened ids. Plain text; the printer makes it harmless. */
  show?(row: Row, screen: Screen): string
  /** The value is an RFC 3339 instant: relative on a terminal, in the chosen zone elsewhere. */
  readonly instant?: boolean
  tone?(row: Row): Tone
  /** 0 stays whatever the width; higher numbers go first. Above 5 only `-o wide` shows it. */
  readonly priority: number
  /** Takes the width that is left over, and is cut off where that is too little. */
  readonly elastic?: boolean
}

export type Tone = keyof Style | null

/** What a renderer may know of the place where its text will be seen. */
export interface Screen {
  readonly style: Style
  /** Null when stdout is no terminal: nothing is cut off then. */
  readonly width: number | null
  readonly now: Date
  /** IANA name; null for the machine's own. */
  readonly timeZone: string | undefined
}

export function table<Row>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  columns: readonly Column<Row>[],
  id: (row: Row) => string,
  empty: string,
): Answer<Row> {
  return { rows, columns, id, endless: false, raw: null, empty }
}

/** One thing, shown field by field. */
export function one<Row>(row: Row, columns: readonly Column<Row>[], id: (row: Row) => string): Answer<Row> {
  return { ...table([row], columns, id, ''), document: ([first]) => first ?? null, page: showFields(columns) }
}

/** One thing of which a person wants a single text. */
export function oneText<Row>(
  row: Row,
  text: string,
  columns: readonly Column<Row>[],
  id: (row: Row) => string,
): Answer<Row> {
  return { ...one(row, columns, id), page: () => pieces([`${text}\n`]) }
}

export function raw(bytes: NonNullable<Answer['raw']>): Answer<never> {
  return { ...table<never>([], [], () => '', ''), raw: bytes }
}

async function* pieces(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts
}

function showFields<Row>(columns: readonly Column<Row>[]): NonNullable<Answer<Row>['page']> {
  const width = Math.max(...columns.map((column) => column.name.length))
  return async function* (rows, screen) {
    for await (const row of rows) {
      for (const column of columns) {
        const value = shown(column, row, screen)
        if (value !== '') yield `${screen.style.dim(column.name.padEnd(width))}  ${value}\n`
      }
    }
  }
}

/** A cell as text for the eye, harmless and without style. */
export function shown<Row>(column: Column<Row>, row: Row, screen: Screen): string {
  const cell = column.value(row)
  if (cell === null) return ''
  if (column.instant === true && typeof cell === 'string') return showInstant(cell, screen)
  const text = screen.width === null ? String(cell) : (column.show?.(row, screen) ?? String(cell))
  return visibleLine(text)
}
