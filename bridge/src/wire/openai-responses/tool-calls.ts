import type { ProposedCall } from '../../policy.ts'
import { isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { all, objectsIn, strictKeys } from '../strict-json.ts'
import { type CallFold, toolCallFormat } from '../tool-call-fold.ts'
import { deltaOf, grow, grownItem, type OpenItem } from './growing-item.ts'
import { callId, callInput, callName, isClientCall } from './items.ts'

/**
 * Finds the calls in a stream of Responses.
 *
 *   response.output_item.added   an item that is a call is open
 *   response.….delta             grows it; of a call that is not open, it opens one
 *   response.….done              of its input: what it says is one way in which the call is told
 *   response.output_item.done    the call is complete, in every way in which it was told
 *   anything else                every call in it is complete: the end of a stream holds the whole response again
 */
type State = ReadonlyMap<number, Told>

interface Told {
  readonly open: OpenItem
  readonly ways: readonly JsonObject[]
}

const keys = strictKeys(
  ['type', 'item', 'output_index', 'output', 'response', 'delta', 'id', 'call_id', 'name', 'arguments', 'input'],
  ['arguments', 'input', 'action', 'operation', 'metadata', 'tools', 'text', 'prompt', 'client_metadata'],
)

const fold: CallFold<State> = {
  keys,
  initial: new Map(),
  step(state, data, type) {
    const at = typeof data['output_index'] === 'number' ? data['output_index'] : -1
    const item = objectOf(data['item'])
    const known = state.get(at)
    const next = new Map(state)
    if (type === 'response.output_item.added') {
      if (known !== undefined) return null
      return isClientCall(item) ? [next.set(at, { open: { item, grown: {} }, ways: [] }), []] : [state, []]
    }
    if (type === 'response.output_item.done') {
      next.delete(at)
      const ways = [item, ...(known === undefined ? [] : waysOf(known))].filter(isClientCall)
      const calls = proposed(ways)
      return calls === null ? null : [next, calls]
    }
    const delta = deltaOf(type, data)
    if (delta !== null) {
      if (known === undefined && !isClientCall({ type: delta.type })) return [state, []]
      const open = grow(known?.open, delta)
      return [next.set(at, { open, ways: known?.ways ?? [] }), []]
    }
    if (known !== undefined && type.endsWith('.done')) {
      const { arguments: args, input, name } = data
      const told = { ...(args !== undefined && { arguments: args }), ...(input !== undefined && { input }) }
      const way = { ...known.open.item, ...told, ...(name !== undefined && { name }) }
      return [next.set(at, { ...known, ways: [...known.ways, way] }), []]
    }
    const calls = callsIn(data)
    return calls === null ? null : [state, calls]
  },
  isOpen: (state) => state.size > 0,
  finish: (state) => proposed([...state.values()].flatMap(waysOf)),
  whole: callsIn,
}

/** Responses, over HTTP and over WebSockets. */
export const responsesToolCalls = toolCallFormat(fold)

function callsIn(value: JsonObject): readonly ProposedCall[] | null {
  return proposed([...objectsIn(value, keys)].filter(isClientCall))
}

/** What grew piece by piece is a way of telling a call only where anything did. */
function waysOf({ open, ways }: Told): readonly JsonObject[] {
  const grew = Object.keys(open.grown).length > 0
  return [...(grew || ways.length === 0 ? [grownItem(open)] : []), ...ways]
}

/** The calls that these items are: the same told twice is one. Null when one of them has no name. */
function proposed(items: readonly JsonObject[]): readonly ProposedCall[] | null {
  const calls = all(
    items.map((item): ProposedCall | null => {
      const name = isNamed(item) ? callName(item) : null
      return name === null ? null : { id: callId(item), name, input: callInput(item) }
    }),
  )
  if (calls === null) return null
  return [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()]
}

/** Functions and custom tools have names. Where another item has one, it is one. */
function isNamed(item: JsonObject): boolean {
  const name = item['name']
  if (item['type'] === 'function_call' || item['type'] === 'custom_tool_call') return !!stringOf(name)
  return (name === undefined || typeof name === 'string') && !isObject(item['function'])
}
