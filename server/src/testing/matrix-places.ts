import { systemClock, type Uuid, uuidv7 } from '@reeve/base'
import type { Grantable } from '@reeve/sdk'
import { check, type Check, type Entry, gate, once, type Place, reached, type Request } from './matrix-entry.ts'
import { idsIn } from './matrix-people.ts'
import type { Person } from './matrix-world.ts'

/** The routes of organizations, groups and roles within them, and of what there is once in a deployment. */

const within = (place: Place, needs: Grantable): Check[] =>
  reached('organization:read', needs, { organizationId: place.organizationId })

/** Something in the organization of the place. */
const inside =
  (needs: Grantable, of: (place: Place) => Request | Promise<Request> = () => ({})): Entry =>
  async (place) => {
    const { params = {}, checks = [], ...rest } = await of(place)
    return {
      params: { organization: place.organizationId, ...params },
      checks: [...within(place, needs), ...checks],
      ...rest,
    }
  }

const member = (place: Place, user: Person, needs: Grantable): Check[] =>
  reached('organization_member:read', needs, { id: user.id, organizationId: place.organizationId })

/** Somebody who is in both organizations, so that leaving one is no end. */
const inBoth = ({ world }: Place): Promise<Person> => world.newPerson([world.home, world.abroad])
const elsewhere = ({ world, organizationId }: Place): Promise<Person> =>
  world.newPerson([organizationId === world.home ? world.abroad : world.home])

async function newGroup({ world, organizationId }: Place): Promise<{ id: Uuid; name: string }> {
  const now = systemClock.now()
  const row = { id: uuidv7(now), name: world.unique('group'), organization_id: organizationId }
  await world.db.sql
    .insertInto('groups')
    .values({ ...row, created_at: now, updated_at: now })
    .execute()
  return row
}

async function newRuledGroup(place: Place): Promise<{ id: Uuid }> {
  const { id } = await newGroup(place)
  const content = { models: null, tools_allowed: null, tools_denied: [], contact: '', version: 1 }
  await place.world.db.sql
    .insertInto('ai_rules')
    .values({ organization_id: place.organizationId, group_id: id, ...content, updated_at: systemClock.now() })
    .execute()
  return { id }
}

const onGroup =
  (needs: Grantable, body?: unknown): Entry =>
  async (place) => {
    const { id } = await newGroup(place)
    const checks = reached('group:read', needs, { id, organizationId: place.organizationId })
    return { params: { group: id }, checks, ...(body === undefined ? {} : { body }) }
  }

async function newRole({ world, organizationId }: Place): Promise<string> {
  const now = systemClock.now()
  const name = world.unique('custom')
  const row = { id: uuidv7(now), organization_id: organizationId, name, created_at: now, updated_at: now }
  await world.db.sql.insertInto('custom_roles').values(row).execute()
  return name
}

const unknownId = uuidv7(systemClock.now())

