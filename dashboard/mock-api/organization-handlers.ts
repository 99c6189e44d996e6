import { Fault, systemClock, uuidv7 } from '@reeve/base'
import type { Group, GroupWithMembers, MinimalUser, Organization, OrganizationMember, User } from '@reeve/sdk'
import type { Handlers } from './handlers.ts'
import { hostileTexts } from './hostile.ts'
import { minimal, type World } from './seed.ts'

/** Two organizations, the groups of the first, and who is where. */

export const homeId = '0197c0de-0000-7000-8000-0000000000aa'
/** Made by people, with enough of them in it to be searched. */
export const platformId = '0197c0de-0000-7000-8000-0000000000c1'
export const reliabilityId = '0197c0de-0000-7000-8000-0000000000c2'
export const researchId = '0197c0de-0000-7000-8000-0000000000bb'
const began = '2026-11-01T09:00:00.000Z'
const [script = '', , , , markdown = ''] = hostileTexts
const bidi = hostileTexts.find((text) => text.startsWith('approve')) ?? ''

interface Places {
  readonly organizations: Organization[]
  readonly groups: GroupWithMembers[]
  /** Roles by user, of each organization. */
  readonly members: Map<string, Map<string, string[]>>
}

const worlds = new WeakMap<World, Places>()

export function placesOf(world: World): Places {
  const known = worlds.get(world)
  if (known !== undefined) return known
  const everybody = world.users.map(minimal)
  const crowd = Array.from({ length: 14 }, (_, at) => stranger(at))
  const places: Places = {
    organizations: [
      organization(homeId, 'default', 'Everybody here', '', true),
      organization(researchId, 'research', `Research ${bidi}`, script, false),
    ],
    groups: [
      { ...group('platform', 'Platform', 'user', 20, [...everybody, ...crowd]), id: platformId },
      { ...group('Site Reliability', markdown, 'oidc', 0, everybody.slice(0, 2)), id: reliabilityId },
      group('newcomers', '', 'user', 0, []),
    ],
    members: new Map([
      [homeId, new Map(world.users.map(({ id }) => [id, ['organization-workspace-access']]))],
      [researchId, new Map(world.users.slice(0, 1).map(({ id }) => [id, ['organization-admin']]))],
    ]),
  }
  worlds.set(world, places)
  return places
}

const organization = (
  id: string,
  name: string,
  display_name: string,
  description: string,
  is_default: boolean,
): Organization => ({
  id,
  name,
  display_name,
  description,
  icon: '',
  is_default,
  default_member_roles: is_default ? ['organization-workspace-access'] : [],
  require_boundary: false,
  created_at: began,
  updated_at: began,
})

let made = 0
const newId = (): string => uuidv7(new Date(Date.parse(began) + made++))

const group = (
  name: string,
  display_name: string,
  source: Group['source'],
  quota_allowance: number,
  members: MinimalUser[],
): GroupWithMembers => ({
  id: newId(),
  organization_id: homeId,
  organization_name: 'default',
  name,
  display_name,
  avatar_url: '',
  quota_allowance,
  source,
  total_member_count: members.length,
  created_at: began,
  updated_at: began,
  members,
})

const stranger = (at: number): MinimalUser => ({
  id: newId(),
  username: `colleague-${at + 1}`,
  name: at === 3 ? bidi : `Colleague ${at + 1}`,
  avatar_url: '',
})

function find<T extends { readonly id: string; readonly name: string }>(all: readonly T[], ref: string): T {
  const found = all.find(({ id, name }) => id === ref || name === ref)
  if (found === undefined) throw new Fault('not_found', 'there is no such thing')
  return found
}

function findUser(world: World, ref: string): User {
  const found = world.users.find(({ id, username }) => id === ref || username === ref)
  if (found === undefined) throw new Fault('not_found', 'there is no such user')
  return found
}

const named = (name: string) => ({ name, display_name: name.replaceAll('-', ' ') })

function member(world: World, organization_id: string, user: User): OrganizationMember {
  const roles = placesOf(world).members.get(organization_id)?.get(user.id)
  if (roles === undefined) throw new Fault('not_found', 'there is no such member')
  return {
    user_id: user.id,
    organization_id,
    username: user.username,
    name: user.name,
    email: user.email,
    avatar_url: user.avatar_url,
    status: user.status,
    login_type: user.login_type,
    roles: roles.map(named),
    global_roles: user.roles,
    created_at: began,
    updated_at: began,
  }
}

function refuseTaken(all: readonly { readonly name: string }[], name: string): void {
  if (!all.some((one) => one.name === name)) return
  throw new Fault('conflict', 'there is one of this name already', {
    problems: [{ field: 'name', detail: 'is taken' }],
  })
}

