import type { AuditEvent } from '@reeve/sdk'

/** How an event is said in words; on the wire it is names with underscores. */
export const said = (name: string): string => name.replaceAll('_', ' ')

export const eventTitle = ({ action, resource_type, resource_target }: AuditEvent): string =>
  `${said(action)}: ${said(resource_type)} ${resource_target}`

type Change = AuditEvent['diff'][string]

/** Of a secret nothing is known but that there is another one. */
export function secretChange({ old, new: now }: Change): 'set' | 'removed' | 'changed' {
  if (old === null || old === undefined) return 'set'
  return now === null || now === undefined ? 'removed' : 'changed'
}

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'none'
  if (value === '') return 'empty'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** All changes in one line: what was, where there was something, and what is. */
export const changeLine = (diff: AuditEvent['diff']): string =>
  Object.entries(diff)
    .map(([field, change]) => {
      if (change.secret) return `${field} ${secretChange(change)}`
      const before = change.old === null || change.old === undefined ? '' : `${valueText(change.old)} → `
      return `${field}: ${before}${valueText(change.new)}`
    })
    .join(', ')

const sources = { ui: 'console', cli: 'command line', api: 'API', system: 'system' } as const

export const sourceWord = (source: AuditEvent['source']): string => (source === null ? '–' : sources[source])
