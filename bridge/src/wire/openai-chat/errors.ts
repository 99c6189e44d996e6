import type { Refusal } from '../wire-format.ts'
import { errorObject } from '../openai/errors.ts'

/** The event that ends a stream which has begun. No `[DONE]` behind it: that would make half an answer look whole. */
export function errorEvent(refusal: Refusal): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ error: errorObject(refusal) })}\n\n`)
}
