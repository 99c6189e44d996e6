import type { Scan } from '../../scan.ts'
import { memberOf, valueAt } from '../body.ts'
import { arrayOf, objectOf, stringOf } from '../json.ts'

/**
 * Whether the client program asks on its own account: Claude Code asks for a title of the session (an answer in JSON, no
 * tools), and probes its quota with an answer of one token.
 */
export function isSideRequest(bytes: Buffer, scan: Scan): boolean {
  const value = (key: string): unknown => valueAt(bytes, memberOf(scan, key))
  if (value('max_tokens') === 1) return true
  const tools = memberOf(scan, 'tools')
  // Looked at before anything is parsed: a turn of an agent offers tools, and their list is long.
  if (tools !== null && tools.to - tools.from > 64) return false
  const format = objectOf(objectOf(value('output_config'))['format'])
  return format['type'] === 'json_schema' && arrayOf(value('tools')).length === 0 && isClaudeCode(value('system'))
}

function isClaudeCode(system: unknown): boolean {
  return (stringOf(objectOf(arrayOf(system)[0])['text']) ?? '').startsWith('x-anthropic-billing-header')
}
