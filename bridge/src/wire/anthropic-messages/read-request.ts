import type { Scan } from '../../scan.ts'
import { memberOf, turnHash, valueAt } from '../body.ts'
import { textParts } from '../client-text.ts'
import { arrayOf, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, nothingRead, observation, type RequestReading } from '../observation.ts'
import { contentText } from './content-text.ts'
import { beginning, scanBody } from './scan-body.ts'
import { isSideRequest } from './side-request.ts'

/**
 * Understands the body of a request: what it brought since the last answer in it. Only those messages are parsed, and
 * the last answer for the names of its tool calls. Wrong shapes never throw; what cannot be understood is left out.
 * `subAgent`: the request's headers said that a sub-agent of the client asks, so a prompt in it was written by an agent.
 */
export function readRequest(bytes: Buffer, { subAgent = false }: { subAgent?: boolean } = {}): RequestReading {
  const result = scanBody(bytes)
  if (!result.ok) return nothingRead
  const { scan } = result
  const { fresh, answer } = sinceLastAnswer(bytes, scan)
  const side = isSideRequest(bytes, scan)
  const promptBy = side ? 'client' : subAgent ? 'agent' : 'human'
  const toolNames = toolNamesOf(answer)
  const observations = fresh.flatMap((message) => readMessage(message, promptBy, toolNames))
  return {
    observations,
    continues: answer !== null,
    side,
    beginning: beginning(bytes, scan),
    turn: turnHash(observations, scan.elements.length),
    toolsOffered: toolsOffered(bytes, scan),
  }
}

/**
 * The messages behind the last answer of the model, in order, and that answer. A conversation may also end with words
 * put into the model's mouth: then the messages before them are what is fresh, unless the model itself had paused there.
 */
function sinceLastAnswer(bytes: Buffer, scan: Scan): { fresh: readonly JsonObject[]; answer: JsonObject | null } {
  const fresh: JsonObject[] = []
  for (let i = scan.elements.length - 1; i >= 0; i--) {
    const message = objectOf(valueAt(bytes, scan.elements[i]!))
    if (message['role'] !== 'assistant') fresh.unshift(message)
    else if (fresh.length > 0 || !isPrefill(message)) return { fresh, answer: message }
  }
  return { fresh, answer: null }
}

function isPrefill(message: JsonObject): boolean {
  const content = message['content']
  return typeof content === 'string' || arrayOf(content).every((block) => objectOf(block)['type'] === 'text')
}

function readMessage(
  message: JsonObject,
  promptBy: 'human' | 'agent' | 'client',
  toolNames: ReadonlyMap<string, string>,
): readonly Observation[] {
  const content = message['content']
  if (message['role'] !== 'user') {
    const text = contentText(content)
    return text === '' ? [] : [observation('context', 'client', text)]
  }
  const seen: Observation[] = []
  const prompt: string[] = []
  for (const block of typeof content === 'string' ? [{ type: 'text', text: content }] : arrayOf(content)) {
    const { type, text } = objectOf(block)
    if (type === 'text' && typeof text === 'string') {
      for (const part of textParts(text)) {
        if (part.by === 'human') prompt.push(part.text)
        else seen.push(observation('context', 'client', part.text))
      }
    } else if (typeof type === 'string' && type.endsWith('tool_result')) {
      seen.push(toolResult(objectOf(block), toolNames))
    } else {
      const note = contentText([block])
      if (note !== '') prompt.push(note)
    }
  }
  if (prompt.length > 0) seen.push(observation('prompt', promptBy, prompt.join('\n')))
  return seen
}

function toolResult(block: JsonObject, toolNames: ReadonlyMap<string, string>): Observation {
  const toolCallId = stringOf(block['tool_use_id'])
  return observation('tool_result', 'client', contentText(block['content']), {
    toolCallId,
    toolName: toolCallId === null ? null : (toolNames.get(toolCallId) ?? null),
    isError: block['is_error'] === true,
  })
}

function toolNamesOf(answer: JsonObject | null): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const block of arrayOf(answer?.['content'])) {
    const { id, name } = objectOf(block)
    if (typeof id === 'string' && typeof name === 'string') names.set(id, name)
  }
  return names
}

function toolsOffered(bytes: Buffer, scan: Scan): readonly string[] {
  return arrayOf(valueAt(bytes, memberOf(scan, 'tools'))).flatMap(
    (tool) => stringOf(objectOf(tool)['name']) ?? stringOf(objectOf(tool)['type']) ?? [],
  )
}
