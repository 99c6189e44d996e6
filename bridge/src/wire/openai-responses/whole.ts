import { arrayOf, isObject, objectOf, parseJson, stringOf } from '../json.ts'
import { observation, type ResponseReading } from '../observation.ts'
import { errorIn } from '../openai/errors.ts'
import { noFacts, stopReasonOf, withResponse } from './facts.ts'
import { isRefusal, readItem } from './items.ts'

/** States in which a response is not at its end: it was asked for in the background. */
const unended: readonly unknown[] = ['queued', 'in_progress']

/** Understands an answer that came in one piece: the same observations as of a stream. Wrong shapes never throw. */
export function readWhole(bytes: Buffer): ResponseReading {
  const value = parseJson(bytes.toString('utf8'))
  const response = objectOf(value)
  const error = errorIn(response)
  const items = arrayOf(response['output']).map(objectOf)
  const said = items.flatMap((item) => readItem(item, { truncated: false }))
  return {
    ...withResponse(noFacts, response),
    observations: error === null ? said : [...said, observation('error', 'model', error.message, { isError: true })],
    stopReason: stopReasonOf(response, stringOf(response['status']), items.some(isRefusal)),
    complete: isObject(value) && error === null && !unended.includes(response['status']),
    error,
  }
}
