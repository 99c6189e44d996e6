import { systemClock, uuidv7 } from '@reeve/base'
import { reachesOthers } from '../access/policy.ts'
import { check, type Entry, gate, once, type Place, type Request } from './matrix-entry.ts'
import type { Person } from './matrix-world.ts'

/** The routes of people, their credentials and their own things. */

const readable = (holder: Person) => check('user:read', { ownerId: holder.id }, 404)
const ofHolder = (permission: 'api_key:read' | 'api_key:create' | 'api_key:delete', { holder }: Place) =>
  check(permission, { ownerId: holder.id }, 404)
const isOwn = ({ which }: Place): boolean => which === 'own'

/** Somebody like the holder who may be changed for good; of one's own account, oneself. */
const victim = async (place: Place): Promise<Person> =>
  isOwn(place) ? place.holder : place.world.newPerson([place.organizationId])

const onUser =
  (of: (place: Place, user: Person) => Request | Promise<Request>): Entry =>
  async (place) => {
    const user = await victim(place)
    return { params: { user: user.id }, ...(await of(place, user)) }
  }

const key =
  (how: 'session' | 'token', permission: 'api_key:read' | 'api_key:delete' | 'api_key:update'): Entry =>
  async (place) => {
    const { id } = await place.world.newKey(place.holder, how)
    const object = { ownerId: place.holder.id, id }
    const checks = [check(how === 'token' ? 'api_key:read' : permission, object, 404), check(permission, object, 404)]
    return { params: { user: place.holder.id, key: id, session: id }, checks }
  }

const password = 'correct horse battery staple'
const someone = { name: 'Some Body' }

