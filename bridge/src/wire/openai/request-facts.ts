import type { Scan } from '../../scan.ts'
import { memberOf, modelOf, valueAt } from '../body.ts'
import type { RequestFacts } from '../wire-format.ts'
import { sessionHint } from './session-hint.ts'

/** What a body says about itself. A value of another type than the API's says nothing: the provider will refuse it. */
export function requestFacts(body: Buffer, scan: Scan): RequestFacts {
  return {
    ...modelOf(body, scan),
    streaming: valueAt(body, memberOf(scan, 'stream'), 8) === true,
    bodySessionId: sessionHint(body, scan),
  }
}
