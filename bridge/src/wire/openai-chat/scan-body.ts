import { createHash } from 'node:crypto'
import { type EarlierScan, type Scan, scanObject, type ScanResult } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { cleanText, objectOf, stringOf } from '../json.ts'
import { textsOf } from '../openai/content-text.ts'
import { sessionHint } from '../openai/session-hint.ts'
import type { RequestFacts } from '../wire-format.ts'

const modelCharsMax = 200

const rules = {
  decisive: ['model', 'stream', 'messages', 'tools', 'prompt_cache_key', 'client_metadata'],
  elementsOf: 'messages',
} as const

/** Finds the members of a Chat Completions body and the elements of its `messages`. */
export function scanBody(body: Buffer, earlier?: EarlierScan): ScanResult {
  return scanObject(body, rules, earlier)
}

/** What the body says about itself. A value of another type than the API's says nothing: the provider will refuse it. */
export function requestFacts(body: Buffer, scan: Scan): RequestFacts {
  return {
    model: cleanText(stringOf(valueAt(body, memberOf(scan, 'model'), modelCharsMax * 6)) ?? '', modelCharsMax),
    streaming: valueAt(body, memberOf(scan, 'stream'), 8) === true,
    bodySessionId: sessionHint(body, scan),
  }
}

/** SHA-256 of everything up to the first text of the user. */
export function beginning(body: Buffer, scan: Scan): string | null {
  const hash = createHash('sha256')
  for (const element of scan.elements) {
    const { role, content } = objectOf(valueAt(body, element))
    hash.update(role === 'user' ? '\u0001' : '\0')
    for (const text of textsOf(content)) hash.update(text).update('\0')
    if (role === 'user') return hash.digest('hex')
  }
  return null
}
