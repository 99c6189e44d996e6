import { silentLog } from '@reeve/base'
import { createClient, endpoints } from '@reeve/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersNotSeen, testIdentity, type TestIdentity } from '../identity/testing.ts'
import { enqueue } from '../outbox/outbox.ts'
import { warnOfExpiringTokens } from './jobs.ts'
import { notificationRoutes } from './routes.ts'
import { smtpSink, type SmtpSink, testNotifier, type TestNotifier } from './testing.ts'
import { type InboxWatch, watchInboxes } from './watch-inbox.ts'

let on: TestIdentity
let watch: InboxWatch
let sink: SmtpSink
let notifier: TestNotifier
let owner: string
let max: string
let other: string
beforeAll(async () => {
  sink = await smtpSink({
    onRecipient: (address) =>
      address.startsWith('una') ? Object.assign(new Error('no mailbox'), { responseCode: 550 }) : null,
  })
  on = await testIdentity({
    routes: ({ db, clock }) =>
      notificationRoutes({
        db,
        clock,
        available: ['inbox', 'smtp'],
        watch: {
          changes: (userId, signal) => watch.changes(userId, signal),
          [Symbol.asyncDispose]: () => Promise.resolve(),
        },
      }),
  })
  watch = await watchInboxes({ db: on.db, log: silentLog })
  notifier = testNotifier(on.db, on.clock, { mail: sink.settings, keyring: on.keyring })
  owner = await on.owner()
  max = await on.person('max')
  other = await on.person('other')
  await notifier.round()
})
afterAll(async () => {
  await notifier[Symbol.asyncDispose]()
  await watch[Symbol.asyncDispose]()
  await on[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
})

const api = '/api/v2/notifications'
const inboxOf = async (token: string, query = '') => (await on.call('GET', `${api}/inbox${query}`, { token })).json

async function suspendAndActivate(username: string): Promise<void> {
  for (const verb of ['suspend', 'activate']) {
    await on.call('PUT', `/api/v2/users/${username}/status/${verb}`, { token: owner, body: {} })
  }
  await notifier.round()
}

test('what happens to people is in the inbox of a user admin, is read one by one or all at once, and nobody reads that of others', async () => {
  const admin = await on.person('ada', 'user-admin')
  await on.person('spare')
  await suspendAndActivate('spare')
  const { notifications, unread_count } = await inboxOf(admin)
  expect(notifications.map(({ event }: { event: string }) => event).slice(0, 3)).toEqual([
    'user-activated',
    'user-suspended',
    'user-created',
  ])
  expect(notifications[0]).toMatchObject({
    title: 'User “spare” was activated',
    actions: [{ label: 'People', url: 'https://reeve.example.com/people' }],
    read_at: null,
  })
  const [first, second] = notifications
  const mark = (token: string, id: string, is_read: boolean) =>
    on.call('PUT', `${api}/inbox/${id}/read-status`, { token, body: { is_read } })
  expect((await mark(admin, first.id, true)).json).toMatchObject({ unread_count: unread_count - 1 })
  expect((await mark(max, second.id, true)).status).toBe(404)
  expect((await mark(admin, 'x', true)).status).toBe(400)
  expect((await inboxOf(admin, '?read_status=read')).notifications).toHaveLength(1)
  expect((await inboxOf(admin, `?starting_before=${first.id}&limit=1`)).notifications).toMatchObject([
    { id: second.id },
  ])
  expect((await mark(admin, first.id, false)).json).toMatchObject({ unread_count })
  expect((await on.call('PUT', `${api}/inbox/mark-all-as-read`, { token: admin, body: {} })).status).toBe(204)
  expect(await inboxOf(admin, '?read_status=unread')).toEqual({ notifications: [], unread_count: 0 })
  expect((await inboxOf(max)).notifications.map(({ event }: { event: string }) => event)).not.toContain('user-created')
})

test('an open inbox hears of what comes and of what is read elsewhere, and of nobody else’s', async () => {
  const events = await createClient({ url: on.url, token: max }).events(endpoints.watchInbox)
  const heard = events[Symbol.asyncIterator]()
  expect(await heard.next()).toMatchObject({ value: { notification: null } })
  const actor = await on.authenticator.authenticate(max)
  const someoneElse = await on.authenticator.authenticate(other)
  for (const userId of [someoneElse?.userId ?? '', actor?.userId ?? '']) {
    await on.db.transaction((tx) =>
      enqueue(tx, { event: 'account-activated', userIds: [userId], facts: { by: 'dana' }, at: on.clock.now() }),
    )
  }
  await notifier.round()
  const { value } = await heard.next()
  expect(value).toMatchObject({ notification: { event: 'account-activated', user_id: actor?.userId } })
  await on.call('PUT', `${api}/inbox/mark-all-as-read`, { token: max, body: {} })
  expect(await heard.next()).toEqual({ done: false, value: { notification: null, unread_count: 0 } })
  events.close()
})

test('a person chooses what may be chosen, sees what concerns him, and the change is on record', async () => {
  const path = '/api/v2/users/max/notifications/preferences'
  const read = await on.call('GET', path, { token: max })
  const eventsOf = (list: { event: string }[]) => list.map(({ event }) => event)
  expect(eventsOf(read.json)).toContain('token-expiring')
  expect(eventsOf(read.json)).not.toContain('user-created')
  const ofOwner = await on.call('GET', '/api/v2/users/me/notifications/preferences', { token: owner })
  expect(eventsOf(ofOwner.json)).toContain('audit-sink-failing')
  const put = (token: string, event: string, enabled: boolean) =>
    on.call('PUT', path, { token, body: { preferences: [{ event, method: 'smtp', enabled }] } })
  const changed = await put(max, 'token-expiring', false)
  expect(changed.json.find(({ event }: { event: string }) => event === 'token-expiring').methods).toEqual([
    { method: 'inbox', enabled: true, is_default: true },
    { method: 'smtp', enabled: false, is_default: false },
  ])
  expect((await on.audit()).at(-1)).toMatchObject({
    resource_type: 'notification_preferences',
    resource_target: 'max',
    diff: { 'token-expiring smtp': { old: true, new: false } },
  })
  expect((await put(max, 'password-changed', false)).json.validations[0].detail).toContain('nobody may miss it')
  expect((await put(max, 'user-created', true)).status).toBe(400)
  expect((await put(max, '__proto__', true)).status).toBe(400)
  expect((await put(other, 'token-expiring', true)).status).toBe(404)
  expect((await put(owner, 'token-expiring', true)).status).toBe(200)
})

test('administrators choose methods, pause, send a test, and see and revive what failed; all of it is on record', async () => {
  const put = (path: string, body: unknown, token = owner) => on.call('PUT', `${api}${path}`, { token, body })
  expect((await put('/templates/token-expiring/method', { method: 'inbox' })).json).toMatchObject({ method: 'inbox' })
  expect((await put('/templates/token-expiring/method', { method: null })).json).toMatchObject({ method: null })
  expect((await put('/templates/nothing/method', { method: 'inbox' })).status).toBe(404)
  expect((await put('/templates/test/method', { method: 'pigeon' })).status).toBe(400)
  const templates = (await on.call('GET', `${api}/templates/system`, { token: max })).json
  expect(templates.find(({ id }: { id: string }) => id === 'break-glass-sign-in')).toMatchObject({
    recipients: 'owners',
    can_switch_off: false,
  })
  expect((await on.call('GET', `${api}/dispatch-methods`, { token: max })).json).toEqual({
    available: ['inbox', 'smtp'],
    default: 'smtp',
  })

  expect((await put('/settings', { notifier_paused: true })).json).toEqual({ notifier_paused: true })
  const test_ = await on.call('POST', `${api}/test`, { token: owner, body: {} })
  expect(test_).toMatchObject({ status: 202, json: { methods: ['inbox', 'smtp'], notifier_paused: true } })
  await notifier.round()
  const deliveries = async (query = '') => (await on.call('GET', `${api}/deliveries${query}`, { token: owner })).json
  expect((await deliveries('?status=pending&limit=1'))[0]).toMatchObject({ event: 'test', recipient: 'dana' })
  await put('/settings', { notifier_paused: false })
  expect((await on.call('GET', `${api}/settings`, { token: owner })).json).toEqual({ notifier_paused: false })

  await on.person('una')
  await suspendAndActivate('una')
  const [failed] = await deliveries('?status=failed')
  expect(failed).toMatchObject({ recipient: 'una', attempts: 1, last_error: expect.stringContaining('no mailbox') })
  const retry = (id: string) => on.call('POST', `${api}/deliveries/${id}/retry`, { token: owner, body: {} })
  expect((await retry(failed.id)).json).toMatchObject({ status: 'pending', attempts: 0 })
  expect((await retry(failed.id)).status).toBe(409)
  expect((await retry('01999999-0000-7000-8000-000000000001')).status).toBe(404)
  await on.call('POST', '/api/v2/users/otp/request', { body: { email: 'una@example.com' } })
  await notifier.round()
  const [reset] = await deliveries('?status=failed')
  expect(reset).toMatchObject({ event: 'password-reset', recipient: 'una@example.com' })
  expect((await retry(reset.id)).json.message).toContain('is not kept')
  const actions = (await on.audit()).map(({ action, resource_type }) => `${action} ${resource_type}`)
  for (const action of [
    'write notification_template',
    'write notification_settings',
    'test notification_settings',
    'retry notification_delivery',
  ]) {
    expect(actions).toContain(action)
  }
})

test('a token is told of once, a week before its end, and a short-lived one not at all', async () => {
  await notifier.round()
  const day = 86_400
  for (const [token_name, lifetime_seconds] of [
    ['long', 30 * day],
    ['short', day],
  ] as const) {
    await on.call('POST', '/api/v2/users/max/keys/tokens', { token: max, body: { token_name, lifetime_seconds } })
  }
  const inDays = async (days: number) => {
    const clock = { ...on.clock, now: () => new Date(on.clock.now().getTime() + days * day * 1000) }
    await warnOfExpiringTokens({ db: on.db, clock })
    await notifier.round()
  }
  await inDays(1)
  expect((await inboxOf(max, '?read_status=unread')).notifications).toEqual([])
  await inDays(24)
  await inDays(25)
  const { notifications } = await inboxOf(max, '?read_status=unread')
  expect(notifications.map(({ title }: { title: string }) => title)).toEqual(['The token “long” is about to expire'])
})

test('every answer that an endpoint declares is given', async () => {
  for (const path of ['/inbox?limit=0', '/deliveries?status=lost']) {
    expect((await on.call('GET', api + path, { token: owner })).status).toBe(400)
  }
  expect((await on.call('PUT', `${api}/settings`, { token: owner, body: {} })).status).toBe(400)
  expect((await on.call('POST', `${api}/deliveries/x/retry`, { token: owner, body: {} })).status).toBe(400)
  const ofNobody = '/api/v2/users/nobody/notifications/preferences'
  expect((await on.call('GET', ofNobody, { token: owner })).status).toBe(404)
  expect(
    answersNotSeen(
      'listInbox',
      'setInboxReadStatus',
      'markInboxRead',
      'getNotificationPreferences',
      'updateNotificationPreferences',
      'listNotificationTemplates',
      'setNotificationMethod',
      'getNotificationSettings',
      'updateNotificationSettings',
      'listDispatchMethods',
      'sendTestNotification',
      'listNotificationDeliveries',
      'retryNotificationDelivery',
    ),
  ).toEqual([])
})
