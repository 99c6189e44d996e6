import type { Scan } from '../../scan.ts'
import { memberOf, turnHash, valueAt } from '../body.ts'
import { arrayOf, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, nothingRead, observation, type RequestReading } from '../observation.ts'
import { contentText } from '../openai/content-text.ts'
import { type PromptBy, readPrompt } from '../openai/read-prompt.ts'
import { isSideRequest } from '../openai/side-request.ts'
import { toolName } from '../openai/tool-names.ts'
import { callId, callName, isAnswer, readResult } from './items.ts'
import { beginning, carriedOn, scanBody } from './scan-body.ts'

/**
 * Understands the body of a request: what it brought since the last answer in it. Only those items are parsed, and the
 * answer before them for the names of its calls. Wrong shapes never throw; what cannot be understood is left out.
 */
export function readRequest(bytes: Buffer, { subAgent = false }: { subAgent?: boolean } = {}): RequestReading {
  const result = scanBody(bytes)
  if (!result.ok) return nothingRead
  const { scan } = result
  const { fresh, names, answered } = sinceLastAnswer(bytes, scan)
  const instructions = stringOf(valueAt(bytes, memberOf(scan, 'instructions')))
  const side = isSideRequest(bytes, scan, instructions ?? contentText(objectOf(fresh[0])['content']))
  const promptBy = side ? 'client' : subAgent ? 'agent' : 'human'
  const observations = fresh.flatMap((item) => readInput(item, promptBy, names))
  const earlier = carriedOn(bytes, scan)
  // Codex resends the whole conversation, with the tools as its first item.
  const first = fresh.length === scan.elements.length ? [] : [objectOf(valueAt(bytes, scan.elements[0] ?? null))]
  return {
    observations,
    continues: answered || earlier !== null,
    side,
    beginning: beginning(bytes, scan),
    // A request that carries a stored response on says little itself: what it follows tells it from others.
    turn: turnHash(observations, `${scan.elements.length} ${earlier ?? ''}`),
    follows: stringOf(valueAt(bytes, memberOf(scan, 'previous_response_id'), 1024)),
    toolsOffered: [
      ...toolNames(valueAt(bytes, memberOf(scan, 'tools'))),
      ...[...first, ...fresh].flatMap(additionalTools),
    ],
  }
}

interface SinceLastAnswer {
  readonly fresh: readonly JsonObject[]
  /** Names of the calls in the answer, by their ids. */
  readonly names: ReadonlyMap<string, string>
  readonly answered: boolean
}

/** The items behind the last answer of the model, in order. An answer is all items of the model beside each other. */
function sinceLastAnswer(bytes: Buffer, scan: Scan): SinceLastAnswer {
  const fresh: JsonObject[] = []
  const names = new Map<string, string>()
  let answered = false
  for (let i = scan.elements.length - 1; i >= 0; i--) {
    const item = objectOf(valueAt(bytes, scan.elements[i]!))
    if (isAnswer(item)) {
      answered = true
      const id = callId(item)
      const name = callName(item)
      if (id !== null && name !== null) names.set(id, name)
    } else if (answered) break
    else fresh.unshift(item)
  }
  const text = stringOf(valueAt(bytes, memberOf(scan, 'input')))
  return { fresh: text === null ? fresh : [{ role: 'user', content: text }], names, answered }
}

function readInput(item: JsonObject, promptBy: PromptBy, names: ReadonlyMap<string, string>): readonly Observation[] {
  const type = stringOf(item['type']) ?? ''
  if (type.endsWith('_output') || type === 'mcp_approval_response') {
    const { toolCallId, text, isError } = readResult(item)
    const name = toolCallId === null ? null : (names.get(toolCallId) ?? stringOf(item['name']))
    return [observation('tool_result', 'client', text, { toolCallId, toolName: name, isError })]
  }
  if (item['role'] === 'user' && type !== 'additional_tools') return readPrompt(item['content'], promptBy)
  const text = type === 'additional_tools' ? `[tools ${additionalTools(item).join(', ')}]` : contextText(item, type)
  return text === '' ? [] : [observation('context', 'client', text)]
}

/** Instructions, and items of a kind that nobody knows yet. */
function contextText(item: JsonObject, type: string): string {
  if (type === 'message' || item['role'] !== undefined) return contentText(item['content'])
  return Object.keys(item).length === 0 ? '' : JSON.stringify(item)
}

/** Codex brings the tools of newer models as an item of the conversation. */
function additionalTools(item: JsonObject): readonly string[] {
  return item['type'] === 'additional_tools' ? toolNames(item['tools']) : []
}

function toolNames(tools: unknown): readonly string[] {
  return arrayOf(tools).flatMap((tool) => {
    const { type, name, tools: inside } = objectOf(tool)
    if (type !== 'namespace') return toolName(tool) ?? []
    return arrayOf(inside).flatMap((each) => toolName({ ...objectOf(each), namespace: name }) ?? [])
  })
}
