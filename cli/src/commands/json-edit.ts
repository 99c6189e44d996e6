import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser'
import { type Edited, lineAt, unusable } from './settings-file.ts'

/** JSON with comments, as some agents take it; with a comma behind the last member where the agent takes that, too. */
export interface JsonText {
  readonly file: string
  readonly text: string
  readonly trailingCommas: boolean
}

/** What the file says, as one object. */
export function jsonValues(json: JsonText): Record<string, unknown> {
  return getNodeValue(parse(json))
}

/** Sets members, each named by its path, and leaves everything else as it is, comments included. */
export function setJson(
  json: JsonText,
  changes: readonly (readonly [path: readonly string[], value: unknown])[],
): Edited {
  const names: string[] = []
  let text = json.text.trim() === '' ? '{}\n' : json.text
  for (const [path, value] of changes) {
    const edited = setOne({ ...json, text }, path, value)
    if (edited === text) continue
    const expected = jsonValues({ ...json, text })
    put(expected, path, value)
    // Where a name is there twice, what was set may be the one that does not count.
    if (JSON.stringify(jsonValues({ ...json, text: edited })) !== JSON.stringify(expected))
      throw unusable(json.file, null, `${path.join('.')} cannot be set among what is there`, 'set it by hand')
    names.push(path.join('.'))
    text = edited
  }
  return { text, names }
}

function parse({ file, text, trailingCommas }: JsonText): Node {
  const errors: ParseError[] = []
  const root = parseTree(text.trim() === '' ? '{}' : text, errors, { allowTrailingComma: trailingCommas })
  const [first] = errors
  if (first !== undefined) {
    const what = printParseErrorCode(first.error)
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase()
    throw unusable(file, lineAt(text, first.offset), `this is not JSON (${what})`)
  }
  if (root?.type !== 'object') throw unusable(file, 1, 'this does not hold settings')
  return root
}

function setOne(json: JsonText, path: readonly string[], value: unknown): string {
  const { file, text } = json
  let node = parse(json)
  for (const [depth, key] of path.entries()) {
    if (node.type !== 'object') {
      const name = path.slice(0, depth).join('.')
      throw unusable(file, lineAt(text, node.offset), `"${name}" is not a block of settings`)
    }
    const child = findNodeAtLocation(node, [key])
    if (child === undefined) return insert(text, node, key, nested(path.slice(depth + 1), value))
    node = child
  }
  if (JSON.stringify(getNodeValue(node)) === JSON.stringify(value)) return text
  return splice(text, node.offset, node.offset + node.length, JSON.stringify(value))
}

const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) into[key] = value
  else put((into[key] ??= {}) as Record<string, unknown>, rest, value) // SAFETY: setOne has refused what is no block.
}

const splice = (text: string, from: number, to: number, piece: string): string =>
  text.slice(0, from) + piece + text.slice(to)

/** A new member, last in its object; comments stay with the lines that they are on. */
function insert(text: string, object: Node, key: string, value: unknown): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  const unit = /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  '
  const close = object.offset + object.length - 1
  const last = object.children?.at(-1)
  const inside = text.slice(object.offset + 1, close)
  const indent = indentAt(text, object.offset)
  const member = (depth: string) =>
    `${JSON.stringify(key)}: ${JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${depth}`)}`
  if (inside.trim() === '') {
    return splice(text, object.offset + 1, close, `${eol}${indent}${unit}${member(indent + unit)}${eol}${indent}`)
  }
  const end = last === undefined ? close : last.offset + last.length
  const hasComma = last !== undefined && isCommaNext(text, end)
  if (!inside.includes('\n')) {
    const flat = `${JSON.stringify(key)}: ${JSON.stringify(value)}`
    return splice(text, end, end, last === undefined ? `${flat} ` : `, ${flat}`)
  }
  const child = last === undefined ? indent + unit : indentAt(text, last.offset)
  const line = `${child}${member(child)}${hasComma ? ',' : ''}${eol}`
  const closeLine = text.lastIndexOf('\n', close) + 1
  const alone = text.slice(closeLine, close).trim() === ''
  const more = alone ? splice(text, closeLine, closeLine, line) : splice(text, close, close, `${eol}${line}${indent}`)
  return last === undefined || hasComma ? more : splice(more, end, end, ',')
}

const indentAt = (text: string, offset: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset))![0]

function isCommaNext(text: string, offset: number): boolean {
  const scanner = createScanner(text, true)
  scanner.setPosition(offset)
  scanner.scan()
  return text[scanner.getTokenOffset()] === ','
}
