/** One line of a file of comma-separated values. */
export const csvCells = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\r\n`

/**
 * RFC 4180, for spreadsheets that run what looks like a formula: a text that begins like one gets an apostrophe in front,
 * also where it begins with the full-width form of such a character, which some of them take for the narrow one.
 * What would drive a terminal is written as it would be in JSON.
 */
function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const visible = value.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u200B-\u200F\u202A-\u202E\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const guarded = beginsLikeAFormula(value) ? `'${visible}` : visible
  return /[",\r\n]|^'/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}

/** Whatever stands before it that nobody sees; a tab or a line end at the beginning is enough by itself. */
function beginsLikeAFormula(text: string): boolean {
  if (/^[\t\r\n]/.test(text)) return true
  const [first = ''] = text.replace(/^[\s\p{C}]+/u, '')
  return /^[=+\-\u2212@|]/.test(first.normalize('NFKC'))
}
