import type { AiRules } from '@reeve/sdk'
import { patternOf } from './patterns.ts'
import type { Holder, RulesRow } from './queries.ts'
import type { RuleSet } from './ruling.ts'

/** Whose rules they are, with the names that people know them by. */
export interface NamedHolder extends Holder {
  readonly organization_name: string
  readonly group_name: string | null
}

export const presentRules = (row: RulesRow): AiRules => ({
  ...presentHolder(row),
  models: row.models,
  tools_allowed: row.tools_allowed,
  tools_denied: row.tools_denied,
  contact: row.contact,
  version: row.version,
  updated_at: row.updated_at.toISOString(),
})

export const presentNone = (holder: NamedHolder): AiRules => ({
  ...presentHolder(holder),
  models: null,
  tools_allowed: null,
  tools_denied: [],
  contact: '',
  version: 0,
  updated_at: null,
})

const presentHolder = ({ organization_id, organization_name, group_id, group_name }: NamedHolder) => ({
  organization_id,
  organization_name,
  group_id,
  group_name,
})

/** The row made ready for decisions. A group that names nobody to ask leaves that to its organization. */
export function ruleSetOf(row: RulesRow, organization: RulesRow | undefined): RuleSet {
  const { group_name, organization_name, models, tools_allowed, tools_denied } = row
  const contact = [row.contact, organization?.contact ?? ''].find((text) => text !== '')
  return {
    holder:
      group_name === null ? { kind: 'organization', name: organization_name } : { kind: 'group', name: group_name },
    models: models?.map(patternOf) ?? null,
    toolsAllowed: tools_allowed?.map(patternOf) ?? null,
    toolsDenied: tools_denied.map(patternOf),
    contact: contact ?? `an administrator of ${organization_name}`,
  }
}
