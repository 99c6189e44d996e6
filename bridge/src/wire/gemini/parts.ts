import { isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, observation } from '../observation.ts'

/** A member under its JSON name or, as the API takes it too, under the name in its protocol buffers. */
export function named(value: JsonObject, name: string): unknown {
  return value[name] ?? value[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]
}

/** Text that a part says as it is; null for parts of other kinds. */
export function spoken(part: JsonObject): { readonly kind: 'text' | 'thinking'; readonly text: string } | null {
  const text = stringOf(part['text'])
  return text === null ? null : { kind: part['thought'] === true ? 'thinking' : 'text', text }
}

/**
 * What a part of the model says besides text: a call for a tool of the client, or what the provider did itself. A part of
 * an unknown kind becomes its JSON, so that nothing is silently left out; one that is only a signature says nothing.
 */
export function partOfModel(part: JsonObject): readonly Observation[] {
  const call = objectOf(named(part, 'functionCall'))
  if (isObject(named(part, 'functionCall'))) {
    return [observation('tool_call', 'model', JSON.stringify(call['args'] ?? {}), idsOf(call))]
  }
  const code = named(part, 'executableCode')
  if (isObject(code)) {
    const text = stringOf(code['code']) ?? JSON.stringify(code)
    return [observation('tool_call', 'model', text, { toolName: 'code_execution', note: 'by_provider' })]
  }
  const result = named(part, 'codeExecutionResult')
  if (isObject(result)) {
    const isError = stringOf(result['outcome']) !== 'OUTCOME_OK'
    const about = { toolName: 'code_execution', note: 'by_provider', isError } as const
    return [observation('tool_result', 'model', stringOf(result['output']) ?? '', about)]
  }
  const media = mediaNote(part)
  if (media !== null) return [observation('text', 'model', media)]
  const said = Object.keys(part).filter((key) => !silent.includes(key))
  return said.length === 0 ? [] : [observation('text', 'model', JSON.stringify(part))]
}

/** Members of a part that say nothing by themselves. */
const silent = ['thought', 'thoughtSignature', 'thought_signature', 'partMetadata', 'part_metadata', 'text']

export function idsOf(call: JsonObject): { readonly toolName: string | null; readonly toolCallId: string | null } {
  return { toolName: stringOf(call['name']), toolCallId: stringOf(call['id']) }
}

/** A note in brackets for what is neither text nor a call; null when the part is no such thing. */
export function mediaNote(part: JsonObject): string | null {
  const inline = named(part, 'inlineData')
  const file = named(part, 'fileData')
  const media = isObject(inline) ? inline : isObject(file) ? file : null
  if (media === null) return null
  const data = stringOf(media['data'])
  const about = [
    stringOf(named(media, 'mimeType')) ?? 'data',
    data === null ? null : `${Math.floor((data.length * 3) / 4)} bytes`,
    stringOf(named(media, 'fileUri')),
  ]
  return `[${about.filter((word) => word !== null).join(' ')}]`
}
