import { Fault } from '@reeve/base'
import { type Answer, type Cell, type Column, type Screen, shown } from './answer.ts'
import { csvLine } from './csv.ts'
import { showInstant } from '../instants.ts'
import { layTable } from './table.ts'
import { visibleJson, visibleLine } from './visible.ts'
import type { Writer } from './writer.ts'

export const formats = ['table', 'wide', 'json', 'jsonl', 'csv', 'id'] as const
export type Format = (typeof formats)[number]

export interface PrintOptions {
  readonly format: Format
  readonly columns: readonly string[] | null
  readonly screen: Screen
  readonly signal: AbortSignal
  note(text: string): void
}

/** Writes an answer in the format that was asked for: the only place from which stdout is written. */
export async function print<Row>(answer: Answer<Row>, out: Writer, options: PrintOptions): Promise<void> {
  if (answer.raw !== null) {
    for await (const bytes of answer.raw) await out.write(bytes)
    return
  }
  const columns = chosenColumns(answer.columns, options)
  const rows = await begun(answer.endless ? untilStopped(answer.rows, options.signal) : fromIterable(answer.rows))
  switch (options.format) {
    case 'json': {
      const all = await Array.fromAsync(rows)
      await out.write(json(answer.document === undefined ? all : answer.document(all), 2))
      return
    }
    case 'jsonl':
      for await (const row of rows) await out.write(json(row))
      return
    case 'csv':
      await out.write(csvLine(columns.map((column) => column.name)))
      for await (const row of rows)
        await out.write(csvLine(columns.map((column) => placed(column, row, options.screen))))
      return
    case 'id':
      for await (const row of rows) await out.write(`${visibleLine(answer.id(row))}\n`)
      return
    default:
      await printForPeople(answer, rows, columns, out, options)
  }
}

async function printForPeople<Row>(
  answer: Answer<Row>,
  rows: AsyncGenerator<Row>,
  columns: readonly Column<Row>[],
  out: Writer,
  options: PrintOptions,
): Promise<void> {
  const { screen } = options
  if (answer.page !== undefined && options.columns === null) {
    for await (const piece of answer.page(rows, screen)) await out.write(piece)
  } else if (screen.width === null || answer.endless) {
    await out.write(`${columns.map((column) => column.name.toUpperCase()).join('\t')}\n`)
    for await (const row of rows) await out.write(`${columns.map((column) => shown(column, row, screen)).join('\t')}\n`)
  } else {
    const all = await Array.fromAsync(rows)
    if (all.length === 0) return options.note(answer.empty)
    const width = options.format === 'wide' ? Number.POSITIVE_INFINITY : screen.width
    const { lines, dropped } = layTable(all, columns, screen, width)
    await out.write(`${lines.join('\n')}\n`)
    const hidden = dropped + (options.columns === null ? answer.columns.length - columns.length : 0)
    if (hidden > 0) options.note(`+${hidden} ${hidden === 1 ? 'column' : 'columns'}: -o wide`)
  }
}

function chosenColumns<Row>(
  all: readonly Column<Row>[],
  { columns, format, screen }: PrintOptions,
): readonly Column<Row>[] {
  if (format === 'csv' && all.length === 0)
    throw new Fault('invalid', 'this answer has no columns', { fix: 'use -o json' })
  if (columns === null)
    return format === 'table' && screen.width !== null ? all.filter((column) => column.priority <= 5) : all
  return columns.map((name) => {
    const found = all.find((column) => column.name === name.toLowerCase())
    if (found !== undefined) return found
    throw new Fault('invalid', `there is no column "${name}"`, {
      fix: `choose from ${all.map((column) => column.name).join(', ')}`,
    })
  })
}

function placed<Row>(column: Column<Row>, row: Row, screen: Screen): Cell {
  const cell = column.value(row)
  return column.instant === true && typeof cell === 'string' ? showInstant(cell, { ...screen, width: null }) : cell
}

function json(value: unknown, indent?: number): string {
  return `${visibleJson(JSON.stringify(value, null, indent) ?? 'null')}\n`
}

async function* fromIterable<Row>(rows: Iterable<Row> | AsyncIterable<Row>): AsyncGenerator<Row> {
  yield* rows
}

/** Waits for the first row, so that nothing is written when there is an error instead of rows. */
async function begun<Row>(rows: AsyncGenerator<Row>): Promise<AsyncGenerator<Row>> {
  const first = await rows.next()
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* rows
  })()
}

/** A stop by the user is how rows without an end end. */
async function* untilStopped<Row>(rows: Iterable<Row> | AsyncIterable<Row>, signal: AbortSignal): AsyncGenerator<Row> {
  try {
    yield* rows
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}
