import type { AuditEntry } from '../audit/journal.ts'
import type { NamedHolder } from './present.ts'
import type { StoredRules } from './queries.ts'

/** The audit entries of this room, as data. */
export type RulesEvent = Omit<AuditEntry, 'scope' | 'at'>

type Content = Pick<StoredRules, 'models' | 'tools_allowed' | 'tools_denied' | 'contact'>

/** An empty list denies everything and none denies nothing: the one must not read like the other. */
const facts = ({ models, tools_allowed, tools_denied, contact }: Content) => ({
  models: models ?? 'not bounded',
  tools_allowed: tools_allowed ?? 'not bounded',
  tools_denied,
  contact,
})

/** Null before where there were none, and null after where there are none any more. Undefined when nothing changed. */
export function rulesChanged(
  holder: NamedHolder,
  before: Content | null,
  after: Content | null,
): RulesEvent | undefined {
  const none = { models: null, tools_allowed: null, tools_denied: [], contact: '' }
  const [old, now] = [facts(before ?? none), facts(after ?? none)]
  // SAFETY: keys of the object above.
  const names = (Object.keys(old) as (keyof typeof old)[]).filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]),
  )
  if (before !== null && after !== null && names.length === 0) return undefined
  const { organization_id, group_id, organization_name, group_name } = holder
  return {
    action: before === null ? 'create' : after === null ? 'delete' : 'write',
    resourceType: 'ai_rules',
    resourceId: group_id ?? organization_id,
    resourceTarget: group_name === null ? `organization ${organization_name}` : `group ${group_name}`,
    organizationId: organization_id,
    diff: Object.fromEntries(names.map((name) => [name, { old: old[name], new: now[name] }])),
  }
}
