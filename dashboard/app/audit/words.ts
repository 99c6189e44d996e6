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

/** Null for what is no list of texts; nothing is an empty one. */
export function textsOf(value: unknown): readonly string[] | null {
  if (value === null || value === undefined) return []
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null
}

/** All changes in one line: what was, where there was something, and what is; of lists, what came and went. */
export const changeLine = (diff: AuditEvent['diff']): string =>
  Object.entries(diff)
    .map(([field, change]) => {
      if (change.secret) return `${field} ${secretChange(change)}`
      const [before, after] = [textsOf(change.old), textsOf(change.new)]
      if (before !== null && after !== null && before.length + after.length > 0) {
        const came = after.filter((item) => !before.includes(item)).map((item) => `+ ${item}`)
        const went = before.filter((item) => !after.includes(item)).map((item) => `− ${item}`)
        return `${field}: ${[...came, ...went].join(' ')}`
      }
      const was = change.old === null || change.old === undefined ? '' : `${valueText(change.old)} → `
      return `${field}: ${was}${valueText(change.new)}`
    })
    .join(', ')

const sources = { ui: 'console', cli: 'command line', api: 'API', system: 'system' } as const

export const sourceWord = (source: AuditEvent['source']): string => (source === null ? '–' : sources[source])
