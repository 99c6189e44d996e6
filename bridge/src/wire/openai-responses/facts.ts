import { isObject, type JsonObject, objectOf, stringOf } from '../json.ts'
import type { ResponseReading } from '../observation.ts'
import { readUsage } from '../openai/usage.ts'
import { mergeUsage } from '../token-count.ts'

/** What is known of an answer beside what it says. */
export type Facts = Omit<ResponseReading, 'observations'>

export const noFacts: Facts = {
  responseId: null,
  modelServed: null,
  stopReason: null,
  usage: null,
  usageRaw: null,
  complete: false,
  error: null,
}

/** Adds what a response object states. The last word counts, and what it leaves out changes nothing. */
export function withResponse(facts: Facts, response: JsonObject): Facts {
  const usageRaw = isObject(response['usage']) ? mergeUsage(facts.usageRaw, response['usage']) : facts.usageRaw
  return {
    ...facts,
    responseId: stringOf(response['id']) || facts.responseId,
    modelServed: stringOf(response['model']) || facts.modelServed,
    usageRaw,
    usage: usageRaw === null ? null : readUsage(usageRaw),
  }
}

/** Why it ended: the API says so only when the answer is incomplete, and refusals end as everything does. */
export function stopReasonOf(response: JsonObject, status: string | null, refused: boolean): string | null {
  const reason = stringOf(objectOf(response['incomplete_details'])['reason'])
  return reason ?? (refused && status === 'completed' ? 'refusal' : status)
}
