import { createHash } from 'node:crypto'
import { type EarlierScan, type Scan, scanObject, type ScanResult } from '../../scan.ts'
import { valueAt } from '../body.ts'
import { objectOf } from '../json.ts'
import { textsOf } from '../openai/content-text.ts'

const rules = {
  decisive: ['model', 'stream', 'messages', 'tools', 'prompt_cache_key', 'client_metadata'],
  elementsOf: 'messages',
} as const

/** Finds the members of a Chat Completions body and the elements of its `messages`. */
export function scanBody(body: Buffer, earlier?: EarlierScan): ScanResult {
  return scanObject(body, rules, earlier)
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
