import type { Scan } from '../../scan.ts'
import { memberOf, turnHash, valueAt } from '../body.ts'
import { arrayOf, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, nothingRead, observation, type RequestReading } from '../observation.ts'
import { contentText } from '../openai/content-text.ts'
import { type PromptBy, readPrompt } from '../openai/read-prompt.ts'
import { isSideRequest } from '../openai/side-request.ts'
import { toolName } from '../openai/tool-names.ts'
import { beginning, scanBody } from './scan-body.ts'

/**
 * Understands the body of a request: what it brought since the last answer in it. Only those messages are parsed, and
 * the last answer for the names of its tool calls. Wrong shapes never throw; what cannot be understood is left out.
 */
export function readRequest(bytes: Buffer, { subAgent = false }: { subAgent?: boolean } = {}): RequestReading {
  const result = scanBody(bytes)
  if (!result.ok) return nothingRead
  const { scan } = result
  const { fresh, answer } = sinceLastAnswer(bytes, scan)
  const side = isSideRequest(bytes, scan, textOfFirst(bytes, scan))
  const promptBy = side ? 'client' : subAgent ? 'agent' : 'human'
  const names = toolNamesOf(answer)
  const observations = fresh.flatMap((message) => readMessage(message, promptBy, names))
  const offered = [memberOf(scan, 'tools'), memberOf(scan, 'functions')]
  return {
    observations,
    continues: answer !== null,
    side,
    beginning: beginning(bytes, scan),
    turn: turnHash(observations, scan.elements.length),
    toolsOffered: offered.flatMap((range) => arrayOf(valueAt(bytes, range)).flatMap((tool) => toolName(tool) ?? [])),
  }
}

/**
 * The messages behind the last answer of the model, in order, and that answer. A conversation may also end with words
 * put into the model's mouth: then the messages before them are what is fresh.
 */
function sinceLastAnswer(bytes: Buffer, scan: Scan): { fresh: readonly JsonObject[]; answer: JsonObject | null } {
  const fresh: JsonObject[] = []
  for (let i = scan.elements.length - 1; i >= 0; i--) {
    const message = objectOf(valueAt(bytes, scan.elements[i]!))
    if (message['role'] !== 'assistant') fresh.unshift(message)
    else if (fresh.length > 0 || arrayOf(message['tool_calls']).length > 0) return { fresh, answer: message }
  }
  return { fresh, answer: null }
}

function readMessage(
  message: JsonObject,
  promptBy: PromptBy,
  names: ReadonlyMap<string, string>,
): readonly Observation[] {
  const { role, content } = message
  if (role === 'tool' || role === 'function') {
    const toolCallId = stringOf(message['tool_call_id'])
    const name = (toolCallId === null ? undefined : names.get(toolCallId)) ?? stringOf(message['name'])
    return [observation('tool_result', 'client', contentText(content), { toolCallId, toolName: name })]
  }
  if (role !== 'user') {
    const text = contentText(content)
    return text === '' ? [] : [observation('context', 'client', text)]
  }
  return readPrompt(content, promptBy)
}

function toolNamesOf(answer: JsonObject | null): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const call of arrayOf(answer?.['tool_calls'])) {
    const id = stringOf(objectOf(call)['id'])
    const name = toolName(call)
    if (id !== null && name !== null) names.set(id, name)
  }
  return names
}

function textOfFirst(bytes: Buffer, scan: Scan): string {
  const first = scan.elements[0]
  // The system text of an agent is long; those that mark a request as the client's own are not.
  return first === undefined || first.to - first.from > 32 * 1024
    ? ''
    : contentText(objectOf(valueAt(bytes, first))['content'])
}
