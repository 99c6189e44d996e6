import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, observation } from '../observation.ts'
import { partText, sizeOf } from '../openai/content-text.ts'

/** Something that a choice says, while it grows. */
export interface Part {
  readonly kind: 'thinking' | 'encrypted' | 'text' | 'refusal' | 'sound' | 'tool_call'
  readonly text: string
  /** Of a tool call. */
  readonly index: number | null
  readonly toolName: string | null
  readonly toolCallId: string | null
}

/** In the order in which they began. */
export type Parts = readonly Part[]

/** Past this nothing more is told apart: no model says so many things, and a hostile stream must not make it slow. */
const partsMax = 1024

/**
 * What the parts are after a delta of a stream, or after the whole message of an answer, which has the same members.
 *
 *   content                                    text; of some servers an array of typed parts
 *   reasoning_content, reasoning               thinking, by the names that compatible servers have for it
 *   refusal                                    text of the model that says no
 *   audio                                      its transcript is text
 *   tool_calls                                 each known by its index, and told from another of the same index by its id
 *   function_call                              the same from before there were several
 */
export function grow(parts: Parts, delta: JsonObject): Parts {
  let grown = thought(parts, delta)
  grown = said(grown, 'text', delta['content'])
  grown = said(grown, 'refusal', delta['refusal'])
  grown = sounded(grown, objectOf(delta['audio']))
  for (const call of arrayOf(delta['tool_calls'])) grown = called(grown, objectOf(call))
  return isObject(delta['function_call']) ? called(grown, { index: -1, function: delta['function_call'] }) : grown
}

/** What the parts say. `truncated` when the answer broke off: models say one thing after the other, so inside the last. */
export function readParts(parts: Parts, { truncated }: { truncated: boolean }): readonly Observation[] {
  return parts.flatMap((part, i) => {
    const note = truncated && i === parts.length - 1 ? 'truncated' : null
    const { kind, text, toolName, toolCallId } = part
    if (kind === 'encrypted') return observation('thinking', 'model', null, { note: 'redacted' })
    if (kind === 'tool_call') return observation('tool_call', 'model', text, { toolName, toolCallId, note })
    if (text === '') return []
    return observation(kind === 'thinking' ? 'thinking' : 'text', 'model', text, { note })
  })
}

export const isRefusal = (parts: Parts): boolean => parts.some(({ kind, text }) => kind === 'refusal' && text !== '')

/** Servers state the same thought under several of these names at once: the first that says anything counts. */
function thought(parts: Parts, delta: JsonObject): Parts {
  const plain = [delta['reasoning_content'], delta['reasoning']].find((text) => typeof text === 'string' && text !== '')
  if (plain !== undefined) return said(parts, 'thinking', plain)
  let grown = parts
  for (const detail of arrayOf(delta['reasoning_details'])) {
    const { type, text, summary } = objectOf(detail)
    grown = type === 'reasoning.encrypted' ? put(grown, 'encrypted', '') : said(grown, 'thinking', text ?? summary)
  }
  return grown
}

function said(parts: Parts, kind: 'thinking' | 'text' | 'refusal', content: unknown): Parts {
  if (typeof content === 'string') return content === '' ? parts : put(parts, kind, content)
  let grown = parts
  for (const item of arrayOf(content)) {
    const { type, thinking } = objectOf(item)
    if (type === 'thinking')
      grown = put(grown, 'thinking', typeof thinking === 'string' ? thinking : textOf(arrayOf(thinking)))
    else grown = put(grown, type === 'refusal' ? 'refusal' : kind, partText(item))
  }
  return grown
}

const textOf = (items: readonly unknown[]): string => items.map(partText).join('')

/** Sound comes with what is said in it. Without that, its size is noted. */
function sounded(parts: Parts, audio: JsonObject): Parts {
  const transcript = stringOf(audio['transcript'])
  if (transcript !== null) return put(parts, 'sound', transcript)
  // A stream brings the sound in pieces between pieces of the transcript.
  const data = stringOf(audio['data'])
  return data === null || parts.some(({ kind }) => kind === 'sound')
    ? parts
    : put(parts, 'sound', `[audio ${sizeOf(data)}]`)
}

/** Adds to the last part if it is of this kind, else begins one. */
function put(parts: Parts, kind: Exclude<Part['kind'], 'tool_call'>, text: string): Parts {
  const last = parts.at(-1)
  if (last?.kind === kind) return [...parts.slice(0, -1), { ...last, text: last.text + text }]
  return begin(parts, { kind, text, index: null, toolName: null, toolCallId: null })
}

function begin(parts: Parts, part: Part): Parts {
  return parts.length >= partsMax ? parts : [...parts, part]
}

/** `function` and `custom` are the two kinds of calls; their input is text, except of servers that send it as a value. */
function called(parts: Parts, call: JsonObject): Parts {
  const { name, arguments: input } = { ...objectOf(call['function']), ...renamed(call['custom']) }
  const id = stringOf(call['id']) || null
  const index = typeof call['index'] === 'number' ? call['index'] : null
  const text = typeof input === 'string' ? input : isObject(input) ? JSON.stringify(input) : ''
  const at = parts.findLastIndex(
    (part) =>
      part.kind === 'tool_call' &&
      (index === null ? id === null || part.toolCallId === id : part.index === index) &&
      (id === null || part.toolCallId === null || part.toolCallId === id),
  )
  const known = parts[at]
  const toolName = stringOf(name) || null
  if (known === undefined) return begin(parts, { kind: 'tool_call', text, index, toolName, toolCallId: id })
  return parts.with(at, {
    ...known,
    text: known.text + text,
    toolName: known.toolName ?? toolName,
    toolCallId: known.toolCallId ?? id,
  })
}

function renamed(custom: unknown): JsonObject {
  return isObject(custom) ? { name: custom['name'], arguments: custom['input'] } : {}
}
