import type { MinimalUser } from '@reeve/sdk'
import { Button } from '../ui/button.tsx'
import { Person } from '../ui/facts.tsx'
import { HostileLine } from '../ui/hostile-text.tsx'

export type ListedRole = 'use' | 'admin'

/** Who is on the access list of something, and with which role. */
export interface Acl {
  readonly users: readonly (MinimalUser & { readonly role: ListedRole })[]
  readonly group: readonly { readonly id: string; readonly name: string; readonly role: ListedRole }[]
}

/** One entry as it is to be; without a role it is taken off. */
export interface Entry {
  readonly kind: 'person' | 'group'
  readonly id: string
  readonly role: '' | ListedRole
}

/** What each role is good for, as a sentence about who has it: `may use it`. */
export type RoleWords = Readonly<Record<ListedRole, string>>

export function AccessList({
  label,
  acl,
  words,
  busy,
  onChange,
}: {
  label: string
  acl: Acl
  words: RoleWords
  busy: boolean
  /** Null where it is only for reading. */
  onChange: ((entry: Entry) => void) | null
}) {
  const groups = acl.group.map(({ id, name, role }) => ({ kind: 'group' as const, id, name, role, user: null }))
  const people = acl.users.map(({ role, ...user }) => ({
    kind: 'person' as const,
    id: user.id,
    name: user.username,
    role,
    user,
  }))
  const rows = [...groups, ...people]
  if (rows.length === 0) return <p className="text-muted">Nobody is on the list.</p>
  return (
    <ul aria-label={label}>
      {rows.map(({ kind, id, name, role, user }) => (
        <li key={id} className="flex items-center gap-2 border-t border-line py-1">
          <span className="min-w-0 flex-1 truncate">
            {user === null ? (
              <>
                group <HostileLine text={name} />
              </>
            ) : (
              <Person user={user} />
            )}
          </span>
          <span className="text-muted">{words[role]}</span>
          {onChange !== null && (
            <Button
              tone="quiet"
              disabled={busy}
              aria-label={`Take off ${name}`}
              onClick={() => onChange({ kind, id, role: '' })}
            >
              Take off
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}
