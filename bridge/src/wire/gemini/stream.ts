import { arrayOf, isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { type Observation, observation, type ResponseReading } from '../observation.ts'
import type { WireEvent } from '../sse.ts'
import { errorOf } from './errors.ts'
import { named, partOfModel, spoken } from './parts.ts'
import { readUsage } from './usage.ts'

/**
 * Understands an answer as a pure fold over its pieces, each of them a whole response object with a part of the text.
 *
 *   text of the kind that is open    is added to it
 *   text of another kind, or a part
 *   that is no text                  closes what was open, which becomes an observation
 *   finishReason                     closes what is open: the candidate is complete
 *   promptFeedback.blockReason       the prompt was refused: complete, with nothing said
 *   usageMetadata                    of each field the last value counts
 *   error                            the answer failed; what follows is not looked at
 *
 * Candidates are told apart by their index. What is open when no more comes is noted as truncated.
 */
export interface StreamState {
  readonly open: ReadonlyMap<number, Open>
  readonly facts: Omit<ResponseReading, 'observations'>
}

interface Open {
  readonly kind: 'text' | 'thinking'
  readonly text: string
}

export const initial: StreamState = {
  open: new Map(),
  facts: {
    responseId: null,
    modelServed: null,
    stopReason: null,
    usage: null,
    usageRaw: null,
    complete: false,
    error: null,
  },
}

type Step = readonly [StreamState, readonly Observation[]]

export function step(state: StreamState, event: WireEvent): Step {
  return stepPiece(state, parseJson(event.data))
}

export function stepPiece(state: StreamState, value: unknown): Step {
  if (state.facts.error !== null || !isObject(value)) return [state, []]
  const error = errorOf(value)
  if (error !== null) {
    const facts = { ...state.facts, error, complete: false }
    return [{ ...state, facts }, [observation('error', 'model', error.message, { isError: true })]]
  }
  let next: StreamState = { ...state, facts: withFacts(state.facts, value) }
  const seen: Observation[] = []
  for (const candidate of arrayOf(value['candidates']).map(objectOf)) {
    const [after, said] = stepCandidate(next, candidate)
    next = after
    seen.push(...said)
  }
  return [next, seen]
}

/** What is left when no more comes. */
export function finish(state: StreamState): ResponseReading {
  const observations = [...state.open.values()].flatMap((open) => closed(open, 'truncated'))
  return { ...state.facts, observations }
}

function withFacts(facts: StreamState['facts'], value: JsonObject): StreamState['facts'] {
  const stated = named(value, 'usageMetadata')
  const blocked = stringOf(named(objectOf(named(value, 'promptFeedback')), 'blockReason'))
  const usageRaw = isObject(stated) ? { ...facts.usageRaw, ...stated } : facts.usageRaw
  return {
    ...facts,
    responseId: stringOf(named(value, 'responseId')) ?? facts.responseId,
    modelServed: stringOf(named(value, 'modelVersion')) ?? facts.modelServed,
    stopReason: blocked === null ? facts.stopReason : `blocked: ${blocked}`,
    complete: facts.complete || blocked !== null,
    usageRaw,
    usage: usageRaw === null ? null : readUsage(usageRaw),
  }
}

function stepCandidate(state: StreamState, candidate: JsonObject): Step {
  const index = typeof candidate['index'] === 'number' ? candidate['index'] : 0
  const seen: Observation[] = []
  let open = state.open.get(index) ?? null
  for (const part of arrayOf(objectOf(candidate['content'])['parts']).map(objectOf)) {
    const said = spoken(part)
    if (said !== null && open?.kind === said.kind) open = { ...open, text: open.text + said.text }
    else {
      seen.push(...closed(open, null))
      open = said
    }
    seen.push(...(said === null ? partOfModel(part) : []))
  }
  seen.push(...searched(candidate))
  const stopReason = stringOf(named(candidate, 'finishReason'))
  if (stopReason !== null) {
    seen.push(...closed(open, null))
    open = null
  }
  const others = new Map(state.open)
  if (open === null) others.delete(index)
  else others.set(index, open)
  const facts = stopReason === null ? state.facts : { ...state.facts, stopReason, complete: true }
  return [{ open: others, facts }, seen]
}

function closed(open: Open | null, note: 'truncated' | null): readonly Observation[] {
  return open === null || open.text === '' ? [] : [observation(open.kind, 'model', open.text, { note })]
}

/** What the provider looked up on the web for the answer. */
function searched(candidate: JsonObject): readonly Observation[] {
  const queries = arrayOf(named(objectOf(named(candidate, 'groundingMetadata')), 'webSearchQueries'))
  const asked = queries.filter((query) => typeof query === 'string')
  if (asked.length === 0) return []
  return [
    observation('tool_call', 'model', JSON.stringify({ queries: asked }), {
      toolName: 'google_search',
      note: 'by_provider',
    }),
  ]
}
