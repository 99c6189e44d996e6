import { parseJson } from '../json.ts'
import type { Observation, ResponseReading } from '../observation.ts'
import { finish, initial, stepPiece } from './stream.ts'

/**
 * Understands an answer that came as one JSON document: a response, or the list of responses that a stream without
 * events is. Of a list that was cut off, the responses that are whole count.
 */
export function readWhole(bytes: Buffer): ResponseReading {
  const text = bytes.toString('utf8').trim()
  const value = parseJson(text) ?? (text.startsWith('[') ? wholeOnes(text) : undefined)
  const observations: Observation[] = []
  let state = initial
  for (const piece of Array.isArray(value) ? value : [value]) {
    const [next, seen] = stepPiece(state, piece)
    state = next
    observations.push(...seen)
  }
  const end = finish(state)
  return { ...end, observations: [...observations, ...end.observations] }
}

/** So many closing braces are tried from the end: the last response that is whole is nearer than that. */
const triesMax = 1000

function wholeOnes(text: string): unknown {
  let end = text.length
  for (let tries = 0; tries < triesMax; tries++) {
    end = text.lastIndexOf('}', end - 1)
    if (end <= 0) return undefined
    // Responses of a stream begin in a line of their own, so a brace within one is not tried.
    if (!/^\s*(?:,|$)/.test(text.slice(end + 1, end + 16))) continue
    const value = parseJson(`${text.slice(0, end + 1)}]`)
    if (value !== undefined) return value
  }
  return undefined
}
