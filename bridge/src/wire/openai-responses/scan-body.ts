import { createHash } from 'node:crypto'
import { type EarlierScan, type Scan, scanObject, type ScanResult } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { textParts } from '../client-text.ts'
import { objectOf, stringOf } from '../json.ts'
import { textsOf } from '../openai/content-text.ts'

const rules = {
  decisive: [
    'model',
    'stream',
    'input',
    'instructions',
    'tools',
    'background',
    'store',
    'previous_response_id',
    'conversation',
    'prompt_cache_key',
    'client_metadata',
  ],
  elementsOf: 'input',
} as const

/** Finds the members of a Responses body and the items of its `input`. */
export function scanBody(body: Buffer, earlier?: EarlierScan): ScanResult {
  return scanObject(body, rules, earlier)
}

/** The stored response or conversation that the body carries on, so that it holds no beginning of its own; or null. */
export function carriedOn(body: Buffer, scan: Scan): string | null {
  const conversation = valueAt(body, memberOf(scan, 'conversation'), 1024)
  return (
    stringOf(valueAt(body, memberOf(scan, 'previous_response_id'), 1024)) ??
    stringOf(conversation) ??
    stringOf(objectOf(conversation)['id'])
  )
}

/**
 * SHA-256 of everything up to the first text that a person wrote. What clients put in front of that, such as the folder
 * and the day, is the same in every request of a conversation.
 */
export function beginning(body: Buffer, scan: Scan): string | null {
  if (carriedOn(body, scan) !== null) return null
  const hash = createHash('sha256').update(stringOf(valueAt(body, memberOf(scan, 'instructions'))) ?? '')
  const input = memberOf(scan, 'input')
  if (input !== null && scan.elements.length === 0) {
    const text = stringOf(valueAt(body, input))
    return text === null ? null : hash.update('\u0001').update(text).update('\0').digest('hex')
  }
  for (const element of scan.elements) {
    const { role, content } = objectOf(valueAt(body, element))
    const texts = textsOf(content)
    hash.update(role === 'user' ? '\u0001' : '\0')
    for (const text of texts) hash.update(text).update('\0')
    if (role === 'user' && texts.some((text) => textParts(text).some(({ by }) => by === 'human')))
      return hash.digest('hex')
  }
  return null
}
