import { arrayOf, isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { type Observation, observation, type ResponseReading } from '../observation.ts'
import type { WireEvent } from '../sse.ts'
import { errorInEvent } from './errors.ts'
import { type Facts, noFacts, stopReasonOf, withResponse } from './facts.ts'
import { deltaOf, grow, grownItem, type OpenItem } from './growing-item.ts'
import { isRefusal, readItem } from './items.ts'
import { typeOf } from './terminal.ts'

/**
 * Understands a streamed answer, one event at a time, as a pure fold.
 *
 *   response.output_item.added     opens the item `output_index`
 *   response.….delta               grows it; a delta for an item that is not open opens one of its kind
 *   response.output_item.done      closes it: the whole item, which the event holds, becomes observations
 *   response.completed, …          the answer is at its end; the event holds all of it, and what was not seen before
 *                                  is read from there
 *   response.failed, error         the answer failed
 *   any with a `response`          names the response and the model, and states usage
 *   anything else                  changes nothing
 *
 * After the end nothing is looked at. Items that are still open then become observations too, noted as truncated if the
 * stream was cut.
 */
export interface StreamState {
  readonly open: ReadonlyMap<number, OpenItem>
  /** Places and ids of the items that were read. */
  readonly closed: ReadonlySet<number | string>
  readonly refused: boolean
  readonly ended: boolean
  readonly facts: Facts
}

export const initial: StreamState = {
  open: new Map(),
  closed: new Set(),
  refused: false,
  ended: false,
  facts: noFacts,
}

const unchanged: readonly Observation[] = []
/** No model says so many things, and a hostile stream must not make it slow. */
const itemsMax = 1024

const endings: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.incomplete': 'incomplete',
  'response.cancelled': 'cancelled',
  'response.failed': 'failed',
}

export function step(state: StreamState, event: WireEvent): [StreamState, readonly Observation[]] {
  if (state.ended) return [state, unchanged]
  const data = objectOf(parseJson(event.data))
  const type = typeOf(event.event, data)
  const ending = endings[type]
  if (ending !== undefined) return withEnding(state, objectOf(data['response']), ending)
  if (type === 'error' || (type === '' && isObject(data['error']))) return withError(state, data)
  if (isObject(data['response'])) return [{ ...state, facts: withResponse(state.facts, data['response']) }, unchanged]
  const at = placeOf(data)
  if (type === 'response.output_item.added') {
    return [withOpen(state, at, { item: objectOf(data['item']), grown: {} }), unchanged]
  }
  if (type === 'response.output_item.done') {
    const item = isObject(data['item']) ? data['item'] : grownItem(state.open.get(at) ?? { item: {}, grown: {} })
    return closing(state, at, item)
  }
  const delta = deltaOf(type, data)
  if (delta === null) return [state, unchanged]
  return [withOpen(state, at, grow(state.open.get(at), delta)), unchanged]
}

/** What is left when no more events come. */
export function finish({ open, ended, facts }: StreamState): ResponseReading {
  const observations = [...open.values()].flatMap((item) => readItem(grownItem(item), { truncated: !ended }))
  return { ...facts, observations }
}

const placeOf = (data: JsonObject): number => (typeof data['output_index'] === 'number' ? data['output_index'] : 0)

function withOpen(state: StreamState, at: number, item: OpenItem): StreamState {
  if (!state.open.has(at) && state.open.size >= itemsMax) return state
  return { ...state, open: new Map(state.open).set(at, item) }
}

function closing(state: StreamState, at: number, item: JsonObject): [StreamState, readonly Observation[]] {
  if (state.closed.size >= itemsMax * 2) return [state, unchanged]
  const open = new Map(state.open)
  open.delete(at)
  const closed = new Set(state.closed).add(at)
  const id = stringOf(item['id'])
  if (id !== null) closed.add(id)
  const refused = state.refused || isRefusal(item)
  return [{ ...state, open, closed, refused }, readItem(item, { truncated: false })]
}

function withEnding(state: StreamState, response: JsonObject, status: string): [StreamState, readonly Observation[]] {
  let next = state
  const seen: Observation[] = []
  for (const [at, value] of arrayOf(response['output']).entries()) {
    const item = objectOf(value)
    if (state.closed.has(at) || state.closed.has(stringOf(item['id']) ?? at)) continue
    const [after, said] = closing(next, at, item)
    next = after
    seen.push(...said)
  }
  const facts = withResponse(next.facts, response)
  const stopReason = stopReasonOf(response, stringOf(response['status']) ?? status, next.refused)
  if (status === 'failed') return withError({ ...next, facts: { ...facts, stopReason } }, { response }, seen)
  return [{ ...next, ended: true, facts: { ...facts, stopReason, complete: true } }, seen]
}

function withError(
  state: StreamState,
  data: JsonObject,
  seen: readonly Observation[] = [],
): [StreamState, readonly Observation[]] {
  const error = errorInEvent(data)
  const said = observation('error', 'model', error.message, { isError: true })
  return [{ ...state, ended: true, facts: { ...state.facts, error } }, [...seen, said]]
}