export const peopleEntries = {
  getFirstUser: gate(),
  createFirstUser: gate({ body: { email: 'x@example.com', username: 'x', password }, answers: 409 }),
  getAuthMethods: gate(),
  login: gate({ body: { email: 'nobody@example.com', password }, answers: 401 }),
  logout: async ({ world, asker }) => (asker.actor === null ? {} : { token: await loseable(world, asker) }),
  validatePassword: gate({ body: { password } }),
  requestPasswordReset: ({ world }) => ({ body: { email: `${world.unique('nobody')}@example.com` } }),
  resetPassword: gate({
    body: { email: 'nobody@example.com', one_time_passcode: 'ABCD-EFGH', password },
    answers: 400,
  }),
  startDeviceLogin: gate({ body: { client_name: 'reeve', host: 'laptop' } }),
  pollDeviceLogin: gate({ body: { device_code: 'unknown' } }),
  getDeviceLogin: gate({ params: { code: 'ABCD-EFGH' }, answers: 404 }),
  answerDeviceLogin: gate({ params: { code: 'ABCD-EFGH' }, body: { answer: 'deny' }, answers: 404 }),
  getWhoami: gate(),

  listUsers: ({ world }) => ({
    query: 'limit=1000',
    list: {
      ids: (json) => idsIn(json, 'users'),
      known: [world.peer, world.stranger, world.owner, ...world.askers.map(({ person }) => person)].map(({ id }) => ({
        id,
        permission: 'user:read' as const,
        object: { id, ownerId: id },
      })),
    },
  }),
  createUser: ({ world }) => {
    const username = world.unique('made')
    return { body: { email: `${username}@example.com`, username, password } }
  },
  getUser: ({ holder }) => ({ params: { user: holder.id }, checks: [readable(holder)] }),
  updateProfile: onUser((place, user) => ({
    body: someone,
    checks: [readable(user), ...(isOwn(place) ? [] : [check('user:update', {}, 403)])],
  })),
  deleteUser: onUser((place, user) => ({
    checks: [check('user:delete', { ownerId: user.id }, 404)],
    ...(isOwn(place) ? { answers: 409 } : {}),
  })),
  suspendUser: onUser((place, user) => ({
    body: {},
    checks: [check('user:update', { ownerId: user.id }, 404)],
    ...(isOwn(place) ? { answers: 409 } : {}),
  })),
  activateUser: onUser((_, user) => ({ body: {}, checks: [check('user:update', { ownerId: user.id }, 404)] })),
  setServiceAccountOwner: onUser((_, user) => ({
    body: { owner: 'me' },
    checks: [check('user:update', { ownerId: user.id }, 404)],
    answers: 400,
  })),
  changePassword: onUser((place, user) => ({
    body: { password, old_password: 'not it' },
    checks: [readable(user), ...(isOwn(place) ? [] : [check('user:update', {}, 403)])],
    ...(isOwn(place) ? { answers: 400 } : {}),
  })),

  listUserSessions: (place) => ({ params: { user: place.holder.id }, checks: [ofHolder('api_key:read', place)] }),
  endUserSession: key('session', 'api_key:delete'),
  endOtherSessions: onUser((_, user) => ({ checks: [check('api_key:delete', { ownerId: user.id }, 404)] })),
  // Nobody makes a credential in another person's name, not even an owner.
  createSessionKey: (place) => ({
    params: { user: place.holder.id },
    checks: [ofHolder('api_key:create', place)],
    ...(isOwn(place) ? {} : { answers: 403 }),
  }),
  createToken: (place) => ({
    params: { user: place.holder.id },
    body: {},
    checks: [ofHolder('api_key:create', place)],
    ...(isOwn(place) ? {} : { answers: 403 }),
  }),
  listTokens: (place) => ({ params: { user: place.holder.id }, checks: [ofHolder('api_key:read', place)] }),
  getTokenConfig: (place) => ({ params: { user: place.holder.id }, checks: [ofHolder('api_key:read', place)] }),
  getKey: key('token', 'api_key:read'),
  deleteKey: key('token', 'api_key:delete'),
  expireKey: key('token', 'api_key:update'),

  listContentReads: (place) => ({
    params: { user: place.holder.id },
    checks: isOwn(place) ? [] : [{ passes: (actor) => reachesOthers(actor, 'audit_log:read'), otherwise: 404 }],
  }),
  listInbox: gate(),
  watchInbox: gate(),
  setInboxReadStatus: gate({ params: { id: uuidv7(systemClock.now()) }, body: { is_read: true }, answers: 404 }),
  markInboxRead: gate({ body: {} }),
  getNotificationPreferences: ({ holder }) => ({
    params: { user: holder.id },
    checks: [check('notification:read', { ownerId: holder.id }, 404)],
  }),
  updateNotificationPreferences: ({ holder }) => ({
    params: { user: holder.id },
    body: { preferences: [{ event: 'token-expiring', method: 'smtp', enabled: false }] },
    checks: [check('notification:update', { ownerId: holder.id }, 404)],
  }),
  listNotificationTemplates: gate(),
  listDispatchMethods: gate(),

  getGitSshKey: ({ holder }) => ({
    params: { user: holder.id },
    checks: [check('external_auth:read', { ownerId: holder.id }, 404)],
  }),
  regenerateGitSshKey: ({ holder }) => ({
    params: { user: holder.id },
    checks: [check('external_auth:update', { ownerId: holder.id }, 404)],
  }),
  listUserSecrets: ({ holder }) => ({
    params: { user: holder.id },
    checks: [check('external_auth:read', { ownerId: holder.id }, 404)],
  }),
  createUserSecret: ({ holder, world }) => ({
    params: { user: holder.id },
    body: { name: world.unique('secret'), value: 'hidden' },
    checks: [check('external_auth:create', { ownerId: holder.id }, 404)],
  }),
  getUserSecret: ({ holder }) => ({
    params: { user: holder.id, name: 'none' },
    checks: [check('external_auth:read', { ownerId: holder.id }, 404)],
    answers: 404,
  }),
  updateUserSecret: ({ holder }) => ({
    params: { user: holder.id, name: 'none' },
    body: {},
    checks: [check('external_auth:update', { ownerId: holder.id }, 404)],
    answers: 404,
  }),
  deleteUserSecret: ({ holder }) => ({
    params: { user: holder.id, name: 'none' },
    checks: [check('external_auth:delete', { ownerId: holder.id }, 404)],
    answers: 404,
  }),
  listExternalAuth: gate(),
  getExternalAuth: gate({ params: { provider: 'none' }, answers: 404 }),
  startExternalAuth: gate({ params: { provider: 'none' }, answers: 404 }),
  finishExternalAuth: gate({ params: { provider: 'none' }, query: 'state=x', answers: 404 }),
  startExternalAuthDevice: gate({ params: { provider: 'none' }, answers: 404 }),
  finishExternalAuthDevice: gate({ params: { provider: 'none' }, body: { device_code: 'x' }, answers: 404 }),
  getExternalAuthToken: gate({ params: { provider: 'none' }, answers: 404 }),
  deleteExternalAuth: gate({ params: { provider: 'none' }, answers: 404 }),
  startOidc: gate({ answers: 404 }),
  finishOidc: gate({ answers: 404 }),

  getUserRoles: ({ holder }) => ({ params: { user: holder.id }, checks: [readable(holder)] }),
  setUserRoles: (place) => ({
    params: { user: place.holder.id },
    body: { roles: place.holder.siteRoles },
    checks: [readable(place.holder), check('role:assign', {}, 403)],
  }),
  explainAccess: (place) => ({
    params: { user: place.holder.id },
    query: 'permission=template:update',
    checks: [readable(place.holder), ...(isOwn(place) ? [] : [check('role:read', {}, 403)])],
  }),
  checkAccess: gate({ body: { checks: {} } }),
  listSiteRoles: once('role:read'),
  createSiteRole: ({ world }) => ({
    body: { name: world.unique('role') },
    checks: [check('role:create', {}, 403)],
  }),
  updateSiteRole: once('role:update', { body: { name: 'no-such' }, answers: 404 }),
  deleteSiteRole: once('role:delete', { params: { role: 'no-such' }, answers: 404 }),
} satisfies Record<string, Entry>

const loseable = async (world: Place['world'], asker: Place['asker']): Promise<string> =>
  asker.name === 'agent' ? (asker.token ?? '') : (await world.newKey(asker.person)).token

export function idsIn(json: unknown, list: string, id = 'id'): string[] {
  // SAFETY: the contract says that there is such a list; the test fails where there is not.
  return (json as Record<string, Record<string, string>[]>)[list]?.map((each) => each[id] ?? '') ?? []
}
