import { isMap, isNode, isSeq, type Node } from 'yaml'

/** Places in a text, as offsets. */

export const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1

/** Before the line break, or at the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Behind the last character of a node. What is written on lines ends where the last thing in it does. */
export function endOf(node: Node): number {
  const own = node.range?.[1] ?? 0
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1)
    if (last !== undefined && isNode(last.value)) return endOf(last.value)
    return last !== undefined && isNode(last.key) ? endOf(last.key) + 1 : own
  }
  const last = isSeq(node) && node.flow !== true ? node.items.at(-1) : undefined
  return isNode(last) ? endOf(last) : own
}
