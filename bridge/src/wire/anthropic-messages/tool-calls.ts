import type { ProposedCall } from '../../policy.ts'
import { isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { all, objectsIn, strictKeys } from '../strict-json.ts'
import { type CallFold, toolCallFormat } from '../tool-call-fold.ts'
import { growBlock, openBlock, type OpenBlock } from './blocks.ts'

/**
 * Finds the calls in a Messages stream.
 *
 *   content_block_start    opens block `index`; one that is a call is open until it stops
 *   content_block_delta    grows it; input of a tool for a block that is none begins a call that nobody can read
 *   content_block_stop     a call is complete
 *   anything else          whatever in it looks like a block that is a call, is a complete one
 */
type State = ReadonlyMap<number, OpenBlock>

const keys = strictKeys(
  ['type', 'index', 'content_block', 'delta', 'partial_json', 'id', 'name', 'input', 'message', 'content'],
  ['input'],
)

/** What the client is to run is a `tool_use`, and anything unknown that has the shape of one. */
function isCall(block: JsonObject): boolean {
  const type = stringOf(block['type']) ?? ''
  if (type === 'tool_use') return true
  const byProvider = type === 'server_tool_use' || type === 'mcp_tool_use' || type.endsWith('_tool_result')
  return !byProvider && block['name'] !== undefined && block['input'] !== undefined
}

const fold: CallFold<State> = {
  keys,
  initial: new Map(),
  step(state, data, type) {
    if (!type.startsWith('content_block_')) return found(state, data)
    const index = data['index']
    if (typeof index !== 'number') return null
    const known = state.get(index)
    const next = new Map(state)
    if (type === 'content_block_start') {
      if (known !== undefined && isCall(known.whole)) return null
      return [next.set(index, openBlock(objectOf(data['content_block']))), []]
    }
    if (type === 'content_block_delta') {
      const delta = objectOf(data['delta'])
      const isInput = delta['type'] === 'input_json_delta' || delta['partial_json'] !== undefined
      const block = known !== undefined && (!isInput || takesInput(known)) ? known : isInput ? nameless : null
      if (block === null) return found(state, delta)
      // What grows a text is of no interest here, and would only be kept.
      return [isInput ? next.set(index, growBlock(block, delta)) : next, []]
    }
    if (type !== 'content_block_stop') return found(state, data)
    next.delete(index)
    if (known === undefined || !isCall(known.whole)) return [next, []]
    const call = proposed(known)
    return call === null ? null : [next, [call]]
  },
  isOpen: (state) => [...state.values()].some(({ whole }) => isCall(whole)),
  finish: (state) => all([...state.values()].filter(({ whole }) => isCall(whole)).map(proposed)),
  whole: callsIn,
}

/** The Messages API. */
export const anthropicToolCalls = toolCallFormat(fold)

const nameless = openBlock({ type: 'tool_use' })
const takesInput = ({ whole, type }: OpenBlock): boolean => isCall(whole) || type.endsWith('_tool_use')

function found(state: State, data: JsonObject): ReturnType<typeof fold.step> {
  const calls = callsIn(data)
  return calls === null ? null : [state, calls]
}

function callsIn(value: JsonObject): readonly ProposedCall[] | null {
  return all([...objectsIn(value, keys)].filter(isCall).map((block) => proposed(openBlock(block))))
}

/** Null for a call without a name, or with its input in two places. */
function proposed({ whole, text, toolName, toolCallId }: OpenBlock): ProposedCall | null {
  const { input } = whole
  const isEmpty = input === undefined || (isObject(input) && Object.keys(input).length === 0)
  if (toolName === null || toolName === '' || (!isEmpty && text !== '')) return null
  return { id: toolCallId, name: toolName, input: text === '' ? JSON.stringify(input ?? {}) : text }
}
