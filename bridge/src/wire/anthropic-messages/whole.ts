import { arrayOf, isObject, objectOf, parseJson, stringOf } from '../json.ts'
import { observation, type ResponseReading } from '../observation.ts'
import { mergeUsage } from '../token-count.ts'
import { closeBlock, openBlock } from './blocks.ts'
import { errorOf } from './errors.ts'
import { readUsage } from './usage.ts'

/** Understands an answer that came in one piece: the same observations as of a stream. Wrong shapes never throw. */
export function readWhole(bytes: Buffer): ResponseReading {
  const value = parseJson(bytes.toString('utf8'))
  const message = objectOf(value)
  const error = message['type'] === 'error' ? errorOf(value) : null
  const usageRaw = isObject(message['usage']) ? mergeUsage(null, message['usage']) : countedTokens(message)
  const said = arrayOf(message['content']).flatMap((block) =>
    closeBlock(openBlock(objectOf(block)), { truncated: false }),
  )
  return {
    observations: error === null ? said : [observation('error', 'model', error.message, { isError: true })],
    responseId: stringOf(message['id']),
    modelServed: stringOf(message['model']),
    stopReason: stringOf(message['stop_reason']),
    usageRaw,
    usage: isObject(message['usage']) ? readUsage(message['usage']) : null,
    complete: isObject(value) && error === null,
    error,
  }
}

/** An answer of count_tokens: a number that nobody is charged for, kept beside the usage. */
function countedTokens(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | null {
  const counted = message['input_tokens']
  return typeof counted === 'number' ? { input_tokens: counted } : null
}
