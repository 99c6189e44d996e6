import type { Scan } from '../../scan.ts'
import { memberOf, turnHash, valueAt } from '../body.ts'
import { textParts } from '../client-text.ts'
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import { type Observation, nothingRead, observation, type RequestReading } from '../observation.ts'
import type { RequestAbout } from '../wire-reader.ts'
import { idsOf, mediaNote, named } from './parts.ts'
import { beginning, scanBody } from './scan-body.ts'

/** Understands what a request brought since the last answer in it. Only those contents are parsed. */
export function readRequest(bytes: Buffer, { subAgent, client }: RequestAbout): RequestReading {
  const result = scanBody(bytes)
  if (!result.ok) return nothingRead
  const { scan } = result
  const { fresh, continues } = sinceLastAnswer(bytes, scan)
  const side = client === 'Gemini CLI' && isSideRequest(bytes, scan)
  const promptBy = side ? 'client' : subAgent ? 'agent' : 'human'
  const observations = fresh.flatMap((content) => readContent(content, promptBy))
  return {
    observations,
    continues,
    side,
    beginning: beginning(bytes, scan),
    turn: turnHash(observations, scan.elements.length),
    toolsOffered: toolsOffered(bytes, scan),
  }
}

function sinceLastAnswer(bytes: Buffer, scan: Scan): { fresh: readonly JsonObject[]; continues: boolean } {
  const fresh: JsonObject[] = []
  for (let i = scan.elements.length - 1; i >= 0; i--) {
    const content = objectOf(valueAt(bytes, scan.elements[i]!))
    if (content['role'] === 'model') return { fresh, continues: true }
    fresh.unshift(content)
  }
  return { fresh, continues: false }
}

function readContent(content: JsonObject, promptBy: 'human' | 'agent' | 'client'): readonly Observation[] {
  const seen: Observation[] = []
  const prompt: string[] = []
  for (const value of arrayOf(content['parts'])) {
    const part = objectOf(value)
    const text = stringOf(part['text'])
    const answered = named(part, 'functionResponse')
    if (text !== null) {
      for (const piece of textParts(text)) {
        if (piece.by === 'human') prompt.push(piece.text)
        else seen.push(observation('context', 'client', piece.text))
      }
    } else if (isObject(answered)) seen.push(toolResult(answered))
    else prompt.push(mediaNote(part) ?? JSON.stringify(part))
  }
  if (prompt.length > 0) seen.push(observation('prompt', promptBy, prompt.join('\n')))
  return seen
}

/** The response is an object of the client's choosing; `output` and `error` are what the API's own clients use. */
function toolResult(answered: JsonObject): Observation {
  const response = answered['response']
  const { output, error } = objectOf(response)
  const isError = error !== undefined && output === undefined
  const said = isError ? error : (output ?? response ?? '')
  const text = typeof said === 'string' ? said : JSON.stringify(said)
  return observation('tool_result', 'client', text, { ...idsOf(answered), isError })
}

/** Gemini CLI lets a small model choose the model, and check who speaks next: an answer in JSON, and no tools. */
function isSideRequest(bytes: Buffer, scan: Scan): boolean {
  if (memberOf(scan, 'tools') !== null) return false
  const config = objectOf(valueAt(bytes, memberOf(scan, 'generationConfig') ?? memberOf(scan, 'generation_config')))
  return ['responseJsonSchema', 'responseSchema'].some((name) => named(config, name) !== undefined)
}

/** Functions by name, and the provider's own tools by what they are called. */
function toolsOffered(bytes: Buffer, scan: Scan): readonly string[] {
  return arrayOf(valueAt(bytes, memberOf(scan, 'tools'))).flatMap((value) => {
    const tool = objectOf(value)
    const declared = named(tool, 'functionDeclarations')
    if (Array.isArray(declared)) return declared.flatMap((one) => stringOf(objectOf(one)['name']) ?? [])
    return Object.keys(tool).slice(0, 1)
  })
}
