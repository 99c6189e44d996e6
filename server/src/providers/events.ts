import type { AuditEntry } from '../audit/journal.ts'
import type { KeyRow, ProviderRow, ProviderWithKeys } from './queries.ts'

/** The audit entries of this room, as data. Of a key they hold what tells it from another one, and no more. */
export type ProviderEvent = Omit<AuditEntry, 'scope' | 'at'>

const provider = (action: string, { id, name }: Pick<ProviderRow, 'id' | 'name'>): ProviderEvent => ({
  action,
  resourceType: 'ai_provider',
  resourceId: id,
  resourceTarget: name,
})

const named = (keys: readonly KeyRow[]): string[] =>
  keys.map(({ hint, weight }) => (weight === 0 ? hint : `${hint} (weight ${weight})`))

const facts = ({ row, keys }: ProviderWithKeys) => ({
  display_name: row.display_name,
  type: row.type,
  base_url: row.base_url,
  enabled: row.enabled,
  icon: row.icon,
  allow_private: row.allow_private,
  settings: JSON.stringify(row.settings),
  keys: named(keys),
})

export const providerCreated = (made: ProviderWithKeys): ProviderEvent => ({
  ...provider('create', made.row),
  diff: Object.fromEntries(Object.entries(facts(made)).map(([name, value]) => [name, { old: null, new: value }])),
})

/** Also tells keys apart whose hints are the same. */
export function providerUpdated(before: ProviderWithKeys, after: ProviderWithKeys, dropped: number): ProviderEvent {
  const [old, now] = [facts(before), facts(after)]
  // SAFETY: keys of the object above.
  const names = (Object.keys(old) as (keyof typeof old)[]).filter((name) => name !== 'keys' && old[name] !== now[name])
  const marks = ({ keys }: ProviderWithKeys) => JSON.stringify(keys.map(({ id, weight }) => [id, weight]))
  return {
    ...provider('write', after.row),
    diff: {
      ...Object.fromEntries(names.map((name) => [name, { old: old[name], new: now[name] }])),
      ...(marks(before) === marks(after) ? {} : { keys: { old: old.keys, new: now.keys } }),
      ...(dropped === 0 ? {} : { keys_dropped: { old: null, new: dropped } }),
    },
  }
}

export const providerTested = (
  tested: { readonly id: string; readonly name: string },
  failed: readonly string[],
): ProviderEvent => ({
  action: 'test',
  resourceType: 'ai_provider',
  resourceId: tested.id,
  resourceTarget: tested.name,
  outcome: failed.length === 0 ? 'ok' : 'refused',
  diff: { failed: { old: null, new: failed } },
})

export const providerDeleted = (gone: ProviderWithKeys): ProviderEvent => ({
  ...provider('delete', gone.row),
  diff: Object.fromEntries(Object.entries(facts(gone)).map(([name, value]) => [name, { old: value, new: null }])),
})
