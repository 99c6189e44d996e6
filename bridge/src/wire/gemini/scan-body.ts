import { createHash } from 'node:crypto'
import { type EarlierScan, type Scan, scanObject, type ScanResult } from '../../scan.ts'
import { memberOf, modelOfPath, valueAt } from '../body.ts'
import { arrayOf, modelName, objectOf, stringOf } from '../json.ts'
import type { RequestFacts } from '../wire-format.ts'

const rules = { decisive: ['model', 'contents', 'tools'], elementsOf: 'contents' } as const

/** Finds the members of a body and the elements of its `contents`. */
export function scanBody(body: Buffer, earlier?: EarlierScan): ScanResult {
  return scanObject(body, rules, earlier)
}

/** What is asked stands in the path: `…/models/<model>:<method>`. The clients of this API name no session. */
export function requestFacts(body: Buffer, scan: Scan, path: string): RequestFacts {
  const asked = /\/models\/([^/:]+):(\w+)$/.exec(path)
  return {
    ...modelOfPath(body, scan, modelName(asked?.[1] ?? '')),
    streaming: asked?.[2] === 'streamGenerateContent',
    bodySessionId: null,
  }
}

/** SHA-256 of the system text and the first user text. */
export function beginning(body: Buffer, scan: Scan): string | null {
  for (const element of scan.elements) {
    const content = objectOf(valueAt(body, element))
    if (content['role'] === 'model') continue
    const hash = createHash('sha256')
    for (const text of textsOf(systemInstruction(body, scan))) hash.update(text).update('\0')
    hash.update('\u0001')
    for (const text of textsOf(content)) hash.update(text).update('\0')
    return hash.digest('hex')
  }
  return null
}

/** The API takes names as JSON and as its protocol buffers have them. */
function systemInstruction(body: Buffer, scan: Scan): unknown {
  return valueAt(body, memberOf(scan, 'systemInstruction') ?? memberOf(scan, 'system_instruction'))
}

const textsOf = (content: unknown): readonly string[] =>
  arrayOf(objectOf(content)['parts']).flatMap((part) => stringOf(objectOf(part)['text']) ?? [])
