import type { ProposedCall } from '../../policy.ts'
import { isObject, stringOf } from '../json.ts'
import { objectsIn, strictKeys } from '../strict-json.ts'
import { type CallFold, toolCallFormat } from '../tool-call-fold.ts'
import { named } from './parts.ts'

/**
 * Finds the calls in what a Gemini model answers: a `functionCall` is complete where it stands, unless it says that it
 * will go on. Then the next ones carry on what it began, up to one that does not say so.
 */
type State = { readonly name: string | null; readonly id: string | null; readonly pieces: readonly unknown[] } | null

const keys = strictKeys(
  [
    'candidates',
    'content',
    'parts',
    'functionCall',
    'function_call',
    'name',
    'id',
    'args',
    'partialArgs',
    'partial_args',
    'willContinue',
    'will_continue',
  ],
  ['args', 'output', 'partialArgs', 'partial_args'],
)

const fold: CallFold<State> = {
  keys,
  initial: null,
  step(state, data) {
    let open = state
    const complete: ProposedCall[] = []
    for (const object of objectsIn(data, keys)) {
      const call = named(object, 'functionCall')
      if (call === undefined || call === null) continue
      if (!isObject(call)) return null
      const begun = open
      const name = stringOf(call['name']) || null
      if (begun !== null && name !== null && name !== begun.name) return null
      const pieces = [...(begun?.pieces ?? []), call['args'] ?? named(call, 'partialArgs') ?? {}]
      open = { name: begun?.name ?? name, id: begun?.id ?? stringOf(call['id']), pieces }
      if (open.name === null) return null
      if (named(call, 'willContinue') === true) continue
      complete.push(proposed({ ...open, name: open.name }))
      open = null
    }
    return [open, complete]
  },
  isOpen: (state) => state !== null,
  finish: (state) => (state === null ? [] : state.name === null ? null : [proposed({ ...state, name: state.name })]),
  whole(value) {
    const read = fold.step(null, value, '')
    const rest = read === null ? null : fold.finish(read[0])
    return read === null || rest === null ? null : [...read[1], ...rest]
  },
}

/** generateContent and streamGenerateContent. */
export const geminiToolCalls = toolCallFormat(fold)

function proposed({ name, id, pieces }: NonNullable<State> & { readonly name: string }): ProposedCall {
  return { id, name, input: JSON.stringify(pieces.length === 1 ? pieces[0] : pieces) }
}
