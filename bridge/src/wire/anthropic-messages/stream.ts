import { isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { type Observation, observation, type ResponseReading } from '../observation.ts'
import { mergeUsage } from '../token-count.ts'
import type { WireEvent } from '../sse.ts'
import { closeBlock, emptyBlock, growBlock, openBlock, type OpenBlock } from './blocks.ts'
import { errorOf } from './errors.ts'
import { readUsage } from './usage.ts'

/**
 * Understands a streamed answer, one event at a time, as a pure fold.
 *
 *   message_start          names the response and the model, and states usage so far
 *   content_block_start    opens block `index`; its type says what it will be
 *   content_block_delta    grows the open block `index`; a delta for a block that is not open opens one of its kind
 *   content_block_stop     closes block `index`, which becomes an observation
 *   message_delta          states the stop reason and usage again: of each field the last value counts, nothing is added
 *   message_stop           the answer is complete
 *   error                  the answer failed; what follows is not looked at
 *   anything else          changes nothing
 *
 * Blocks that are still open when the stream ends become observations too, noted as truncated.
 */
export interface StreamState {
  readonly open: ReadonlyMap<number, OpenBlock>
  readonly facts: Omit<ResponseReading, 'observations'>
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

const unchanged: readonly Observation[] = []

export function step(state: StreamState, event: WireEvent): [StreamState, readonly Observation[]] {
  if (state.facts.error !== null) return [state, unchanged]
  const data = objectOf(parseJson(event.data))
  const type = stringOf(data['type']) ?? event.event
  switch (type) {
    case 'message_start':
      return [withMessage(state, objectOf(data['message'])), unchanged]
    case 'content_block_start':
      return [withBlock(state, data, openBlock(objectOf(data['content_block']))), unchanged]
    case 'content_block_delta': {
      const delta = objectOf(data['delta'])
      const block = state.open.get(indexOf(data)) ?? emptyBlock(delta)
      return [withBlock(state, data, block === null ? null : growBlock(block, delta)), unchanged]
    }
    case 'content_block_stop':
      return closed(state, indexOf(data))
    case 'message_delta':
      return [withDelta(state, data), unchanged]
    case 'message_stop':
      return [{ ...state, facts: { ...state.facts, complete: true } }, unchanged]
    case 'error': {
      const error = errorOf(data) ?? { type: 'unknown', message: '' }
      return [
        { ...state, facts: { ...state.facts, error } },
        [observation('error', 'model', error.message, { isError: true })],
      ]
    }
    default:
      return [state, unchanged]
  }
}

/** What is left when no more events come. */
export function finish(
  state: StreamState,
): Omit<ResponseReading, 'observations'> & { readonly observations: readonly Observation[] } {
  const observations = [...state.open.values()].flatMap((block) => closeBlock(block, { truncated: true }))
  return { ...state.facts, observations }
}

function indexOf(data: JsonObject): number {
  const index = data['index']
  return typeof index === 'number' ? index : 0
}

function withBlock(state: StreamState, data: JsonObject, block: OpenBlock | null): StreamState {
  if (block === null) return state
  return { ...state, open: new Map(state.open).set(indexOf(data), block) }
}

function closed(state: StreamState, index: number): [StreamState, readonly Observation[]] {
  const block = state.open.get(index)
  if (block === undefined) return [state, unchanged]
  const open = new Map(state.open)
  open.delete(index)
  return [{ ...state, open }, closeBlock(block, { truncated: false })]
}

function withMessage(state: StreamState, message: JsonObject): StreamState {
  const facts = {
    ...state.facts,
    responseId: stringOf(message['id']) ?? state.facts.responseId,
    modelServed: stringOf(message['model']) ?? state.facts.modelServed,
    stopReason: stringOf(message['stop_reason']) ?? state.facts.stopReason,
  }
  return withUsage({ ...state, facts }, message['usage'])
}

function withDelta(state: StreamState, data: JsonObject): StreamState {
  const stopReason = stringOf(objectOf(data['delta'])['stop_reason']) ?? state.facts.stopReason
  return withUsage({ ...state, facts: { ...state.facts, stopReason } }, data['usage'])
}

function withUsage(state: StreamState, stated: unknown): StreamState {
  if (!isObject(stated)) return state
  const usageRaw = mergeUsage(state.facts.usageRaw, stated)
  return { ...state, facts: { ...state.facts, usageRaw, usage: readUsage(usageRaw) } }
}
