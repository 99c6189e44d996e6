import type { Cell } from './answer.ts'
import { visibleText } from './visible.ts'

/**
 * One line of CSV (RFC 4180). A text cell that a spreadsheet would take for a formula gets an apostrophe in front; what
 * would drive a terminal or hide itself is made visible as everywhere.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = visibleText(cell)
  const guarded = /^\s*[=+\-@|]/.test(text) || /^[\t\r]/.test(cell) ? `'${text}` : text
  return /[",\n\r]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
