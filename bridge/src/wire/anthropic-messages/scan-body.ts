import { createHash } from 'node:crypto'
import type { ClientHints } from '../../clients.ts'
import { type EarlierScan, type Scan, scanObject, type ScanResult } from '../../scan.ts'
import { memberOf, modelOf, valueAt } from '../body.ts'
import { arrayOf, objectOf, parseJson, stringOf } from '../json.ts'
import type { RequestFacts } from '../wire-format.ts'

const userIdCharsMax = 4096

const rules = {
  decisive: ['model', 'stream', 'metadata', 'messages', 'system', 'tools'],
  elementsOf: 'messages',
} as const

/** Finds the members of a Messages body and the elements of its `messages`. */
export function scanBody(body: Buffer, earlier?: EarlierScan): ScanResult {
  return scanObject(body, rules, earlier)
}

/** What the body says about itself. A value of another type than the API's says nothing: the provider will refuse it. */
export function requestFacts(body: Buffer, scan: Scan): RequestFacts {
  const stream = memberOf(scan, 'stream')
  return {
    ...modelOf(body, scan),
    streaming: stream !== null && body.toString('latin1', stream.from, stream.to) === 'true',
    ...clientHints(valueAt(body, memberOf(scan, 'metadata'), userIdCharsMax)),
  }
}

/**
 * `metadata.user_id` is free text to the API. Claude Code puts JSON with its session into it, and did put
 * `user_<hash>_account_<id>_session_<uuid>` there in older versions.
 */
function clientHints(metadata: unknown): ClientHints {
  const userId = stringOf(objectOf(metadata)['user_id'])
  if (userId === null) return { bodySessionId: null }
  const named = stringOf(objectOf(parseJson(userId))['session_id'])
  return { bodySessionId: named ?? /_session_([\w-]{1,128})$/.exec(userId)?.[1] ?? null }
}

/** SHA-256 of the system text and the first user text, so that moving cache marks do not change it. */
export function beginning(body: Buffer, scan: Scan): string | null {
  for (const element of scan.elements) {
    const message = objectOf(valueAt(body, element))
    if (message['role'] !== 'user') continue
    const hash = createHash('sha256')
    for (const text of plainTexts(valueAt(body, memberOf(scan, 'system')))) hash.update(text).update('\0')
    hash.update('\u0001')
    for (const text of plainTexts(message['content'])) hash.update(text).update('\0')
    return hash.digest('hex')
  }
  return null
}

function plainTexts(content: unknown): readonly string[] {
  if (typeof content === 'string') return [content]
  const texts = arrayOf(content).flatMap((block) => stringOf(objectOf(block)['text']) ?? [])
  // The first system block of Claude Code changes with every prompt.
  return texts.filter((text) => !text.startsWith('x-anthropic-billing-header'))
}