const given = (body: object): object =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))

export const organizationHandlers: Handlers = {
  listOrganizations: (_, { world }) => placesOf(world).organizations,
  getOrganization: ({ params }, { world }) => find(placesOf(world).organizations, params.organization),
  createOrganization: ({ body }, { world }) => {
    const { organizations, members } = placesOf(world)
    refuseTaken(organizations, body.name)
    const row = { ...organization(uuidv7(systemClock.now()), body.name, '', '', false), ...given(body) }
    organizations.push(row)
    members.set(row.id, new Map())
    return row
  },
  updateOrganization: ({ params, body }, { world }) =>
    Object.assign(find(placesOf(world).organizations, params.organization), given(body)),
  deleteOrganization: ({ params }, { world, user }) => {
    const { organizations, members } = placesOf(world)
    const row = find(organizations, params.organization)
    const others = [...(members.get(row.id)?.keys() ?? [])].filter((id) => id !== user.id)
    if (others.length > 0) {
      throw new Fault('conflict', `${row.name} still has ${others.length} members beside you`, {
        fix: 'remove them first',
      })
    }
    organizations.splice(organizations.indexOf(row), 1)
  },
  listMembers: ({ params, query }, { world }) => {
    const { organizations, members } = placesOf(world)
    const { id } = find(organizations, params.organization)
    const within = members.get(id) ?? new Map<string, string[]>()
    const rows = world.users.filter((user) => within.has(user.id)).map((user) => member(world, id, user))
    const wanted = rows.filter((row) => matches(row, query.q ?? ''))
    return { members: wanted.slice(0, query.limit ?? 100), count: wanted.length }
  },
  addMember: ({ params }, { world }) => {
    const { organizations, members } = placesOf(world)
    const { id, default_member_roles } = find(organizations, params.organization)
    const user = findUser(world, params.user)
    members.get(id)?.set(user.id, default_member_roles)
    return member(world, id, user)
  },
  removeMember: ({ params }, { world }) => {
    const { organizations, members } = placesOf(world)
    members.get(find(organizations, params.organization).id)?.delete(findUser(world, params.user).id)
  },
  setMemberRoles: ({ params, body }, { world }) => {
    const { organizations, members } = placesOf(world)
    const { id } = find(organizations, params.organization)
    const user = findUser(world, params.user)
    members.get(id)?.set(user.id, body.roles)
    return member(world, id, user)
  },
  listGroups: ({ params }, { world }) => {
    const { organizations, groups } = placesOf(world)
    const { id } = find(organizations, params.organization)
    return groups.filter(({ organization_id }) => organization_id === id)
  },
  getGroup: ({ params }, { world }) => find(placesOf(world).groups, params.group),
  createGroup: ({ params, body }, { world }) => {
    const { organizations, groups } = placesOf(world)
    const { id, name } = find(organizations, params.organization)
    refuseTaken(groups, body.name)
    const place = { id: uuidv7(systemClock.now()), organization_id: id, organization_name: name }
    const row = { ...group(body.name, '', 'user', 0, []), ...given(body), ...place }
    groups.push(row)
    return row
  },
  updateGroup: ({ params, body }, { world }) => {
    const { add_users = [], remove_users = [], ...fields } = body
    const row = find(placesOf(world).groups, params.group)
    const kept = row.members.filter(({ id, username }) => !remove_users.some((ref) => ref === id || ref === username))
    const added = add_users.map((ref) => minimal(findUser(world, ref)))
    const members = [...kept.filter(({ id }) => added.every((one) => one.id !== id)), ...added]
    return Object.assign(row, given(fields), { members, total_member_count: members.length })
  },
  deleteGroup: ({ params }, { world }) => {
    const { groups } = placesOf(world)
    groups.splice(groups.indexOf(find(groups, params.group)), 1)
  },
}

/** `role:`, `status:`, and words in the names: as far as the console asks it. */
function matches(row: OrganizationMember, q: string): boolean {
  return [...q.matchAll(/(?:([a-z_]+):)?(?:"([^"]*)"|(\S+))/g)].every(([, key, quoted, plain]) => {
    const value = (quoted ?? plain ?? '').toLowerCase()
    if (key === 'role') return row.roles.some(({ name }) => name === value)
    if (key === 'status') return row.status === value
    if (key !== undefined) {
      const problems = [{ field: 'q', detail: `there is no key ${key}; there are role, status` }]
      throw new Fault('invalid', 'the search is not understood', { problems })
    }
    return `${row.username} ${row.name} ${row.email}`.toLowerCase().includes(value.trim())
  })
}
