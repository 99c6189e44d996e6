import { type JsonObject, stringOf } from '../json.ts'

/** An item of an answer while it grows: as it was opened, and by its members what has come since. */
export interface OpenItem {
  readonly item: JsonObject
  readonly grown: Readonly<Partial<Record<Member, string>>>
}

type Member = 'text' | 'refusal' | 'summary' | 'thought' | 'arguments' | 'input' | 'code' | 'action' | 'operation'

export interface Delta {
  /** The item that such a delta belongs to. */
  readonly type: string
  readonly member: Member
  readonly text: string
}

/** Which member of which item an event grows. Data: a new event is a new line. */
const deltas: Readonly<Record<string, readonly [type: string, member: Member]>> = {
  'response.output_text.delta': ['message', 'text'],
  'response.refusal.delta': ['message', 'refusal'],
  'response.reasoning_summary_text.delta': ['reasoning', 'summary'],
  'response.reasoning_text.delta': ['reasoning', 'thought'],
  'response.function_call_arguments.delta': ['function_call', 'arguments'],
  'response.custom_tool_call_input.delta': ['custom_tool_call', 'input'],
  'response.mcp_call_arguments.delta': ['mcp_call', 'arguments'],
  'response.code_interpreter_call_code.delta': ['code_interpreter_call', 'code'],
  'response.shell_call_command.delta': ['shell_call', 'action'],
  'response.apply_patch_call_operation_diff.delta': ['apply_patch_call', 'operation'],
}

/** What the event adds; null when it adds nothing. */
export function deltaOf(eventType: string, data: JsonObject): Delta | null {
  const known = deltas[eventType]
  const text = stringOf(data['delta'])
  return known === undefined || text === null ? null : { type: known[0], member: known[1], text }
}

export function grow(open: OpenItem | undefined, { type, member, text }: Delta): OpenItem {
  const { item, grown } = open ?? { item: { type }, grown: {} }
  return { item, grown: { ...grown, [member]: (grown[member] ?? '') + text } }
}

/** The item as far as it came, in the shape that a whole one has. */
export function grownItem({ item, grown }: OpenItem): JsonObject {
  const { text, refusal, summary, thought, ...plain } = grown
  const content = [
    ...(text === undefined ? [] : [{ type: 'output_text', text }]),
    ...(refusal === undefined ? [] : [{ type: 'refusal', refusal }]),
    ...(thought === undefined ? [] : [{ type: 'reasoning_text', text: thought }]),
  ]
  return {
    ...item,
    ...plain,
    ...(content.length > 0 && { content }),
    ...(summary !== undefined && { summary: [{ type: 'summary_text', text: summary }] }),
  }
}
