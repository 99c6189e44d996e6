import type { Scan } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { cleanText, stringOf } from '../json.ts'
import type { RequestFacts } from '../wire-format.ts'
import { sessionHint } from './session-hint.ts'

const modelCharsMax = 200

/** What a body says about itself. A value of another type than the API's says nothing: the provider will refuse it. */
export function requestFacts(body: Buffer, scan: Scan): RequestFacts {
  return {
    model: cleanText(stringOf(valueAt(body, memberOf(scan, 'model'), modelCharsMax * 6)) ?? '', modelCharsMax),
    streaming: valueAt(body, memberOf(scan, 'stream'), 8) === true,
    bodySessionId: sessionHint(body, scan),
  }
}
