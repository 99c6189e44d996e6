import type { MinimalUser } from '@reeve/sdk'
import { placesOf } from './organization-handlers.ts'
import { minimal, type World } from './seed.ts'

type Role = 'use' | 'admin'

export interface Acl {
  users: (MinimalUser & { role: Role })[]
  group: { id: string; name: string; display_name: string; role: Role }[]
}

/** Roles by id; an empty one takes the entry off. */
type Wanted = Readonly<Record<string, '' | Role>>

/** An access list after a change to it. */
export function changedAcl(
  world: World,
  before: Acl,
  wanted: { readonly users: Wanted; readonly groups: Wanted },
): Acl {
  const users = before.users.filter(({ id }) => wanted.users[id] === undefined)
  const group = before.group.filter(({ id }) => wanted.groups[id] === undefined)
  for (const user of world.users) {
    const role = wanted.users[user.id]
    if (role) users.push({ ...minimal(user), role })
  }
  for (const { id, name, display_name } of placesOf(world).groups) {
    const role = wanted.groups[id]
    if (role) group.push({ id, name, display_name, role })
  }
  return { users, group }
}