export const placeEntries = {
  listOrganizations: ({ world }) => ({
    list: {
      // SAFETY: the contract says that the answer is a list of organizations.
      ids: (json) => (json as { id: string }[]).map(({ id }) => id),
      known: [world.home, world.abroad].map((id) => ({
        id,
        permission: 'organization:read' as const,
        object: { id, organizationId: id },
      })),
    },
  }),
  getOrganization: inside('organization:read'),
  createOrganization: ({ world }) => ({ body: { name: world.unique('organization') } }),
  updateOrganization: inside('organization:update', () => ({ body: { description: 'changed' } })),
  deleteOrganization: async ({ world }) => {
    const id = uuidv7(systemClock.now())
    const now = systemClock.now()
    await world.db.sql
      .insertInto('organizations')
      .values({ id, name: world.unique('gone'), created_at: now, updated_at: now })
      .execute()
    return {
      params: { organization: id },
      checks: reached('organization:read', 'organization:delete', { id, organizationId: id }),
    }
  },
  listMembers: inside('organization_member:read', ({ world, organizationId }) => ({
    query: 'limit=1000',
    list: {
      ids: (json) => idsIn(json, 'members', 'user_id'),
      known: [world.peer, world.stranger, ...world.askers.map(({ person }) => person)]
        .filter((person) => person.organizationId === organizationId)
        .map(({ id }) => ({ id, permission: 'organization_member:read' as const, object: { id, organizationId } })),
    },
  })),
  getMember: inside('organization_member:read', (place) => ({
    params: { user: place.holder.id },
    checks: member(place, place.holder, 'organization_member:read'),
  })),
  addMember: inside('organization_member:create', async (place) => ({ params: { user: (await elsewhere(place)).id } })),
  removeMember: inside('organization_member:delete', async (place) => {
    const user = await inBoth(place)
    return { params: { user: user.id }, checks: member(place, user, 'organization_member:delete') }
  }),
  setMemberRoles: inside('role:assign', (place) => ({
    params: { user: place.holder.id },
    body: { roles: place.holder.memberRoles },
    checks: member(place, place.holder, 'role:assign'),
  })),

  listGroups: inside('group:read', async (place) => {
    const { id } = await newGroup(place)
    const { organizationId } = place
    return {
      list: {
        // SAFETY: the contract says that the answer is a list of groups.
        ids: (json) => (json as { id: string }[]).map((each) => each.id),
        known: [{ id, permission: 'group:read', object: { id, organizationId } }],
      },
    }
  }),
  getGroupByName: inside('group:read', async (place) => ({ params: { group: (await newGroup(place)).name } })),
  createGroup: inside('group:create', ({ world }) => ({ body: { name: world.unique('group') } })),
  getGroup: onGroup('group:read'),
  updateGroup: onGroup('group:update', { display_name: 'Changed' }),
  deleteGroup: onGroup('group:delete'),

  listOrganizationRoles: inside('role:read'),
  createOrganizationRole: inside('role:create', ({ world }) => ({ body: { name: world.unique('role') } })),
  updateOrganizationRole: inside('role:update', async (place) => ({ body: { name: await newRole(place) } })),
  deleteOrganizationRole: inside('role:delete', async (place) => ({ params: { role: await newRole(place) } })),

  listAiRules: async (place) => {
    const { id } = await newRuledGroup(place)
    return {
      list: {
        // SAFETY: the contract says that the answer is a list of rules.
        ids: (json) => (json as { group_id: string | null }[]).map(({ group_id }) => group_id ?? ''),
        known: [{ id, permission: 'ai_rules:read', object: { id, organizationId: place.organizationId } }],
      },
    }
  },
  getAiRules: inside('ai_rules:read'),
  putAiRules: inside('ai_rules:update', async (place) => ({
    query: `group=${(await newGroup(place)).name}`,
    body: { models: null, tools_allowed: null, tools_denied: [], contact: '' },
  })),
  deleteAiRules: inside('ai_rules:update', async (place) => ({ query: `group=${(await newRuledGroup(place)).id}` })),
  previewAiRules: inside('ai_rules:update', () => ({ body: { models: ['*'] } })),
  checkAiRules: ({ holder, organizationId }) => ({
    body: { user: holder.id, provider: 'scripted', model: 'm' },
    checks: [check('ai_rules:read', { ownerId: holder.id, organizationId }, 404)],
  }),

  getSignInStatus: once('idp_settings:read'),
  getOrganizationSync: once('idp_settings:read'),
  patchOrganizationSync: once('idp_settings:update', { body: {} }),
  getGroupSync: sync('idp_settings:read'),
  patchGroupSync: sync('idp_settings:update', {}),
  getRoleSync: sync('idp_settings:read'),
  patchRoleSync: sync('idp_settings:update', {}),
  createTestLogin: once('idp_settings:update', { body: {}, answers: 404 }),
  getTestLogin: gate({ params: { id: unknownId }, answers: 404 }),

  getHealth: gate(),
  getOpenApi: gate(),
  getBuildInfo: gate(),
  getDeploymentConfig: gate(),
  getKeyring: gate(),
  rotateKeyring: gate(),
  setNotificationMethod: gate({ params: { id: 'token-expiring' }, body: { method: 'inbox' } }),
  getNotificationSettings: gate(),
  updateNotificationSettings: gate({ body: { notifier_paused: false } }),
  sendTestNotification: gate({ body: {} }),
  listNotificationDeliveries: gate(),
  retryNotificationDelivery: gate({ params: { id: unknownId }, answers: 404 }),
} satisfies Record<string, Entry>

function sync(needs: 'idp_settings:read' | 'idp_settings:update', body?: unknown): Entry {
  return ({ organizationId }) => {
    const object = { id: organizationId, organizationId }
    return {
      params: { organization: organizationId },
      checks: [check('idp_settings:read', object, 404), check(needs, object, 403)],
      ...(body === undefined ? {} : { body }),
    }
  }
}
