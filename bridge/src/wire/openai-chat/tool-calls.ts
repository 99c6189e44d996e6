import type { ProposedCall } from '../../policy.ts'
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { all, objectsIn, strictKeys } from '../strict-json.ts'
import { type CallFold, toolCallFormat } from '../tool-call-fold.ts'
import { grow, type Parts } from './parts.ts'

/**
 * Finds the calls in a stream of Chat Completions. Nothing but the reason for which a choice ends says that a call is
 * complete, so all calls of a choice are open until then. Where a call is said elsewhere than in a choice, it is complete.
 *
 * A call is told in pieces that clients put together in different ways: by its index, by its id, its name taken from the
 * first piece or from the last. So every name that is said is the name of a call.
 */
type State = ReadonlyMap<number, Said>

interface Said {
  readonly calls: Parts
  readonly names: ReadonlySet<string>
}

const keys = strictKeys(
  [
    'choices',
    'index',
    'delta',
    'message',
    'tool_calls',
    'function_call',
    'function',
    'custom',
    'id',
    'name',
    'arguments',
    'input',
    'finish_reason',
  ],
  ['arguments', 'input', 'metadata'],
)
const nothingSaid: Said = { calls: [], names: new Set() }

const fold: CallFold<State> = {
  keys,
  initial: new Map(),
  step(state, data) {
    const next = new Map(state)
    const complete: ProposedCall[] = []
    const places = new Set<JsonObject>()
    for (const choice of arrayOf(data['choices']).map(objectOf)) {
      const index = typeof choice['index'] === 'number' ? choice['index'] : 0
      for (const place of [objectOf(choice['delta']), objectOf(choice['message'])]) {
        places.add(place)
        const said = saidIn(next.get(index) ?? nothingSaid, place)
        if (said === null) return null
        if (said !== nothingSaid) next.set(index, said)
      }
      if (!stringOf(choice['finish_reason'])) continue
      const calls = callsOf(next.get(index) ?? nothingSaid)
      if (calls === null) return null
      complete.push(...calls)
      next.delete(index)
    }
    for (const object of objectsIn(data, keys)) {
      const said = places.has(object) ? nothingSaid : saidIn(nothingSaid, object)
      const calls = said === null ? null : callsOf(said)
      if (calls === null) return null
      complete.push(...calls)
    }
    return [next, complete]
  },
  isOpen: (state) => state.size > 0,
  finish(state) {
    const found = all([...state.values()].map(callsOf))
    return found === null ? null : found.flat()
  },
  whole(value) {
    const read = fold.step(new Map(), value, '')
    const rest = read === null ? null : fold.finish(read[0])
    return read === null || rest === null ? null : [...read[1], ...rest]
  },
}

/** Chat Completions. */
export const chatToolCalls = toolCallFormat(fold)

/** With what a delta or a message says of calls; null when that cannot be read. */
function saidIn(before: Said, place: JsonObject): Said | null {
  const { tool_calls: listed, function_call: single } = place
  const none = (value: unknown): boolean => value === undefined || value === null
  if (none(listed) && none(single)) return before
  if (!none(listed) && !(Array.isArray(listed) && listed.every(isObject))) return null
  if (!none(single) && !isObject(single)) return null
  const calls = arrayOf(listed).map(objectOf)
  const names = new Set(before.names)
  for (const { function: named, custom, name } of [...calls, { function: single }]) {
    for (const said of [objectOf(named)['name'], objectOf(custom)['name'], name]) {
      if (!none(said) && typeof said !== 'string') return null
      if (typeof said === 'string' && said !== '') names.add(said)
    }
  }
  if (calls.length === 0 && none(single)) return before
  const grown = grow(before.calls, { tool_calls: numbered(calls), function_call: single })
  return calls.every((call) => keepsItsName(call, grown)) ? { calls: grown, names } : null
}

/** A name that is told in pieces is put together by some clients, and by others is the last of them. */
function keepsItsName(call: JsonObject, grown: Parts): boolean {
  const name = stringOf({ ...objectOf(call['function']), ...objectOf(call['custom']) }['name']) || null
  const id = stringOf(call['id']) || null
  const same = grown.filter((part) => (id !== null ? part.toolCallId === id : part.index === call['index']))
  return name === null || same.length === 0 || same.some(({ toolName }) => toolName === name)
}

/** Calls without a number and without an id are told apart by their places. */
const numbered = (calls: readonly JsonObject[]): readonly JsonObject[] =>
  calls.map((call, index) => (call['index'] === undefined && !stringOf(call['id']) ? { ...call, index } : call))

function callsOf({ calls, names }: Said): readonly ProposedCall[] | null {
  const plain = all(
    calls.map(({ toolName, toolCallId, text }) =>
      toolName === null ? null : { id: toolCallId, name: toolName, input: text },
    ),
  )
  if (plain === null) return null
  const others = [...names].filter((name) => !plain.some((call) => call.name === name))
  return [...plain, ...others.map((name) => ({ id: null, name, input: '' }))]
}
