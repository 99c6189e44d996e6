import { createHash } from 'node:crypto'
import type { Range, Scan } from '../scan.ts'
import { parseJson } from './json.ts'
import type { Observation } from './observation.ts'

/** Looking into a body that was scanned: only what is asked for is parsed. */

export function memberOf(scan: Scan, key: string): Range | null {
  return scan.members.find((member) => member.key === key) ?? null
}

/** The value there; undefined when there is none, when it is longer than the bound, or no JSON. */
export function valueAt(body: Buffer, range: Range | null, bytesMax = Number.POSITIVE_INFINITY): unknown {
  if (range === null || range.to - range.from > bytesMax) return undefined
  return parseJson(body.toString('utf8', range.from, range.to))
}

/** SHA-256 (hex) of what a request brought, and after what: how many messages, say; null when it brought nothing. */
export function turnHash(observations: readonly Observation[], after: number | string): string | null {
  if (observations.length === 0) return null
  const hash = createHash('sha256').update(String(after))
  for (const { kind, text, toolCallId } of observations) hash.update(JSON.stringify([kind, text, toolCallId]))
  return hash.digest('hex')
}
