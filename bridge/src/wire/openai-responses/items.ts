import { arrayOf, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, observation } from '../observation.ts'
import { contentText, partText, sizeOf } from '../openai/content-text.ts'
import { toolName } from '../openai/tool-names.ts'

/** Tools that the provider runs itself, by the items that call them. */
const hosted: readonly string[] = [
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_call',
  'mcp_list_tools',
]

/** Calls of tools that have names. */
const named: readonly string[] = ['function_call', 'custom_tool_call', 'mcp_call', 'mcp_approval_request']

/** Where calls have their input, one after the other: each kind of item has another one of these members. */
const inputMembers = ['arguments', 'input', 'code', 'action', 'actions', 'operation', 'queries', 'revised_prompt']
/** And where hosted tools have what came out of it. */
const resultMembers = ['output', 'outputs', 'results', 'result', 'tools']

const typeOf = (item: JsonObject): string => stringOf(item['type']) ?? (item['role'] === undefined ? '' : 'message')

const isCall = (type: string): boolean =>
  type.endsWith('_call') || type === 'mcp_list_tools' || type === 'mcp_approval_request'

/** Whether an item of a conversation comes from the model. A reference is to something that it said. */
export function isAnswer(item: JsonObject): boolean {
  const type = typeOf(item)
  if (type === 'message') return item['role'] === 'assistant'
  return isCall(type) || type === 'reasoning' || type === 'item_reference' || type.includes('compaction')
}

/** Whether an item asks the client to run something. What is unknown and may be a call, is one. */
export function isClientCall(item: JsonObject): boolean {
  const type = stringOf(item['type']) ?? ''
  if (hosted.includes(type) || type.endsWith('_output')) return false
  // What the provider runs once the client has approved it, is the client's to answer for.
  return type.endsWith('_call') || type === 'mcp_approval_request' || item['call_id'] !== undefined
}

/** What an item of an answer says. `truncated` when the answer broke off inside it. */
export function readItem(item: JsonObject, { truncated }: { truncated: boolean }): readonly Observation[] {
  const type = typeOf(item)
  const note = truncated ? 'truncated' : null
  if (type === 'message') return spoken(item['content'], 'text', note)
  if (type === 'reasoning') {
    const said = [...spoken(item['summary'], 'thinking', note), ...spoken(item['content'], 'thinking', note)]
    // Without a summary all that is left of a thought is what only the provider can read.
    return said.length === 0 && typeof item['encrypted_content'] === 'string' ? [encryptedThought] : said
  }
  if (type.includes('compaction')) return [observation('context', 'model', null, { note: 'redacted' })]
  if (type.endsWith('_output')) {
    const { toolCallId, text, isError } = readResult(item)
    return [observation('tool_result', 'model', text, { toolCallId, isError, note: 'by_provider' })]
  }
  return isCall(type) ? called(item, type, truncated) : []
}

const encryptedThought = observation('thinking', 'model', null, { note: 'redacted' })

export const isRefusal = (item: JsonObject): boolean =>
  arrayOf(item['content']).some((part) => objectOf(part)['type'] === 'refusal')

function spoken(content: unknown, kind: 'text' | 'thinking', note: Observation['note']): readonly Observation[] {
  const parts = typeof content === 'string' ? [content] : arrayOf(content)
  return parts.flatMap((part) => {
    const text = partText(part)
    return text === '' ? [] : observation(kind, 'model', text, { note })
  })
}

function called(item: JsonObject, type: string, truncated: boolean): readonly Observation[] {
  const byProvider = hosted.includes(type)
  const about = { toolName: callName(item), toolCallId: callId(item) }
  const note = truncated ? 'truncated' : byProvider ? 'by_provider' : null
  const seen = [observation('tool_call', 'model', callInput(item), { ...about, note })]
  if (!byProvider) return seen
  const text = resultText(item, type)
  const isError = failed(item)
  if (text === '' && !isError) return seen
  return [...seen, observation('tool_result', 'model', text, { ...about, isError, note: 'by_provider' })]
}

/** What a call is named, and so its result. A tool that has no name is called by the type of its items. */
export function callName(item: JsonObject): string | null {
  const server = stringOf(item['server_label'])
  const name = stringOf(item['name'])
  if (server !== null && name !== null) return `mcp__${server}__${name}`
  const type = typeOf(item)
  return toolName({ ...item, type: named.includes(type) ? null : type.replace(/_call$/, '') })
}

export function callId(item: JsonObject): string | null {
  return stringOf(item['call_id']) ?? stringOf(item['id'])
}

export function callInput(item: JsonObject): string {
  const input = inputMembers.map((member) => item[member]).find((value) => value !== undefined && value !== null)
  if (typeof input === 'string') return input
  return JSON.stringify(input ?? (item['server_label'] === undefined ? {} : { server_label: item['server_label'] }))
}

function resultText(item: JsonObject, type: string): string {
  const error = item['error']
  if (error !== undefined && error !== null) return contentText(error)
  const result = resultMembers.map((member) => item[member]).find((value) => value !== undefined && value !== null)
  if (type === 'image_generation_call') return typeof result === 'string' ? `[image ${sizeOf(result)}]` : ''
  if (type === 'mcp_list_tools') return arrayOf(result).map(toolName).join('\n')
  return outcomeText(result)
}

/** What a tool gave back: text, parts of content, or what a program wrote to its outputs. */
function outcomeText(output: unknown): string {
  if (!Array.isArray(output)) return contentText(output)
  const texts = output.map((part) => {
    const { logs, stdout, stderr } = objectOf(part)
    const written = [logs, stdout, stderr].filter((text) => typeof text === 'string' && text !== '')
    return written.length > 0 ? written.join('\n') : partText(part)
  })
  return texts.filter((text) => text !== '').join('\n')
}

function failed(item: JsonObject): boolean {
  return item['status'] === 'failed' || (item['error'] !== undefined && item['error'] !== null)
}

/** The result of a call as a client sends it, or a decision of a person that stands in the place of one. */
export function readResult(item: JsonObject): { toolCallId: string | null; text: string; isError: boolean } {
  if (item['type'] === 'mcp_approval_response') {
    const text = [item['approve'] === true ? 'approved' : 'denied', stringOf(item['reason'])].filter(Boolean).join(': ')
    return { toolCallId: stringOf(item['approval_request_id']), text, isError: item['approve'] !== true }
  }
  const text =
    item['type'] === 'tool_search_output'
      ? arrayOf(item['tools']).map(toolName).join('\n')
      : outcomeText(item['output'])
  return { toolCallId: callId(item), text, isError: failed(item) }
}
