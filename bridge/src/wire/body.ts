import { createHash } from 'node:crypto'
import type { Range, Scan } from '../scan.ts'
import { modelCharsMax, modelName, parseJson } from './json.ts'
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

const oddModel = 'The request names its model in a way that others could read differently.'

/**
 * The model that a body names; empty where it names none, or by something that is no text, which the provider will
 * refuse. What is not plain is a problem: the name that is decided on and recorded is the one that the provider reads.
 */
export function modelOf(body: Buffer, scan: Scan): { readonly model: string; readonly problem?: string } {
  const range = memberOf(scan, 'model')
  const value = valueAt(body, range, modelCharsMax * 6)
  const model = typeof value === 'string' ? modelName(value) : ''
  const isOdd = (range !== null && value === undefined) || (typeof value === 'string' && value !== model)
  return isOdd ? { model, problem: oddModel } : { model }
}

/** Of an API that names the model in the path: a body that names one must name the same. */
export function modelOfPath(
  body: Buffer,
  scan: Scan,
  model: string,
): { readonly model: string; readonly problem?: string } {
  const named = modelOf(body, scan)
  const isOther = memberOf(scan, 'model') !== null && named.model.split('/').at(-1) !== model
  return named.problem !== undefined || isOther ? { model, problem: oddModel } : { model }
}
