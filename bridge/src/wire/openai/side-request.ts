import type { Scan } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { turnMetadata } from './session-hint.ts'

/** How the system texts begin with which clients ask on their own account. Data: a new client is a new line. */
const ownErrands = [
  // OpenCode
  'You are a title generator',
]

/**
 * Whether the client program asks on its own account: a title of the session, a probe with an answer of one token, the
 * request with which Codex warms the prompt cache up.
 */
export function isSideRequest(bytes: Buffer, scan: Scan, systemText: string): boolean {
  const value = (key: string): unknown => valueAt(bytes, memberOf(scan, key), 64)
  if ([value('max_tokens'), value('max_completion_tokens')].includes(1)) return true
  if (turnMetadata(bytes, scan)['request_kind'] === 'prewarm') return true
  const tools = memberOf(scan, 'tools')
  const toolless = tools === null || tools.to - tools.from <= 2
  return toolless && ownErrands.some((beginning) => systemText.startsWith(beginning))
}
