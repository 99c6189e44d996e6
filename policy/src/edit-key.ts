import { isNode, isScalar, type Pair, stringify, type YAMLMap } from 'yaml'
import { endOf, lineEnd, lineStart } from './edit-place.ts'

/** Changes one key of a map in a text, and nothing beside it; undefined takes the key away. */
export function withKey(text: string, map: YAMLMap, key: string, value: unknown): string {
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === key)
  const pair = map.items[index]
  if (pair === undefined) return value === undefined ? text : added(text, map, `${key}: ${flowText(value)}`)
  if (value === undefined) return taken(text, map, index)
  const node = pair.value
  if (!isNode(node)) return text
  if (JSON.stringify(node.toJSON()) === JSON.stringify(value)) return text
  const start = node.range?.[0] ?? 0
  // A list on lines of its own begins below its key; what takes its place stands behind the key.
  const from = lineStart(text, start) > startOf(pair) ? endOf(keyOf(pair)) + 1 : start
  return `${text.slice(0, from)}${from === start ? '' : ' '}${flowText(value)}${text.slice(endOf(node))}`
}

function added(text: string, map: YAMLMap, written: string): string {
  const first = map.items[0]
  const end = endOf(map)
  if (map.flow !== true) {
    const at = lineEnd(text, end)
    const start = first === undefined ? end : startOf(first)
    return `${text.slice(0, at)}\n${' '.repeat(start - lineStart(text, start))}${written}${text.slice(at)}`
  }
  const last = map.items.at(-1)
  const at = last === undefined ? end - 1 : endOfPair(last)
  return `${text.slice(0, at)}${last === undefined ? '' : ', '}${written}${text.slice(at)}`
}

function taken(text: string, map: YAMLMap, index: number): string {
  const [before, pair, after] = [map.items[index - 1], map.items[index], map.items[index + 1]]
  if (pair === undefined) return text
  if (index === 0)
    return text.slice(0, startOf(pair)) + text.slice(after === undefined ? endOfPair(pair) : startOf(after))
  if (map.flow === true && before !== undefined) return text.slice(0, endOfPair(before)) + text.slice(endOfPair(pair))
  return text.slice(0, lineStart(text, startOf(pair))) + text.slice(lineEnd(text, endOfPair(pair)) + 1)
}

function keyOf(pair: Pair) {
  if (isNode(pair.key)) return pair.key
  throw new TypeError('a key that was read from a text is a node')
}

const startOf = (pair: Pair): number => keyOf(pair).range?.[0] ?? 0
const endOfPair = (pair: Pair): number => (isNode(pair.value) ? endOf(pair.value) : endOf(keyOf(pair)) + 1)

/** A value on one line: `{ methods: [GET, HEAD] }`. What is undefined is left out. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (value !== null && typeof value === 'object') {
    const given = Object.entries(value).filter(([, each]) => each !== undefined)
    return `{ ${given.map(([key, each]) => `${key}: ${flowText(each)}`).join(', ')} }`
  }
  // Within brackets more needs quotes than outside of them; the brackets and their spaces are taken off again.
  return stringify([value], { collectionStyle: 'flow', lineWidth: 0 }).trim().slice(2, -2)
}
