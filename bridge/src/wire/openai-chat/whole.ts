import { arrayOf, isObject, type JsonObject, objectOf, parseJson, stringOf } from '../json.ts'
import { observation, type ResponseReading } from '../observation.ts'
import { errorIn } from '../openai/errors.ts'
import { readUsage } from '../openai/usage.ts'
import { mergeUsage } from '../token-count.ts'
import { grow, readParts } from './parts.ts'
import { stopReasonOf } from './stream.ts'

/** Understands an answer that came in one piece: the same observations as of a stream. Wrong shapes never throw. */
export function readWhole(bytes: Buffer): ResponseReading {
  const value = parseJson(bytes.toString('utf8'))
  const answer = objectOf(value)
  const error = errorIn(answer)
  const usageRaw = isObject(answer['usage']) ? mergeUsage(null, answer['usage']) : null
  const choices = arrayOf(answer['choices']).map((choice) => {
    const { message, finish_reason: reason } = objectOf(choice)
    const parts = grow([], numbered(objectOf(message)))
    return { parts, reason: stopReasonOf(stringOf(reason) || null, parts) }
  })
  const said = choices.flatMap(({ parts }) => readParts(parts, { truncated: false }))
  return {
    observations: error === null ? said : [...said, observation('error', 'model', error.message, { isError: true })],
    responseId: stringOf(answer['id']) || null,
    modelServed: stringOf(answer['model']) || null,
    stopReason: choices.find(({ reason }) => reason !== null)?.reason ?? null,
    usageRaw,
    usage: usageRaw === null ? null : readUsage(usageRaw),
    complete: isObject(value) && error === null,
    error,
  }
}

/** The calls of a whole message are told apart by their places. */
function numbered(message: JsonObject): JsonObject {
  const calls = message['tool_calls']
  if (!Array.isArray(calls)) return message
  return { ...message, tool_calls: calls.map((call, index) => ({ ...objectOf(call), index })) }
}
