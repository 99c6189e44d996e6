import { arrayOf, cleanText, isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { type Observation, observation, type ResponseReading } from '../observation.ts'
import { errorIn } from '../openai/errors.ts'
import { readUsage } from '../openai/usage.ts'
import type { WireEvent } from '../sse.ts'
import { mergeUsage } from '../token-count.ts'
import { grow, isRefusal, type Parts, readParts } from './parts.ts'

/**
 * Understands a streamed answer, one chunk at a time, as a pure fold.
 *
 *   a chunk                names the response and the model; of each, the last name that is not empty counts
 *   its choices            each grows the open choice of its index by a delta
 *   a finish_reason        closes that choice: what it said becomes observations
 *   usage                  of each field the last value counts, nothing is added; Groq puts it into `x_groq`
 *   error                  the answer failed; what follows is not looked at
 *   [DONE]                 the answer is complete; it also is when every choice was closed, since many leave this out
 *   anything else          changes nothing
 *
 * What choices have said that are still open when the stream ends become observations too: noted as truncated, unless
 * the stream said that it was done.
 */
export interface StreamState {
  readonly open: ReadonlyMap<number, Parts>
  readonly done: boolean
  readonly facts: Omit<ResponseReading, 'observations' | 'complete'>
}

export const initial: StreamState = {
  open: new Map(),
  done: false,
  facts: { responseId: null, modelServed: null, stopReason: null, usage: null, usageRaw: null, error: null },
}

const unchanged: readonly Observation[] = []
/** Nobody asks for so many answers at once. */
const choicesMax = 256

export function step(state: StreamState, event: WireEvent): [StreamState, readonly Observation[]] {
  if (state.facts.error !== null) return [state, unchanged]
  if (event.data.trim() === '[DONE]') return [{ ...state, done: true }, unchanged]
  const chunk = objectOf(parseJson(event.data))
  const error =
    errorIn(chunk) ?? (event.event === 'error' ? { type: 'unknown', message: cleanText(event.data, 1024) } : null)
  let next = withFacts(state, chunk)
  const seen: Observation[] = []
  for (const choice of arrayOf(chunk['choices'])) {
    const [after, said] = withChoice(next, objectOf(choice))
    next = after
    seen.push(...said)
  }
  if (error === null) return [next, seen]
  const facts = { ...next.facts, error }
  return [{ ...next, facts }, [...seen, observation('error', 'model', error.message, { isError: true })]]
}

/** What is left when no more events come. */
export function finish({ open, done, facts }: StreamState): ResponseReading {
  const observations = [...open.values()].flatMap((parts) => readParts(parts, { truncated: !done }))
  const ended = done || (open.size === 0 && facts.stopReason !== null)
  return { ...facts, complete: ended && facts.error === null, observations }
}

function withFacts(state: StreamState, chunk: JsonObject): StreamState {
  const usage = isObject(chunk['usage']) ? chunk['usage'] : objectOf(chunk['x_groq'])['usage']
  const usageRaw = isObject(usage) ? mergeUsage(state.facts.usageRaw, usage) : null
  const facts = {
    ...state.facts,
    responseId: stringOf(chunk['id']) || state.facts.responseId,
    modelServed: stringOf(chunk['model']) || state.facts.modelServed,
    ...(usageRaw !== null && { usageRaw, usage: readUsage(usageRaw) }),
  }
  return { ...state, facts }
}

function withChoice(state: StreamState, choice: JsonObject): [StreamState, readonly Observation[]] {
  const index = typeof choice['index'] === 'number' ? choice['index'] : 0
  const known = state.open.get(index)
  if (known === undefined && state.open.size >= choicesMax) return [state, unchanged]
  const before = known ?? []
  // Some servers answer a request for a stream with whole messages.
  const parts = grow(before, objectOf(isObject(choice['delta']) ? choice['delta'] : choice['message']))
  const reason = stringOf(choice['finish_reason']) || null
  if (reason === null) {
    if (parts === before) return [state, unchanged]
    return [{ ...state, open: new Map(state.open).set(index, parts) }, unchanged]
  }
  const open = new Map(state.open)
  open.delete(index)
  const stopReason = stopReasonOf(reason, parts)
  return [{ ...state, open, facts: { ...state.facts, stopReason } }, readParts(parts, { truncated: false })]
}

/** The API has no reason of its own for a refusal: the model stops as it always does. */
export function stopReasonOf(reason: string | null, parts: Parts): string | null {
  return isRefusal(parts) && (reason === null || reason === 'stop') ? 'refusal' : reason
}
