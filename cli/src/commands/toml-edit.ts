import { isDeepStrictEqual } from 'node:util'
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser'
import { type Edited, unusable } from './settings-file.ts'

export interface TomlChange {
  /** One key at the top of the file. */
  readonly top: readonly [key: string, value: string]
  /** A table of its own, and what is to stand in it; whatever else is in there stays, but for the keys that go. */
  readonly table: readonly string[]
  readonly values: Readonly<Record<string, string>>
  readonly gone: readonly string[]
}

interface Piece {
  readonly from: number
  readonly to: number
  readonly text: string
}

type Table = Record<string, unknown>

/** What the file says. */
export function tomlValues(file: string, text: string): Table {
  return getStaticTOMLValue(parse(file, withoutMark(text)))
}

/** Sets a key and a table and leaves everything else as it is, comments and order included. */
export function setToml(file: string, text: string, change: TomlChange): Edited {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const read = withoutMark(text)
  const body = read === '' || read.endsWith('\n') ? read : `${read}${eol}`
  const [top] = parse(file, body).body
  const own = top.body.find((node) => isTable(node) && isDeepStrictEqual(node.resolvedKey, change.table))
  refuseOtherForms(file, top, change)
  const names: string[] = []
  const pieces: Piece[] = []

  const [key, value] = change.top
  const keys = top.body.filter((node) => !isTable(node))
  const found = keys.find((node) => isDeepStrictEqual(pathOf(node), [key]))
  if (found === undefined) {
    const last = keys.at(-1)
    const gap = last === undefined && body.trim() !== '' ? eol : ''
    pieces.push(newLines(body, last === undefined ? 0 : last.range[1], `${line(key, value)}${eol}${gap}`))
    names.push(key)
  } else if (getStaticTOMLValue(found.value) !== value) {
    pieces.push({ from: found.value.range[0], to: found.value.range[1], text: quoted(value) })
    names.push(key)
  }

  const name = change.table.join('.')
  if (own === undefined || !isTable(own)) {
    const lines = Object.entries(change.values).map(([one, wanted]) => `${line(one, wanted)}${eol}`)
    pieces.push(newLines(body, body.length, `${eol}[${name}]${eol}${lines.join('')}`))
    names.push(name)
  } else {
    for (const node of own.body) {
      const one = pathOf(node).join('.')
      const wanted = change.values[one]
      if (change.gone.includes(one)) pieces.push(wholeLines(body, node))
      else if (wanted === undefined || getStaticTOMLValue(node.value) === wanted) continue
      else pieces.push({ from: node.value.range[0], to: node.value.range[1], text: quoted(wanted) })
      names.push(`${name}.${one}`)
    }
    const there = own.body.map((node) => pathOf(node).join('.'))
    const missing = Object.entries(change.values).filter(([one]) => !there.includes(one))
    const lines = missing.map(([one, wanted]) => `${line(one, wanted)}${eol}`).join('')
    if (missing.length > 0) pieces.push(newLines(body, (own.body.at(-1) ?? own.key).range[1], lines))
    names.push(...missing.map(([one]) => `${name}.${one}`))
  }

  if (pieces.length === 0) return { text, names }
  const edited = text.slice(0, text.length - read.length) + assemble(body, pieces)
  refuseSurprises(file, body, edited, change)
  return { text: edited, names }
}

const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text)
const isTable = (node: AST.TOMLTable | AST.TOMLKeyValue): node is AST.TOMLTable => node.type === 'TOMLTable'
// A string of JSON is one of TOML, but for one character that TOML wants escaped.
const line = (key: string, value: string): string => `${key} = ${quoted(value)}`
const quoted = (value: string): string => JSON.stringify(value).replaceAll('\u007F', '\\u007F')

function pathOf(node: AST.TOMLKeyValue): string[] {
  return node.key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value))
}

function parse(file: string, text: string): AST.TOMLProgram {
  try {
    return parseTOML(text)
  } catch (thrown) {
    if (!(thrown instanceof ParseError)) throw thrown
    throw unusable(file, thrown.lineNumber, `this is not TOML: ${thrown.message}`)
  }
}

/** The same table may be written in other ways, in which nothing can be put without taking it apart. */
function refuseOtherForms(file: string, top: AST.TOMLTopLevelTable, { table, gone }: TomlChange): void {
  const refuse = (node: AST.TOMLNode, path: readonly (string | number)[]) => {
    const name = table.join('.')
    if (isPrefix(table, path) && gone.includes(String(path[table.length])))
      throw unusable(file, node.loc.start.line, `${path.join('.')} says who signs in`, 'remove it')
    throw unusable(
      file,
      node.loc.start.line,
      `${path.join('.')} is written in a form that ${name} cannot be added to`,
      `write it as tables of their own, as in [${name}]`,
    )
  }
  const inTheWay = (path: readonly (string | number)[]) => isPrefix(path, table) || isPrefix(table, path)
  for (const node of top.body) {
    if (!isTable(node)) {
      if (inTheWay(pathOf(node))) refuse(node, pathOf(node))
      continue
    }
    const path = node.resolvedKey
    if (isDeepStrictEqual(path, table)) continue
    if (isPrefix(table, path) && gone.includes(String(path[table.length]))) refuse(node, path)
    if (node.kind === 'array' && isPrefix(path.slice(0, -1), table)) refuse(node, path.slice(0, -1))
    if (isPrefix(table, path)) continue
    for (const inner of node.body) {
      const whole = [...path, ...pathOf(inner)]
      if (inTheWay(whole)) refuse(inner, whole)
    }
  }
}

const isPrefix = (short: readonly unknown[], long: readonly unknown[]): boolean =>
  short.every((part, index) => part === long[index])

/** What was written must say what was meant and nothing else: whatever was not thought of is found here. */
function refuseSurprises(file: string, before: string, after: string, change: TomlChange): void {
  const expected = tomlValues(file, before)
  const [key, value] = change.top
  expected[key] = value
  let table = expected
  // SAFETY: what is no table at one of these places has been refused.
  for (const part of change.table) table = (table[part] ??= {}) as Table
  for (const one of change.gone) delete table[one]
  Object.assign(table, change.values)
  let said: Table | null = null
  try {
    said = getStaticTOMLValue(parseTOML(withoutMark(after)))
  } catch (thrown) {
    if (!(thrown instanceof ParseError)) throw thrown
  }
  if (said === null || !isDeepStrictEqual(said, expected))
    throw unusable(file, null, `${key} cannot be set among what is there`, `set ${key} by hand`)
}

/** Lines of their own behind the line that has this place in it; 0 is before all lines. */
function newLines(text: string, place: number, lines: string): Piece {
  const at = place === 0 ? 0 : endOfLine(text, place)
  return { from: at, to: at, text: lines }
}

const wholeLines = (text: string, { range: [from, to] }: AST.TOMLKeyValue): Piece => ({
  from: text.lastIndexOf('\n', from - 1) + 1,
  to: endOfLine(text, to),
  text: '',
})

const endOfLine = (text: string, place: number): number =>
  place === text.length ? place : text.indexOf('\n', place) + 1

/** Of two pieces for one place the first one given comes first. */
function assemble(text: string, pieces: readonly Piece[]): string {
  let edited = ''
  let at = 0
  for (const { from, to, text: piece } of pieces.toSorted((a, b) => a.from - b.from)) {
    edited += text.slice(at, from) + piece
    at = to
  }
  return edited + text.slice(at)
}
