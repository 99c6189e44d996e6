import type { AccessRequest, AccessRule } from '@reeve/sdk'
import { duration } from '../ui/format.ts'
import { isScope, scopes } from './durations.ts'

/** The rule that is asked for, in one line. */
export function ruleLine(rule: AccessRule | null): string {
  if (rule === null) return 'no rule can allow it'
  const port = rule.port === 443 ? '' : `:${rule.port}`
  if (rule.tcp) return `tcp ${rule.host}${port}`
  return `${rule.methods.length === 0 ? 'any method' : rule.methods.join(', ')} ${rule.host}${port}${rule.paths.join(', ')}`
}

export const scopeText = (scope: string): string => (isScope(scope) ? scopes[scope].title : scope)

export const durationText = (seconds: number): string => duration(seconds * 1000)

export const riskWords: Readonly<Record<AccessRequest['risks'][number], string>> = {
  'new-domain': 'nobody asked for this host before',
  'raw-address': 'an address instead of a name',
  'shared-host': 'anybody can put things there',
  'large-upload': 'much was to be sent',
  'write-method': 'it changes something there',
}
